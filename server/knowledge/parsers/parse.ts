/** Parses documents, large ones in a worker thread with limits: what is in them must not hold up the server. */
import { PatchbayError } from "../../../runtime/error.ts";
import { runInWorker, type WorkerLimits } from "../../lib/run-in-worker.ts";
import type { ParsedDocument, ParseInput } from "./parse-here.ts";

/** Bytes. A document of this size is read within a few milliseconds. */
const SMALL = 16_384;

export const PARSE_LIMITS: WorkerLimits = { ms: 60_000, memoryMb: 1024 };

/**
 * Rejects as the parser does, with the abort's reason, and with `too_large` for a document that takes more time or memory
 * than its limits allow.
 */
export async function parseDocument(
  input: ParseInput,
  signal?: AbortSignal,
  limits: WorkerLimits = PARSE_LIMITS,
): Promise<ParsedDocument> {
  if (input.bytes.byteLength <= SMALL) return (await import("./parse-here.ts")).parseHere(input);
  return runInWorker(new URL("./parse-worker.ts", import.meta.url), input, {
    limits,
    signal,
    tooLarge: (what) =>
      new PatchbayError(
        "too_large",
        `"${input.title}" takes more ${what} to read than a document may. Split it, or save it in a simpler form.`,
      ),
  });
}
