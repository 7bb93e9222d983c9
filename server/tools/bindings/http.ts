/** `http` tools: a request made from templates. Arguments fill slots in path, query and body only. */
import { PatchbayError } from "../../../runtime/error.ts";
import type { HttpRequest } from "../../../runtime/host.ts";
import type { HeaderValue, HttpBinding } from "../../contract/custom-tool.ts";
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
  const scheme = /^https?:\/\//i.exec(binding.url);
  if (!scheme) throw new PatchbayError("bad_request", "The URL must begin with http:// or https://.");
  const rest = binding.url.slice(scheme[0].length);
  const authority = /^[^/?#]*/.exec(rest)![0];
  if (authority.includes("{") || authority.includes("@") || authority.includes("\\"))
    throw new PatchbayError(
      "bad_request",
      "Arguments can fill the path and the query of a URL, not its host, port or user name.",
    );
  if (!URL.canParse(scheme[0] + authority)) throw new PatchbayError("bad_request", `"${authority}" is not a host.`);
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
  if (bodyKind(binding) === "json") parseJsonTemplate(binding.body);
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
  const request: HttpRequest = { method: binding.method, url: fillUrl(binding.url, args), headers };
  if (binding.timeoutMs !== undefined) request.timeoutMs = binding.timeoutMs;
  if (binding.method !== "GET" && binding.method !== "HEAD") headers["idempotency-key"] ??= idempotencyKey;
  if (binding.body !== undefined) {
    const kind = bodyKind(binding);
    request.body = fillBody(binding.body, kind, args);
    headers["content-type"] ??=
      kind === "json" ? "application/json" : kind === "form" ? "application/x-www-form-urlencoded" : "text/plain";
  }
  return request;
}

export async function headerValue(value: HeaderValue, secrets: Secrets): Promise<string> {
  if (typeof value === "string") return value;
  const secret = await secrets.get(value.secret);
  if (value.as === "basic") return `Basic ${Buffer.from(secret).toString("base64")}`;
  return `${value.prefix ?? ""}${secret}`;
}

/** Encodes a path segment. Throws `bad_arguments` for an empty one, "." and "..". */
export function pathSegment(text: string, name: string): string {
  if (text === "" || text === "." || text === "..")
    throw new PatchbayError("bad_arguments", `"${name}" must not be empty, "." or "..": it is part of the address.`);
  return encodeStrict(text);
}

export function encodeStrict(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function fillUrl(template: string, args: Record<string, unknown>): string {
  const question = template.indexOf("?");
  const [base, query] =
    question < 0 ? [template, undefined] : [template.slice(0, question), template.slice(question + 1)];
  const start = base.indexOf("/", base.indexOf("//") + 2);
  const origin = start < 0 ? base : base.slice(0, start);
  const path = start < 0 ? "" : base.slice(start);
  const filled = path
    .split("/")
    .map((segment) => {
      if (!segment.includes("{{")) return segment;
      const text = fillSlots(segment, args, encodeStrict);
      if (text === "" || text === "." || text === "..") pathSegment(text, segment.replaceAll(/[{}]/g, ""));
      return text;
    })
    .join("/");
  const pairs = query === undefined ? [] : query.split("&").flatMap((pair) => fillPair(pair, args));
  return `${origin}${filled}${pairs.length ? `?${pairs.join("&")}` : ""}`;
}

/** A pair without its argument is left out; a list repeats the pair for each item. */
function fillPair(pair: string, args: Record<string, unknown>): string[] {
  const equals = pair.indexOf("=");
  const [key, value] = equals < 0 ? [pair, ""] : [pair.slice(0, equals), pair.slice(equals + 1)];
  const name = fillSlots(key, args, encodeStrict);
  const whole = wholeSlot(value, args);
  if (!whole) return [`${name}${equals < 0 ? "" : `=${fillSlots(value, args, encodeStrict)}`}`];
  if (whole.value === undefined || whole.value === null) return [];
  return (Array.isArray(whole.value) ? whole.value : [whole.value]).map(
    (each) => `${name}=${encodeStrict(asText(each))}`,
  );
}

function bodyKind(binding: HttpBinding): "json" | "form" | "text" {
  const entry = Object.entries(binding.headers).find(([name]) => name.toLowerCase() === "content-type")?.[1];
  const type = typeof entry === "string" ? entry.toLowerCase() : "";
  if (type.includes("json")) return "json";
  if (type.includes("x-www-form-urlencoded")) return "form";
  if (type) return "text";
  return /^\s*[[{]/.test(binding.body ?? "") && !/^\s*\{\{/.test(binding.body ?? "") ? "json" : "text";
}

function fillBody(template: string, kind: "json" | "form" | "text", args: Record<string, unknown>): string {
  if (kind === "form")
    return template
      .split("&")
      .flatMap((pair) => fillPair(pair, args))
      .join("&");
  if (kind === "text") return fillSlots(template, args);
  return JSON.stringify(fillJson(parseJsonTemplate(template), args));
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
