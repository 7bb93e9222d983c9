import type { FileRef } from "../../runtime/message.ts";

export interface Files {
  put(file: { mediaType: string; name: string; bytes: Uint8Array; owner?: string }): Promise<FileRef>;
  /** Rejects with `not_found`. `owner`: the key that uploaded it; absent for the admin's. */
  get(id: string): Promise<{ ref: FileRef; bytes: Uint8Array; owner?: string }>;
  delete(id: string): Promise<boolean>;
}
