/** `http` tools: a request made from templates. Arguments fill slots in path, query and body only. */
import { PatchbayError } from "../../../runtime/error.ts";
import type { HttpRequest } from "../../../runtime/host.ts";
import {
  type BodyKind,
  bodyKind,
  defaultContentType,
  type Filler,
  fillBody,
  fillUrl,
  urlTemplateFault,
} from "../../../runtime/http-request.ts";
import type { HttpBinding } from "../../contract/custom-tool.ts";
import { headerValue } from "../../secrets/secret-headers.ts";
import type { Secrets } from "../../secrets/service.ts";
import { withMedia } from "../media.ts";
import { asText, checkSlots, fillSlots, wholeSlot, withDefaults } from "../slots.ts";
import type { RunBinding } from "./binding.ts";
import { answerResult } from "./http-response.ts";

/** Sends nothing when a slot is refused. Every method but GET and HEAD sends the key as `Idempotency-Key`. */
export const callHttp: RunBinding<HttpBinding> = async (binding, { args, idempotencyKey, tool }, deps, signal) => {
  const given = withDefaults(args, tool.parameters);
  const filled = binding.body === undefined ? given : await withMedia(given, deps.files);
  const request = await httpRequest(binding, filled, deps.secrets, idempotencyKey);
  const answer = await deps.net.download(request, signal);
  return answerResult(answer, tool.name, deps, signal, binding.output);
};

/** Validates a binding when it is saved. Throws `bad_request` with the part and the reason. */
export function checkHttpBinding(binding: HttpBinding, parameters: Record<string, unknown>): void {
  const fault = urlTemplateFault(binding.url);
  if (fault)
    throw new PatchbayError(
      "bad_request",
      `${fault} Arguments can fill the path and the query of a URL, not its host, port or user name.`,
    );
  if (binding.url.includes("#")) throw new PatchbayError("bad_request", "A URL of a tool has no fragment (#).");
  checkSlots("URL", binding.url, parameters);
  for (const [name, value] of Object.entries(binding.headers))
    if (typeof value === "string" && /\{\{/.test(value))
      throw new PatchbayError(
        "bad_request",
        `The header "${name}" has a slot; arguments go into path, query and body only.`,
      );
  if (binding.body === undefined) return;
  if (binding.method === "GET" || binding.method === "HEAD")
    throw new PatchbayError("bad_request", `A ${binding.method} request has no body.`);
  checkSlots("body", binding.body, parameters);
  if (kindOf(binding, binding.body) === "json" && !wholeSlot(binding.body.trim(), {})) parseJsonTemplate(binding.body);
}

/** The request of one call. `{{x}}` in a URL is percent-encoded; in a JSON body a string that is one slot keeps the argument's type. */
export async function httpRequest(
  binding: HttpBinding,
  args: Record<string, unknown>,
  secrets: Secrets,
  idempotencyKey: string,
): Promise<HttpRequest> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(binding.headers))
    headers[name.toLowerCase()] = await headerValue(value, secrets);
  const request: HttpRequest = {
    method: binding.method,
    url: fillUrl(binding.url, fillerOf(args), "bad_arguments"),
    headers,
  };
  if (binding.timeoutMs !== undefined) request.timeoutMs = binding.timeoutMs;
  if (binding.method !== "GET" && binding.method !== "HEAD") headers["idempotency-key"] ??= idempotencyKey;
  if (binding.body !== undefined) {
    const kind = kindOf(binding, binding.body);
    request.body =
      kind === "json" && !wholeSlot(binding.body.trim(), args)
        ? JSON.stringify(fillJson(parseJsonTemplate(binding.body), args) ?? null)
        : fillBody(binding.body, kind, fillerOf(args));
    headers["content-type"] ??= kind === "form" ? FORM : defaultContentType(request.body, kind);
  }
  return request;
}

const FORM = "application/x-www-form-urlencoded";

function fillerOf(args: Record<string, unknown>): Filler {
  return { fill: (template, print) => fillSlots(template, args, print), text: asText, values: args };
}

function kindOf({ headers }: HttpBinding, body: string): BodyKind {
  const type = Object.entries(headers).find(([name]) => name.toLowerCase() === "content-type")?.[1];
  return bodyKind(body, typeof type === "string" ? type : undefined);
}

function parseJsonTemplate(template: string): unknown {
  try {
    return JSON.parse(template);
  } catch (cause) {
    const message = `The body is not JSON: ${(cause as Error).message}. Write slots inside strings, such as { "city": "{{city}}" }.`;
    throw new PatchbayError("bad_request", message, { cause });
  }
}

function fillJson(value: unknown, args: Record<string, unknown>): unknown {
  if (typeof value === "string") {
    const whole = wholeSlot(value, args);
    return whole ? whole.value : fillSlots(value, args);
  }
  if (Array.isArray(value)) return value.map((item) => fillJson(item, args)).filter((item) => item !== undefined);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fillJson(item, args)]));
}
