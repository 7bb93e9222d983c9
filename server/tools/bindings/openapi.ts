/** `openapi` tools: one operation of an API, with its arguments serialized as the document defines. */
import { PatchbayError } from "../../../runtime/error.ts";
import { percentEncode, requestUrl } from "../../../runtime/http-request.ts";
import type { BinaryRequest } from "../../net/safe-fetch.ts";
import { headerValue } from "../../secrets/secret-headers.ts";
import { mediaOf, withMedia } from "../media.ts";
import { asText } from "../slots.ts";
import { type ApiAuth, type OpenApiBinding, secretOf } from "../stored-tool.ts";
import type { BindingDeps, RunBinding } from "./binding.ts";
import { type Media, multipartForm, urlEncodedForm } from "./form-body.ts";
import { answerResult } from "./http-response.ts";
import { clientToken, forgetToken } from "./oauth-token.ts";
import { formPairs, pathValue, simpleValue } from "./serialize.ts";

export const callOpenApi: RunBinding<OpenApiBinding> = async (binding, call, deps, signal) => {
  const { idempotencyKey, tool } = call;
  const files = await uploads(binding, call.args, deps);
  const args = binding.body ? await withMedia(call.args, deps.files) : call.args;
  const auths = await usableAuth(binding.auth, deps);
  const send = async () => {
    const request = openApiRequest(binding, args, files);
    if (request.method !== "GET" && request.method !== "HEAD") request.headers["idempotency-key"] ??= idempotencyKey;
    await authorise(auths, request, deps, signal);
    return deps.net.download(request, signal);
  };
  let answer = await send();
  const oauth = auths.filter((auth) => auth.kind === "oauth");
  if (answer.status === 401 && oauth.length) {
    for (const auth of oauth) forgetToken(auth); // refused before its time: once more with a new one
    answer = await send();
  }
  return answerResult(answer, tool.name, deps, signal);
};

/** The request without its credentials. Throws `bad_arguments` for a value that is not valid in the URL. */
export function openApiRequest(
  binding: OpenApiBinding,
  args: Record<string, unknown>,
  files: ReadonlyMap<string, Media> = new Map(),
): BinaryRequest {
  const headers: Record<string, string> = { accept: binding.accept ?? "application/json, */*;q=0.5" };
  const query: string[] = [];
  const cookies: string[] = [];
  let path = binding.path;
  for (const parameter of binding.parameters) {
    const value = Object.hasOwn(args, parameter.arg) ? args[parameter.arg] : undefined;
    if (value === undefined || (value === null && parameter.in !== "path")) continue;
    if (parameter.in === "path") path = path.replaceAll(`{${parameter.name}}`, () => pathValue(parameter, value));
    else if (parameter.in === "query")
      query.push(...formPairs(parameter.name, parameter, value).map((pair) => pair.join("=")));
    else if (parameter.in === "cookie")
      cookies.push(`${percentEncode(parameter.name)}=${percentEncode(simpleValue(parameter, value))}`);
    else headers[parameter.name.toLowerCase()] = simpleValue(parameter, value);
  }
  if (cookies.length) headers.cookie = cookies.join("; ");
  const open = /\{([^{}]+)\}/.exec(path);
  if (open) throw new PatchbayError("bad_arguments", `"${open[1]}" is missing: it is part of the address.`);
  const [, plain, fixedQuery] = /^([^?#]*)(?:\?([^#]*))?/.exec(path)!;
  if (fixedQuery) query.unshift(fixedQuery);
  const request: BinaryRequest = {
    method: binding.method,
    url: requestUrl(binding.server, plain!, query, "bad_arguments"),
    headers,
  };
  const body = bodyOf(binding, args, files);
  if (body) {
    request.body = body.content;
    headers["content-type"] = body.mediaType;
  }
  return request;
}

/** Those whose secret is set, or must be. What an API takes together with a missing one is left out with it. */
async function usableAuth(auths: ApiAuth[], { secrets }: Pick<BindingDeps, "secrets">): Promise<ApiAuth[]> {
  if (auths.every(({ missing }) => missing === undefined)) return auths;
  const known = new Set((await secrets.names()).map(({ name }) => name));
  const isSet = (auth: ApiAuth) => known.has(secretOf(auth) ?? "");
  const skipped = auths.some((auth) => auth.missing === "skip" && !isSet(auth));
  return auths.filter((auth) => !(auth.missing === "skip" && skipped) && !(auth.missing === "warn" && !isSet(auth)));
}

async function authorise(
  auths: ApiAuth[],
  request: BinaryRequest,
  deps: BindingDeps,
  signal: AbortSignal,
): Promise<void> {
  for (const auth of auths) {
    if (auth.kind === "header") request.headers[auth.header] = await headerValue(auth.value, deps.secrets);
    else if (auth.kind === "oauth") request.headers.authorization = `Bearer ${await clientToken(auth, deps, signal)}`;
    else {
      const secret = percentEncode(await deps.secrets.get(auth.secret));
      if (auth.kind === "query")
        request.url += `${request.url.includes("?") ? "&" : "?"}${percentEncode(auth.name)}=${secret}`;
      else request.headers.cookie = [request.headers.cookie, `${auth.name}=${secret}`].filter(Boolean).join("; ");
    }
  }
}

/** The files that a multipart body asks for, by argument. */
async function uploads(
  { body }: OpenApiBinding,
  args: Record<string, unknown>,
  deps: BindingDeps,
): Promise<Map<string, Media>> {
  const found = new Map<string, Media>();
  if (!body || "whole" in body.from) return found;
  for (const { arg, file } of body.from.args) {
    const media = file ? await mediaOf(args[arg], deps.files) : undefined;
    if (media) found.set(arg, media);
  }
  return found;
}

function bodyOf(
  { body, parameters }: OpenApiBinding,
  args: Record<string, unknown>,
  files: ReadonlyMap<string, Media>,
): { content: string | Uint8Array; mediaType: string } | undefined {
  if (!body) return undefined;
  const { mediaType, from, encoding } = body;
  const isJson = mediaType.includes("json");
  let value: unknown;
  if ("whole" in from) value = Object.hasOwn(args, from.whole) ? args[from.whole] : undefined;
  else {
    const given = from.args
      .filter(({ arg }) => Object.hasOwn(args, arg) && args[arg] !== undefined)
      .map(({ arg, name }) => [name, files.get(arg) ?? args[arg]] as const);
    if (from.open) {
      const known = new Set([...parameters, ...from.args].map(({ arg }) => arg));
      given.push(...Object.entries(args).filter(([arg]) => !known.has(arg)));
    }
    if (given.length || (isJson && from.args.length)) value = Object.fromEntries(given);
  }
  if (value === undefined) return undefined;
  if (isJson) return { content: JSON.stringify(value), mediaType };
  if (mediaType.startsWith("text/")) return { content: asText(value), mediaType };
  const fields = value !== null && typeof value === "object" ? value : {};
  if (mediaType === "multipart/form-data") return multipartForm(fields, encoding);
  return { content: urlEncodedForm(fields, encoding), mediaType };
}
