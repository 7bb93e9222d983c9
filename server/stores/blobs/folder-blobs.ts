/**
 * Blobs in a folder: `blobs/ab/abcd…`, written to `tmp/` and renamed, so that a reader never sees a partial one. A crash
 * leaves at most a temporary file.
 */
import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { PatchbayError } from "../../../runtime/error.ts";
import { faultPoint } from "../../process/fault.ts";
import { type Blobs, reason, verified } from "./blobs.ts";

export async function openFolderBlobs(folder: string): Promise<Blobs> {
  await mkdir(join(folder, "tmp"), { recursive: true }).catch((cause: unknown) => {
    throw new PatchbayError("unavailable", `The folder for files cannot be created: ${folder} (${reason(cause)}).`, {
      cause,
    });
  });
  return new FolderBlobs(folder);
}

class FolderBlobs implements Blobs {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  put(sha256: string, bytes: Uint8Array): Promise<void> {
    return this.#write(sha256, bytes.byteLength, (file) => file.writeFile(bytes));
  }

  putStream(sha256: string, size: number, bytes: AsyncIterable<Uint8Array>): Promise<void> {
    return this.#write(sha256, size, (file) => file.writeFile(verified(sha256, bytes)));
  }

  async *read(sha256: string): AsyncGenerator<Uint8Array> {
    try {
      yield* createReadStream(this.#path(sha256), { highWaterMark: 256 * 1024 });
    } catch (cause) {
      throw new PatchbayError(
        (cause as NodeJS.ErrnoException).code === "ENOENT" ? "not_found" : "unavailable",
        `The bytes ${sha256.slice(0, 12)}… cannot be read (${reason(cause)}).`,
        { cause },
      );
    }
  }

  async delete(sha256: string): Promise<void> {
    await rm(this.#path(sha256), { force: true });
  }

  async *list(): AsyncGenerator<{ sha256: string; at: number }> {
    for (const prefix of await entries(join(this.#folder, "blobs")))
      for (const sha256 of await entries(join(this.#folder, "blobs", prefix))) {
        const found = await stat(this.#path(sha256)).catch(() => undefined);
        if (found) yield { sha256, at: found.mtimeMs };
      }
  }

  async removePartial(time: number): Promise<number> {
    let removed = 0;
    for (const name of await entries(join(this.#folder, "tmp"))) {
      const path = join(this.#folder, "tmp", name);
      const found = await stat(path).catch(() => undefined);
      if (!found || found.mtimeMs >= time) continue;
      await rm(path, { force: true });
      removed++;
    }
    return removed;
  }

  async #write(sha256: string, size: number, write: (file: FileHandle) => Promise<void>): Promise<void> {
    const path = this.#path(sha256);
    const existing = await stat(path).catch(() => undefined);
    if (existing?.size === size) return;
    const temporary = join(this.#folder, "tmp", randomUUID());
    try {
      const file = await open(temporary, "wx", 0o600);
      try {
        await write(file);
        await file.sync();
        faultPoint("mid-upload");
      } finally {
        await file.close();
      }
      await mkdir(join(this.#folder, "blobs", sha256.slice(0, 2)), { recursive: true });
      await rename(temporary, path);
    } catch (cause) {
      await rm(temporary, { force: true });
      if (cause instanceof PatchbayError) throw cause;
      const full = (cause as NodeJS.ErrnoException).code === "ENOSPC";
      throw new PatchbayError(
        full ? "storage_full" : "unavailable",
        full
          ? "The disk is full: the file was not stored. Free some space and send it again."
          : `The file was not stored (${reason(cause)}).`,
        { cause },
      );
    }
  }

  #path(sha256: string): string {
    return join(this.#folder, "blobs", sha256.slice(0, 2), sha256);
  }
}

async function entries(folder: string): Promise<string[]> {
  return await readdir(folder).catch(() => []);
}
