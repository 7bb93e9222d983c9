/** Request headers made from secrets. Nothing else reads a secret for a request of a graph. */
import type { HttpRequest, HttpResponse } from "../../runtime/host.ts";
import type { HeaderValue } from "../contract/custom-tool.ts";
import type { Secrets } from "./service.ts";

type Send = (request: HttpRequest, signal: AbortSignal) => Promise<HttpResponse>;

/** The value of a header. Rejects with `secret_missing`. */
export async function headerValue(value: HeaderValue, secrets: Pick<Secrets, "get">): Promise<string> {
  if (typeof value === "string") return value;
  const secret = await secrets.get(value.secret);
  if (value.as === "basic") return `Basic ${Buffer.from(secret).toString("base64")}`;
  return `${value.prefix ?? ""}${secret}`;
}

/** Sends requests with their `secretHeaders`. Sends nothing when one of the secrets is missing. */
export function sendWithSecrets(send: Send, secrets: Pick<Secrets, "get" | "redact">): Send {
  return async ({ secretHeaders, ...request }, signal) => {
    if (!secretHeaders) return send(request, signal);
    const headers = { ...request.headers };
    for (const [name, value] of Object.entries(secretHeaders)) headers[name] = await headerValue(value, secrets);
    const response = await send({ ...request, headers }, signal);
    // an API may return what it was sent
    return { ...response, body: secrets.redact(response.body) };
  };
}
