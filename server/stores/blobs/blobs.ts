/** Bytes under their SHA-256: what the file store keeps its contents in. One contract suite, run on a folder and on S3. */
import { createHash } from "node:crypto";
import { PatchbayError } from "../../../runtime/error.ts";

export interface Blobs {
  /** Stores the bytes, whole or not at all. Nothing is done where they are there. Rejects with `storage_full` or `unavailable`. */
  put(sha256: string, bytes: Uint8Array): Promise<void>;
  /** The same for what does not fit into memory. Rejects with `bad_request` where the bytes have another hash. */
  putStream(sha256: string, size: number, bytes: AsyncIterable<Uint8Array>): Promise<void>;
  /** Throws `not_found` where there are none, `unavailable` where they cannot be read. */
  read(sha256: string): AsyncIterable<Uint8Array>;
  delete(sha256: string): Promise<void>;
  /** All there are, with when they were written: Unix milliseconds. */
  list(): AsyncIterable<{ sha256: string; at: number }>;
  /** Removes what writers that died before `time` left half done. Resolves with how much. */
  tidy(time: number): Promise<number>;
}

/** The bytes as they pass; throws `bad_request` at their end where they are not what the hash says. */
export async function* hashed(sha256: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const hash = createHash("sha256");
  for await (const chunk of bytes) {
    hash.update(chunk);
    yield chunk;
  }
  if (hash.digest("hex") !== sha256)
    throw new PatchbayError("bad_request", `The bytes are not those of SHA-256 ${sha256}.`);
}

/** The code or the words of a failure, for a sentence. */
export function reason(cause: unknown): string {
  return (cause as NodeJS.ErrnoException).code ?? (cause instanceof Error ? cause.message : String(cause));
}
