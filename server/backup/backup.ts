/** Backup and restore of this instance, for the routes and the command line. */
import { randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";
import { PatchbayError } from "../../runtime/error.ts";
import type { RestoreReport } from "../contract/backup.ts";
import { type RestoreDeps, type RestoreOptions, restoreBackup } from "./restore.ts";
import { type BackupOptions, writeBackup } from "./write.ts";

export interface Backup {
  /** The bytes of a backup of the current state; see `writeBackup`. */
  write(options: BackupOptions): Promise<Readable>;
  /**
   * Receives a whole backup, then restores it; see `restoreBackup`. An abort has no effect after the records are added.
   * Rejects with `conflict` while another backup is being restored.
   */
  restore(source: ReadableStream<Uint8Array>, options: RestoreOptions, signal: AbortSignal): Promise<RestoreReport>;
}

/** Age at which partial uploads of a process that died are removed. */
const ABANDONED_MS = 24 * 3600_000;

/** `folder`: for uploaded backups while they are checked. */
export function createBackup(deps: RestoreDeps, folder: string): Backup {
  let busy = false;

  async function removeAbandoned(): Promise<void> {
    for (const name of await readdir(folder).catch(() => [])) {
      const path = join(folder, name);
      const found = await stat(path).catch(() => undefined);
      if (found && deps.now() - found.mtimeMs > ABANDONED_MS) await rm(path, { force: true });
    }
  }

  return {
    write: (options) => writeBackup(deps, options),
    async restore(source, options, signal) {
      if (busy)
        throw new PatchbayError("conflict", "Another backup is being restored here; wait for it to end.", {
          retryAfter: 10,
        });
      busy = true;
      const path = join(folder, `${randomUUID()}.tar.gz`);
      try {
        await mkdir(folder, { recursive: true });
        await removeAbandoned();
        await pipeline(Readable.fromWeb(source), createWriteStream(path, { mode: 0o600 }), { signal });
        return await restoreBackup(deps, path, options, signal);
      } catch (error) {
        if (error instanceof PatchbayError) throw error;
        if (signal.aborted) throw new PatchbayError("cancelled", "The restore was cancelled. Nothing was changed.");
        if ((error as NodeJS.ErrnoException).code === "ENOSPC")
          throw new PatchbayError("storage_full", "The disk has no space for the backup. Nothing was changed.");
        throw error;
      } finally {
        busy = false;
        await rm(path, { force: true });
      }
    },
  };
}
