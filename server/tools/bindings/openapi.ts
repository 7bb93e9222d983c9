/** `openapi` tools: one operation of an API, with its arguments serialized as the document defines. */
import { PatchbayError } from "../../../runtime/error.ts";
import type { BinaryRequest } from "../../net/safe-fetch.ts";
import { mediaOf, withMedia } from "../media.ts";
import { asText } from "../slots.ts";
import type { ApiParameter, OpenApiBinding } from "../stored-tool.ts";
import type { BindingDeps, RunBinding } from "./binding.ts";
import { encodeStrict, headerValue, pathSegment } from "./http.ts";
import { answerResult } from "./http-response.ts";
import { clientToken, forgetToken } from "./oauth-token.ts";

export const callOpenApi: RunBinding<OpenApiBinding> = async (binding, call, deps, signal) => {
  const { idempotencyKey, tool } = call;
  const files = await uploads(binding, call.args, deps);
  const args = binding.body ? await withMedia(call.args, deps.files) : call.args;
  const send = async () => {
    const request = openApiRequest(binding, args, files);
    if (request.method !== "GET" && request.method !== "HEAD") request.headers["idempotency-key"] ??= idempotencyKey;
    await authorise(binding, request, deps, signal);
    return deps.net.download(request, signal);
  };
  let answer = await send();
  const oauth = binding.auth.filter((auth) => auth.kind === "oauth");
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
    else if (parameter.in === "query") query.push(...queryPairs(parameter, value));
    else if (parameter.in === "cookie")
      cookies.push(`${encodeStrict(parameter.name)}=${encodeStrict(simple(parameter, value))}`);
    else headers[parameter.name.toLowerCase()] = simple(parameter, value);
  }
  if (cookies.length) headers.cookie = cookies.join("; ");
  const open = /\{([^{}]+)\}/.exec(path);
  if (open) throw new PatchbayError("bad_arguments", `"${open[1]}" is missing: it is part of the address.`);
  const request: BinaryRequest = {
    method: binding.method,
    url: `${binding.server}${path}${query.length ? `?${query.join("&")}` : ""}`,
    headers,
  };
  const body = bodyOf(binding, args, files);
  if (body) {
    request.body = body.content;
    headers["content-type"] = body.mediaType;
  }
  return request;
}

async function authorise(
  binding: OpenApiBinding,
  request: BinaryRequest,
  deps: BindingDeps,
  signal: AbortSignal,
): Promise<void> {
  for (const auth of binding.auth) {
    if (auth.kind === "header") request.headers[auth.header] = await headerValue(auth.value, deps.secrets);
    else if (auth.kind === "oauth") request.headers.authorization = `Bearer ${await clientToken(auth, deps, signal)}`;
    else {
      const secret = await deps.secrets.get(auth.secret);
      if (auth.kind === "query")
        request.url += `${request.url.includes("?") ? "&" : "?"}${encodeStrict(auth.name)}=${encodeStrict(secret)}`;
      else
        request.headers.cookie = [request.headers.cookie, `${auth.name}=${encodeStrict(secret)}`]
          .filter(Boolean)
          .join("; ");
    }
  }
}

function pathValue(parameter: ApiParameter, value: unknown): string {
  if (parameter.style === "simple") return pathSegment(simple(parameter, value), parameter.arg);
  const parts = (Array.isArray(value) ? value : [value]).map((each) => encodeStrict(asText(each)));
  const separator = parameter.explode ? (parameter.style === "label" ? "." : `;${parameter.name}=`) : ",";
  return parameter.style === "label"
    ? `.${parts.join(separator)}`
    : `;${encodeStrict(parameter.name)}=${parts.join(separator)}`;
}

/** Lists by commas; objects as `k,v` or `k=v`. */
function simple(parameter: ApiParameter, value: unknown): string {
  if (parameter.json) return JSON.stringify(value);
  if (Array.isArray(value)) return value.map(asText).join(",");
  if (value !== null && typeof value === "object")
    return Object.entries(value)
      .map(([key, each]) => (parameter.explode ? `${key}=${asText(each)}` : `${key},${asText(each)}`))
      .join(",");
  return asText(value);
}

function queryPairs(parameter: ApiParameter, value: unknown): string[] {
  const name = encodeStrict(parameter.name);
  if (parameter.json) return [`${name}=${encodeStrict(JSON.stringify(value))}`];
  if (Array.isArray(value)) {
    if (parameter.explode) return value.map((each) => `${name}=${encodeStrict(asText(each))}`);
    const separator = parameter.style === "spaceDelimited" ? "%20" : parameter.style === "pipeDelimited" ? "%7C" : ",";
    return [`${name}=${value.map((each) => encodeStrict(asText(each))).join(separator)}`];
  }
  if (value !== null && typeof value === "object") {
    const entries = Object.entries(value);
    if (parameter.style === "deepObject")
      return entries.map(([key, each]) => `${name}${encodeStrict(`[${key}]`)}=${encodeStrict(asText(each))}`);
    if (parameter.explode) return entries.map(([key, each]) => `${encodeStrict(key)}=${encodeStrict(asText(each))}`);
    return [`${name}=${entries.flatMap(([key, each]) => [encodeStrict(key), encodeStrict(asText(each))]).join(",")}`];
  }
  return [`${name}=${encodeStrict(asText(value))}`];
}

type Media = NonNullable<Awaited<ReturnType<typeof mediaOf>>>;

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
  { body }: OpenApiBinding,
  args: Record<string, unknown>,
  files: ReadonlyMap<string, Media>,
): { content: string | Uint8Array; mediaType: string } | undefined {
  if (!body) return undefined;
  const { mediaType, from } = body;
  const given =
    "whole" in from ? [] : from.args.filter(({ arg }) => Object.hasOwn(args, arg) && args[arg] !== undefined);
  let value: unknown;
  if ("whole" in from) value = Object.hasOwn(args, from.whole) ? args[from.whole] : undefined;
  else if (given.length) value = Object.fromEntries(given.map(({ arg, name }) => [name, files.get(arg) ?? args[arg]]));
  else if (mediaType.includes("json") && from.args.length) value = {};
  if (value === undefined) return undefined;
  if (mediaType.includes("json")) return { content: JSON.stringify(value), mediaType };
  if (mediaType.startsWith("text/")) return { content: asText(value), mediaType };
  const fields = Object.entries((value ?? {}) as Record<string, unknown>).flatMap(([key, each]) =>
    (Array.isArray(each) ? each : [each]).map((item) => [key, isMedia(item) ? item : asText(item)] as const),
  );
  if (mediaType === "multipart/form-data") return multipart(fields);
  return {
    content: fields.map(([key, each]) => `${encodeStrict(key)}=${encodeStrict(asText(each))}`).join("&"),
    mediaType,
  };
}

function isMedia(value: unknown): value is Media {
  return value !== null && typeof value === "object" && "bytes" in value && value.bytes instanceof Uint8Array;
}

/** The boundary starts from the length of the fields and counts up until no field contains it. */
function multipart(fields: (readonly [string, string | Media])[]): { content: Uint8Array; mediaType: string } {
  const all = fields.map(([key, value]) => key + (typeof value === "string" ? value : value.ref.id)).join("\n");
  let n = all.length;
  while (all.includes(`patchbay-boundary-${n}`)) n++;
  const boundary = `patchbay-boundary-${n}`;
  const quoted = (text: string) => text.replaceAll(/["\r\n]/g, (c) => encodeURIComponent(c));
  const parts = fields.flatMap(([key, value]) => {
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${quoted(key)}"`;
    if (typeof value === "string") return [Buffer.from(`${head}\r\n\r\n${value}\r\n`)];
    const { ref, bytes } = value;
    return [
      Buffer.from(`${head}; filename="${quoted(ref.name)}"\r\nContent-Type: ${quoted(ref.mediaType)}\r\n\r\n`),
      bytes,
      Buffer.from("\r\n"),
    ];
  });
  return {
    content: Buffer.concat([...parts, Buffer.from(`--${boundary}--\r\n`)]),
    mediaType: `multipart/form-data; boundary=${boundary}`,
  };
}
