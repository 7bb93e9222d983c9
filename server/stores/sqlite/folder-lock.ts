/** Locks a data folder for one process: two processes would resume each other's runs. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { PatchbayError } from "../../../runtime/error.ts";
import { makePrivate } from "../../process/private-files.ts";
import { storageError } from "./database.ts";

/** A process that is stopping releases its folder within this time. */
const PATIENCE_MS = 5000;

/**
 * Locks the folder until `release` is called or the process ends in any way: SQLite holds a lock of the operating system.
 * Throws `unavailable` with one line while another process has the lock, or when the folder cannot be written.
 */
export function lockFolder(folder: string, patienceMs = PATIENCE_MS): { release(): void } {
  const file = join(folder, "lock");
  const note = join(folder, "lock.pid");
  let db: Database.Database | undefined;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    db = new Database(file, { timeout: patienceMs });
    makePrivate(file);
    db.exec("BEGIN EXCLUSIVE");
    writeFileSync(note, `${process.pid}\n`, { mode: 0o600 });
  } catch (error) {
    db?.close();
    const { code, message } = error as { code?: string; message: string };
    if (code?.startsWith("SQLITE_BUSY"))
      throw new PatchbayError(
        "unavailable",
        `Another Patchbay${holder(note)} uses ${folder}; stop it first, or set PATCHBAY_DATA to another folder.`,
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
