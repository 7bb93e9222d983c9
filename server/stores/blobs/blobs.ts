/** The bytes of files, by SHA-256. A folder and S3 run the same contract suite. */
import { createHash } from "node:crypto";
import { PatchbayError } from "../../../runtime/error.ts";

export interface Blobs {
  /** Stores the bytes completely or not at all, unless they exist. Rejects with `storage_full` or `unavailable`. */
  put(sha256: string, bytes: Uint8Array): Promise<void>;
  /** The same for bytes that do not fit into memory. Rejects with `bad_request` when they have another hash. */
  putStream(sha256: string, size: number, bytes: AsyncIterable<Uint8Array>): Promise<void>;
  /** Throws `not_found`, or `unavailable` when the bytes cannot be read. */
  read(sha256: string): AsyncIterable<Uint8Array>;
  delete(sha256: string): Promise<void>;
  /** All blobs, with the time of writing in Unix milliseconds. */
  list(): AsyncIterable<{ sha256: string; at: number }>;
  /** Removes partial writes from before `time`. Resolves with how many. */
  removePartial(time: number): Promise<number>;
}

/** Passes bytes through; throws `bad_request` at the end when their hash is different. */
export async function* verified(sha256: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const hash = createHash("sha256");
  for await (const chunk of bytes) {
    hash.update(chunk);
    yield chunk;
  }
  if (hash.digest("hex") !== sha256)
    throw new PatchbayError("bad_request", `The bytes do not have the SHA-256 ${sha256}.`);
}

/** Code or message of an error, for messages. */
export function reason(cause: unknown): string {
  return (cause as NodeJS.ErrnoException).code ?? (cause instanceof Error ? cause.message : String(cause));
}
