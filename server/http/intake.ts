/** How request bodies come in: JSON only, of limited size and depth, without keys that reach for prototypes. */
import type { Context } from "hono";
import { PatchbayError } from "../../runtime/error.ts";
import { findRefusedPart, isTextTooDeep, MAX_JSON_DEPTH } from "../../runtime/foreign-json.ts";

export const MIB = 1024 * 1024;
/** Defaults of CONTRACT's table. */
export const LIMITS = { json: MIB, graph: 8 * MIB, openapi: 16 * MIB, hosted: MIB, upload: 100 * MIB };

/** A JSON body is there within this time, or its connection is not worth keeping. */
const BODY_MS = 30_000;

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i;

/**
 * The body's JSON value; `{}` where there is none. Throws `unsupported_media_type`, `too_large`, `bad_json`, or
 * `bad_request` for depth and keys. The text stays readable by `c.req.json()`.
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

/** Parses JSON from outside. Throws as `readJson` does. */
export function parseJson(text: string): unknown {
  if (isTextTooDeep(text))
    throw new PatchbayError("bad_request", `The JSON is nested more than ${MAX_JSON_DEPTH} deep.`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new PatchbayError("bad_json", `The body is no JSON: ${(error as Error).message}.`);
  }
  // Only a text that holds such a word, or an escape that could spell one, can hold such a key.
  if (/__proto__|constructor|prototype|\\u/.test(text)) {
    const refused = findRefusedPart(value);
    if (refused)
      throw new PatchbayError("bad_request", `The key at ${refused.path} is not allowed; rename it.`, {
        path: refused.path,
      });
  }
  return value;
}

/** The body as text of at most `limit` bytes, cached for `c.req.json()`. A body that trickles in is given up. */
async function readText(c: Context, limit: number): Promise<string> {
  const announced = c.req.header("content-length");
  if (announced !== undefined) {
    if (Number(announced) > limit) throw tooLarge(limit);
    return inTime(c.req.text());
  }
  const bytes = await inTime(readBytes(c.req.raw.body, limit));
  const text = new TextDecoder().decode(bytes);
  c.req.bodyCache.text = Promise.resolve(text) as unknown as string;
  return text;
}

/** Bodies on their way, each with what gives it up. One clock looks after all: most are there before it ticks. */
const arriving = new Set<{ until: number; giveUp(): void }>();
let clock: NodeJS.Timeout | undefined;

function inTime<T>(reading: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () => new PatchbayError("bad_request", `The body did not arrive within ${BODY_MS / 1000} seconds.`);
    const body = { until: performance.now() + BODY_MS, giveUp: () => reject(late()) };
    arriving.add(body);
    clock ??= setInterval(lookAfter, BODY_MS / 6).unref();
    const settle =
      <A>(settled: (value: A) => void) =>
      (value: A) => {
        arriving.delete(body);
        settled(value);
      };
    reading.then(
      settle(resolve),
      // A caller who hangs up in the middle is no failure of the server.
      settle((error: unknown) =>
        reject(
          (error as NodeJS.ErrnoException).code === "ECONNRESET"
            ? new PatchbayError("bad_request", "The connection ended before the body was whole.")
            : error,
        ),
      ),
    );
  });
}

function lookAfter(): void {
  const now = performance.now();
  for (const body of arriving)
    if (body.until <= now) {
      arriving.delete(body);
      body.giveUp();
    }
  if (arriving.size > 0) return;
  clearInterval(clock);
  clock = undefined;
}

/** A stream's bytes; throws `too_large` as soon as there are more than `limit`, without reading the rest. */
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
    `The body must be JSON: send it with "Content-Type: application/json" (it came with ${found}).`,
  );
}

export function tooLarge(limit: number): PatchbayError {
  const text = limit >= MIB ? `${Math.round(limit / MIB)} MiB` : `${limit} bytes`;
  return new PatchbayError("too_large", `The body is larger than ${text}, the most that is taken here.`);
}
