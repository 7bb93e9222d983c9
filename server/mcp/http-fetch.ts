/** The guarded client as the MCP SDK requires it, with a limit on the size of one message. */
import { setTimeout as sleep } from "node:timers/promises";
import { PatchbayError } from "../../runtime/error.ts";
import type { GuardedFetch } from "../net/guarded-fetch.ts";
import { ReadRate } from "./read-rate.ts";

const MAX_MESSAGE = 10 * 1024 * 1024;
/** The member of `_meta` with the key of a call, which also matches a broken response to its call. */
export const CALL_KEY = "patchbay/idempotency-key";

/**
 * A `fetch` that returns redirects unchanged: the SDK follows those within the origin and refuses all others. `onCut` is
 * called when the event stream of a call ended or broke and cannot be resumed.
 */
export function asFetchLike(
  fetch: GuardedFetch,
  onCut: (callKey: string) => void,
): (url: string | URL, init?: RequestInit) => Promise<Response> {
  return async (url, init = {}) => {
    const headers: Record<string, string> = {};
    new Headers(init.headers).forEach((value, name) => {
      headers[name] = value;
    });
    const { body } = init;
    if (body !== undefined && body !== null && typeof body !== "string" && !(body instanceof URLSearchParams))
      throw new PatchbayError("internal", "An MCP request has a body of an unexpected kind.");
    const response = await fetch(String(url), {
      method: init.method,
      headers:
        body instanceof URLSearchParams ? { "content-type": "application/x-www-form-urlencoded", ...headers } : headers,
      body: body === undefined || body === null ? undefined : String(body),
      signal: init.signal ?? undefined,
      redirect: "manual",
    });
    if (!response.body) return response;
    const byLine = (response.headers.get("content-type") ?? "").includes("text/event-stream");
    const key = byLine && typeof body === "string" ? callKey(body) : undefined;
    const stream = response.body.pipeThrough(limit(byLine));
    return new Response(key === undefined ? stream : watched(stream, () => onCut(key)), {
      status: response.status,
      statusText: response.statusText,
      headers: response.headers,
    });
  };
}

/** Fails when a line of an event stream, or any other body as a whole, is over the limit. */
function limit(byLine: boolean): TransformStream<Uint8Array, Uint8Array> {
  let bytes = 0;
  const rate = new ReadRate();
  return new TransformStream({
    async transform(chunk, controller) {
      const lastBreak = byLine ? chunk.lastIndexOf(10) : -1;
      bytes = lastBreak < 0 ? bytes + chunk.byteLength : chunk.byteLength - lastBreak - 1;
      if (bytes > MAX_MESSAGE)
        controller.error(new PatchbayError("too_large", "The MCP server sent a message over 10 MB."));
      else controller.enqueue(chunk);
      // Each event of a stream ends with an empty line.
      const waitMs = byLine ? rate.take(countLines(chunk) / 3, chunk.byteLength) : 0;
      if (waitMs > 0) await sleep(waitMs);
    },
  });
}

function countLines(chunk: Uint8Array): number {
  let lines = 0;
  for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++;
  return lines;
}

/** Passes a stream on and calls `ended` at its end, unless its events have ids from which it can be resumed. */
function watched(stream: ReadableStream<Uint8Array>, ended: () => void): ReadableStream<Uint8Array> {
  const reader = stream.getReader();
  let resumable = false;
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (done) {
          controller.close();
          if (!resumable) ended();
          return;
        }
        resumable ||= /(?:^|[\r\n])id:/.test(Buffer.from(value).toString("latin1"));
        controller.enqueue(value);
      } catch (thrown) {
        controller.error(thrown);
        if (!resumable) ended();
      }
    },
    cancel: (reason) => reader.cancel(reason),
  });
}

function callKey(body: string): string | undefined {
  if (!body.includes(CALL_KEY)) return undefined;
  const message = JSON.parse(body) as { params?: { _meta?: Record<string, unknown> } };
  const key = message.params?._meta?.[CALL_KEY];
  return typeof key === "string" ? key : undefined;
}
