/** Opens the SQLite files. What goes wrong is told in one line that names the file. */
import { accessSync, constants, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { PatchbayError } from "../../../runtime/error.ts";
import { faultPoint } from "../../process/fault.ts";

/** Larger files are not looked through at each start; a damaged page of theirs is told when it is read. */
const CHECKED_BYTES = 64 * 2 ** 20;

/**
 * Opens or creates a database in WAL mode with full sync (a commit survives a power cut) and brings its schema up to
 * `migrations.length`, each migration in one transaction. Throws `unavailable` when the folder cannot be written, the
 * file is damaged, or it was written by a newer Patchbay; the file is then left as it is.
 */
export function openSqlite(
  file: string,
  migrations: string[],
  options: { readonly?: boolean } = {},
): Database.Database {
  let db: Database.Database | undefined;
  try {
    mkdirSync(dirname(file), { recursive: true });
    accessSync(dirname(file), constants.W_OK | constants.R_OK);
    db = new Database(file, { readonly: options.readonly ?? false, timeout: 5000 });
    db.pragma("busy_timeout = 5000");
    if (options.readonly) return db;
    const stands = db.pragma("user_version", { simple: true }) as number;
    if (stands > migrations.length)
      throw new PatchbayError(
        "unavailable",
        `${file} was written by a newer Patchbay (schema ${stands}, this one knows ${migrations.length}); start that version, or use another PATCHBAY_DATA.`,
      );
    if (stands > 0 && statSync(file).size <= CHECKED_BYTES) {
      const found = db.pragma("quick_check(1)", { simple: true }) as string;
      if (found !== "ok")
        throw new PatchbayError(
          "unavailable",
          `Cannot open ${file}: the file is damaged (${found.split("\n")[0]}); restore it from a backup. It was not changed.`,
        );
    }
    db.pragma("journal_mode = WAL");
    db.pragma("synchronous = FULL");
    db.pragma("foreign_keys = ON");
    for (let version = stands; version < migrations.length; version++) {
      const open = db;
      open
        .transaction(() => {
          open.exec(migrations[version]!);
          faultPoint("mid-migration");
          open.pragma(`user_version = ${version + 1}`);
        })
        .immediate();
    }
    return db;
  } catch (error) {
    db?.close();
    if (error instanceof PatchbayError) throw error;
    throw new PatchbayError("unavailable", `Cannot open ${file}: ${openFailure(error)}`, { cause: error });
  }
}

function openFailure(error: unknown): string {
  const code = codeOf(error);
  if (
    code === "EACCES" ||
    code === "EPERM" ||
    code === "EROFS" ||
    code.startsWith("SQLITE_READONLY") ||
    code === "SQLITE_CANTOPEN"
  )
    return "the folder cannot be written; mend its permissions or set PATCHBAY_DATA to another folder.";
  if (code === "ENOSPC" || code === "SQLITE_FULL") return "the disk is full.";
  if (code.startsWith("SQLITE_CORRUPT") || code === "SQLITE_NOTADB")
    return "the file is damaged; restore it from a backup. It was not changed.";
  if (code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_LOCKED"))
    return "another process holds it; stop that one first.";
  if (code === "ENOTDIR" || code === "EEXIST") return "the data folder's path leads through a file.";
  return error instanceof Error ? `${error.message}.` : String(error);
}

/** A failed read or write as what a caller is told: `storage_full` or `unavailable`; `PatchbayError`s as they are. */
export function storageError(error: unknown): PatchbayError {
  if (error instanceof PatchbayError) return error;
  const code = codeOf(error);
  if (code === "SQLITE_FULL" || code === "ENOSPC" || code === "SQLITE_IOERR_WRITE")
    return new PatchbayError("storage_full", "The disk is full: nothing more can be stored until there is room.", {
      cause: error,
    });
  if (code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_LOCKED"))
    return new PatchbayError("unavailable", "Another process holds the database; try again.", {
      cause: error,
      retryAfter: 2,
    });
  return new PatchbayError("unavailable", `The store failed (${code || "no code"}); the server's log says more.`, {
    cause: error,
  });
}

function codeOf(error: unknown): string {
  return error !== null && typeof error === "object" && "code" in error ? String(error.code) : "";
}
