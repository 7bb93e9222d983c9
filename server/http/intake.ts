/** Reads JSON bodies of limited size and depth. Rejects duplicate keys, and keys that could pollute prototypes. */
import type { Context } from "hono";
import { PatchbayError } from "../../runtime/error.ts";
import { findDuplicateKey, findRefusedPart, isTextTooDeep, MAX_JSON_DEPTH } from "../../runtime/foreign-json.ts";

export const MIB = 1024 * 1024;
/** Limits of request bodies in bytes. */
export const LIMITS = { json: MIB, graph: 8 * MIB, openapi: 16 * MIB, hosted: MIB, upload: 100 * MIB };

/** Time limit for a JSON body to arrive. */
const BODY_MS = 30_000;

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i;

/**
 * Returns the JSON value of the body, or `{}` for an empty body. Rejects with `unsupported_media_type`, `too_large`,
 * `bad_json`, or `bad_request` for depth and keys. `c.req.json()` still works afterwards.
 */
export async function readJson(c: Context, limit: number): Promise<unknown> {
  const type = c.req.header("content-type");
  if (type === undefined) {
    if (await isEmpty(c)) return {};
    throw mediaType("none");
  }
  if (!JSON_TYPE.test(type)) throw mediaType(type);
  const text = await readText(c, limit);
  if (text === "") return {};
  return parseJson(text);
}

/** Parses untrusted JSON. Throws as `readJson` rejects. */
export function parseJson(text: string): unknown {
  if (isTextTooDeep(text))
    throw new PatchbayError("bad_request", `The JSON is nested more than ${MAX_JSON_DEPTH} levels deep.`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new PatchbayError("bad_json", `The body is not valid JSON: ${(error as Error).message}.`);
  }
  const duplicate = findDuplicateKey(text);
  if (duplicate)
    throw new PatchbayError("bad_request", `The key at ${duplicate.path} appears twice in one object; remove one.`, {
      path: duplicate.path,
    });
  // Walk the value only when the text has one of these words, or an escape that could spell one.
  if (/__proto__|constructor|prototype|\\u/.test(text)) {
    const refused = findRefusedPart(value);
    if (refused)
      throw new PatchbayError("bad_request", `The key at ${refused.path} is not allowed; rename it.`, {
        path: refused.path,
      });
  }
  return value;
}

/** The body as text of at most `limit` bytes, cached for `c.req.json()`. Rejects a body that arrives too slowly. */
export async function readText(c: Context, limit: number): Promise<string> {
  const announced = c.req.header("content-length");
  if (announced !== undefined && Number(announced) > limit) throw tooLarge(limit);
  // The guard may have read it before the route does.
  if (announced !== undefined || c.req.bodyCache.text !== undefined) return withDeadline(c.req.text());
  const bytes = await withDeadline(readBytes(c.req.raw.body, limit));
  const text = new TextDecoder().decode(bytes);
  c.req.bodyCache.text = Promise.resolve(text) as unknown as string;
  return text;
}

/** Bodies being read. One timer serves all of them: most arrive before it fires. */
const arriving = new Set<{ until: number; reject(): void }>();
let timer: NodeJS.Timeout | undefined;

function withDeadline<T>(reading: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () => new PatchbayError("bad_request", `The body did not arrive within ${BODY_MS / 1000} seconds.`);
    const body = { until: performance.now() + BODY_MS, reject: () => reject(late()) };
    arriving.add(body);
    timer ??= setInterval(rejectLate, BODY_MS / 6).unref();
    const settle =
      <A>(settled: (value: A) => void) =>
      (value: A) => {
        arriving.delete(body);
        settled(value);
      };
    reading.then(
      settle(resolve),
      // A caller that disconnects is not a server error.
      settle((error: unknown) =>
        reject(
          (error as NodeJS.ErrnoException).code === "ECONNRESET"
            ? new PatchbayError("bad_request", "The connection closed before the body was complete.")
            : error,
        ),
      ),
    );
  });
}

function rejectLate(): void {
  const now = performance.now();
  for (const body of arriving)
    if (body.until <= now) {
      arriving.delete(body);
      body.reject();
    }
  if (arriving.size > 0) return;
  clearInterval(timer);
  timer = undefined;
}

/** Reads a stream. Rejects with `too_large` once it exceeds `limit` bytes, without reading the rest. */
export async function readBytes(stream: ReadableStream<Uint8Array> | null, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  if (stream)
    for await (const chunk of stream) {
      size += chunk.byteLength;
      if (size > limit) throw tooLarge(limit);
      chunks.push(chunk);
    }
  return Buffer.concat(chunks);
}

async function isEmpty(c: Context): Promise<boolean> {
  const length = c.req.header("content-length");
  if (length !== undefined) return length === "0";
  return c.req.header("transfer-encoding") === undefined && (await c.req.text()) === "";
}

function mediaType(found: string): PatchbayError {
  return new PatchbayError(
    "unsupported_media_type",
    `The body must be JSON: send "Content-Type: application/json" (received: ${found}).`,
  );
}

export function tooLarge(limit: number): PatchbayError {
  const text = limit >= MIB ? `${Math.round(limit / MIB)} MiB` : `${limit} bytes`;
  return new PatchbayError("too_large", `The body is larger than the limit of ${text}.`);
}
