/** Copies or downloads a model's file into the data folder, and resumes an interrupted transfer. */
import { createReadStream } from "node:fs";
import { mkdir, open, readFile, rename, rm, stat, statfs, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Readable } from "node:stream";
import { Agent, type Dispatcher, interceptors, request } from "undici";
import { PatchbayError } from "../../../runtime/error.ts";
import { abortableSleep } from "../chat.ts";

export interface FetchOptions {
  /** A path, or an http(s) address that the operator typed. */
  source: string;
  /** Path of the finished file. Until it is complete it is stored beside that as `.part`. */
  target: string;
  signal: AbortSignal;
  /** In bytes. `total` is 0 while it is unknown. */
  progress?(done: number, total: number): void;
  /** Attempts after a broken connection, each resuming where the last one ended. */
  retries?: number;
  sleep?(ms: number, signal: AbortSignal): Promise<void>;
}

/** Stored beside a part, so that it is resumed only from an unchanged source. */
interface PartNote {
  source: string;
  /** ETag or Last-Modified of a URL; size and time of a file. */
  mark: string;
}

interface OpenedSource {
  stream: Readable;
  /** Offset in bytes at which the stream begins. */
  from: number;
  /** 0 when it is unknown. */
  total: number;
  mark: string;
  close(): void;
}

const MAGIC = "GGUF";
const BACKOFF_MS = 1_000;
/** Bytes of disk space that must stay free. */
const RESERVE = 256 * 1024 * 1024;

/**
 * Resolves with the size of the whole file in bytes. Rejects with `not_found`, `bad_response` (not a GGUF file, an
 * error page), `connection_lost` after the last attempt, `storage_full`, or the signal's reason; the part stays for the
 * next call.
 */
export async function fetchFile(options: FetchOptions): Promise<number> {
  const { source, target, signal, retries = 5, sleep = abortableSleep } = options;
  const pool = new Agent({ connect: { timeout: 15_000 }, headersTimeout: 30_000, bodyTimeout: 60_000 }).compose(
    interceptors.redirect({ maxRedirections: 5 }),
  );
  await mkdir(dirname(target), { recursive: true });
  try {
    for (let made = 0; ; made++) {
      try {
        const bytes = await attempt(options, pool);
        await rename(`${target}.part`, target);
        await rm(`${target}.part.json`, { force: true });
        return bytes;
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        const failed = asError(error, source);
        if (failed.code !== "connection_lost" || made >= retries) throw failed;
        await sleep(BACKOFF_MS * 2 ** made, signal);
      }
    }
  } finally {
    await pool.destroy();
  }
}

async function attempt({ source, target, signal, progress }: FetchOptions, pool: Dispatcher): Promise<number> {
  const part = `${target}.part`;
  const note = await readNote(`${part}.json`);
  const have = note?.source === source ? ((await stat(part).catch(() => undefined))?.size ?? 0) : 0;
  const opened = isUrl(source)
    ? await openUrl(source, have, note?.mark ?? "", pool, signal)
    : await openPath(source, have, note?.mark ?? "");
  try {
    if (opened.total > 0) await checkFreeSpace(dirname(target), opened.total - opened.from);
    await writeFile(`${part}.json`, JSON.stringify({ source, mark: opened.mark } satisfies PartNote));
    const handle = await open(part, opened.from > 0 ? "r+" : "w");
    let done = opened.from;
    try {
      progress?.(done, opened.total);
      for await (const chunk of opened.stream as AsyncIterable<Buffer>) {
        signal.throwIfAborted();
        if (done < MAGIC.length) checkGguf(done, chunk, source);
        await handle.write(chunk, 0, chunk.length, done);
        done += chunk.length;
        progress?.(done, opened.total);
      }
      if (opened.total > 0 && done < opened.total)
        throw new PatchbayError("connection_lost", `The download of ${source} broke off.`);
      if (done === 0) throw new PatchbayError("bad_response", `${source} is empty.`);
      await handle.truncate(done);
      await handle.sync();
    } finally {
      await handle.close();
    }
    return done;
  } finally {
    opened.close();
  }
}

async function openPath(path: string, have: number, mark: string): Promise<OpenedSource> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) throw new PatchbayError("not_found", `There is no file at ${path}.`);
  const now = `${found.size} ${found.mtimeMs}`;
  const from = mark === now && have <= found.size ? have : 0;
  const stream = createReadStream(path, { start: from, highWaterMark: 1024 * 1024 });
  return { stream, from, total: found.size, mark: now, close: () => stream.destroy() };
}

async function openUrl(
  url: string,
  have: number,
  mark: string,
  pool: Dispatcher,
  signal: AbortSignal,
): Promise<OpenedSource> {
  const resume = have > 0 && mark !== "";
  const { statusCode, headers, body } = await request(url, {
    dispatcher: pool,
    signal,
    headers: { "accept-encoding": "identity", ...(resume && { range: `bytes=${have}-`, "if-range": mark }) },
  });
  const close = (): void => {
    body.on("error", () => {});
    body.destroy();
  };
  // Only a strong ETag or a date proves that the bytes are the same.
  const etag = header(headers, "etag");
  const now = etag && !etag.startsWith("W/") ? etag : (header(headers, "last-modified") ?? "");
  const length = Number(header(headers, "content-length") ?? 0) || 0;
  if (statusCode === 200) return { stream: body, from: 0, total: length, mark: now, close };
  if (statusCode === 206) {
    const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(header(headers, "content-range") ?? "");
    if (range && Number(range[1]) === have)
      return { stream: body, from: have, total: Number(range[2]) || have + length, mark: now || mark, close };
  }
  close();
  // The part is complete already, or belongs to another version of the file: start again.
  if (resume && (statusCode === 416 || statusCode === 206)) return openUrl(url, 0, "", pool, signal);
  if (statusCode === 404) throw new PatchbayError("not_found", `There is nothing at ${url} (HTTP 404).`);
  if (statusCode === 401 || statusCode === 403) {
    throw new PatchbayError(
      "forbidden",
      `${url} may not be read (HTTP ${statusCode}). Accept the model's terms at its site, download it by hand, and install the file.`,
    );
  }
  if (statusCode >= 500 || statusCode === 429)
    throw new PatchbayError("connection_lost", `${url} answers HTTP ${statusCode}.`);
  throw new PatchbayError("bad_response", `${url} answers HTTP ${statusCode}.`);
}

function checkGguf(done: number, chunk: Buffer, source: string): void {
  const begin = chunk.subarray(0, MAGIC.length - done).toString("latin1");
  if (MAGIC.slice(done, done + begin.length) !== begin) {
    throw new PatchbayError(
      "bad_response",
      `${source} is not a GGUF file: it does not begin with "GGUF". Use the address of the file itself, not of its page.`,
    );
  }
}

async function checkFreeSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (bytes + RESERVE > free) {
    const gb = (value: number): string => `${(value / 1e9).toFixed(1)} GB`;
    throw new PatchbayError("storage_full", `The model needs ${gb(bytes)} more; ${gb(free)} are free in ${folder}.`);
  }
}

async function readNote(file: string): Promise<PartNote | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as PartNote;
  } catch {
    return undefined;
  }
}

function asError(error: unknown, source: string): PatchbayError {
  if (error instanceof PatchbayError) return error;
  const { code = "", message } = error as NodeJS.ErrnoException;
  if (code === "ENOSPC" || code === "EDQUOT")
    return new PatchbayError("storage_full", `The disk is full while ${source} was being saved.`, { cause: error });
  if (code === "EACCES" || code === "EROFS")
    return new PatchbayError("unavailable", `The model cannot be saved: ${message}`, { cause: error });
  if (isUrl(source))
    return new PatchbayError("connection_lost", `${source} cannot be downloaded: ${message}`, { cause: error });
  return new PatchbayError("unavailable", `${source} cannot be copied: ${message}`, { cause: error });
}

export function isUrl(source: string): boolean {
  return /^https?:\/\//i.test(source);
}

function header(headers: Record<string, string | string[] | undefined>, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}
