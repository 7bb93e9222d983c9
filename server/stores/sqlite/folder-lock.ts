/** One process at a time on a data folder: two would each take up the other's runs. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { PatchbayError } from "../../../runtime/error.ts";
import { storageError } from "./database.ts";

/** A process that is just ending gives its folder up within this time. */
const PATIENCE_MS = 5000;

/**
 * Takes the folder for this process until `release` is called or the process ends, however it ends: the lock is the
 * operating system's, held through SQLite. Throws `unavailable` in one line while another process has it, and where
 * the folder cannot be written.
 */
export function lockFolder(folder: string, patienceMs = PATIENCE_MS): { release(): void } {
  const file = join(folder, "lock");
  const note = join(folder, "lock.pid");
  let db: Database.Database | undefined;
  try {
    mkdirSync(folder, { recursive: true });
    db = new Database(file, { timeout: patienceMs });
    db.exec("BEGIN EXCLUSIVE");
    writeFileSync(note, `${process.pid}\n`);
  } catch (error) {
    db?.close();
    const { code, message } = error as { code?: string; message: string };
    if (code?.startsWith("SQLITE_BUSY"))
      throw new PatchbayError(
        "unavailable",
        `Another Patchbay${holder(note)} works on ${folder}; stop it first, or set PATCHBAY_DATA to another folder.`,
        { cause: error },
      );
    if (code === "SQLITE_FULL" || code === "ENOSPC") throw storageError(error);
    throw new PatchbayError(
      "unavailable",
      `The data folder ${folder} cannot be used (${message}); fix its permissions, or set PATCHBAY_DATA to another folder.`,
      { cause: error },
    );
  }
  const held = db;
  return {
    release() {
      if (!held.open) return;
      rmSync(note, { force: true });
      held.close();
    },
  };
}

function holder(note: string): string {
  try {
    return ` (process ${readFileSync(note, "utf8").trim()})`;
  } catch {
    return "";
  }
}
