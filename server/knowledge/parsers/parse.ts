/** Parses documents, large ones in a worker thread with limits: what is in them must not hold up the server. */
import { type ErrorData, PatchbayError } from "../../../runtime/error.ts";
import { startWorker } from "../../lib/start-worker.ts";
import type { ParsedDocument, ParseInput } from "./parse-here.ts";

/** Bytes. A document of this size is read within a few milliseconds. */
const SMALL = 16_384;

export interface ParseLimits {
  ms: number;
  memoryMb: number;
}

export const PARSE_LIMITS: ParseLimits = { ms: 60_000, memoryMb: 1024 };

/**
 * Rejects as the parser does, with the abort's reason, and with `too_large` for a document that takes more time or memory
 * than its limits allow.
 */
export async function parseDocument(
  input: ParseInput,
  signal?: AbortSignal,
  limits: ParseLimits = PARSE_LIMITS,
): Promise<ParsedDocument> {
  if (input.bytes.byteLength <= SMALL) return (await import("./parse-here.ts")).parseHere(input);
  signal?.throwIfAborted();
  const worker = startWorker(new URL("./parse-worker.ts", import.meta.url), {
    workerData: input,
    resourceLimits: { maxOldGenerationSizeMb: limits.memoryMb },
  });
  const tooLarge = (what: string) =>
    new PatchbayError(
      "too_large",
      `"${input.title}" takes more ${what} to read than a document may. Split it, or save it in a simpler form.`,
    );
  let timer: NodeJS.Timeout | undefined;
  let stop: (() => void) | undefined;
  try {
    return await new Promise<ParsedDocument>((resolve, reject) => {
      timer = setTimeout(() => reject(tooLarge("time")), limits.ms);
      stop = () => reject(signal!.reason);
      signal?.addEventListener("abort", stop, { once: true });
      worker.once("message", (message: { parsed: ParsedDocument } | { error: ErrorData }) => {
        if ("parsed" in message) resolve(message.parsed);
        else reject(new PatchbayError(message.error.code, message.error.message, { path: message.error.path }));
      });
      worker.once("error", (error: Error & { code?: string }) =>
        reject(error.code === "ERR_WORKER_OUT_OF_MEMORY" ? tooLarge("memory") : error),
      );
    });
  } finally {
    clearTimeout(timer);
    if (stop) signal?.removeEventListener("abort", stop);
    await worker.terminate();
  }
}
