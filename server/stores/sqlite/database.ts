/** Opens the SQLite files. An error is one line that names the file. */
import { accessSync, constants, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { SqliteAdapter, SqliteDialect } from "kysely";
import { PatchbayError } from "../../../runtime/error.ts";
import { makePrivate } from "../../process/private-files.ts";
import { migrateToLatest } from "../migrate.ts";

/** Larger files are not checked at each start; reading a damaged page reports it. */
const CHECKED_BYTES = 64 * 2 ** 20;

/** Larger files stay as they are: rewriting one would delay the start. */
const REWRITTEN_BYTES = 2 ** 30;

/**
 * Opens or creates a database and applies `migrations`. `shrinks`: deleted pages can be returned to the disk with
 * `incremental_vacuum`. Rejects as `connectSqlite` throws.
 */
export async function openSqlite(
  file: string,
  migrations: readonly string[],
  { shrinks = false } = {},
): Promise<Database.Database> {
  const db = connectSqlite(file, { newest: migrations.length });
  try {
    if (shrinks) enableShrinking(db, file);
    await migrateToLatest({
      migrations,
      dialect: new TransactionalSqlite({ database: db }),
      run: (sql) => db.exec(sql),
      version: () => versionOf(db),
      setVersion: (version) => db.pragma(`user_version = ${version}`),
    });
    return db;
  } catch (error) {
    db.close();
    throw openError(file, error);
  }
}

/**
 * Connects to a database in WAL mode with full sync (a commit survives a power cut), and creates it unless `readonly`.
 * Throws `unavailable` when the folder cannot be written, the file is damaged, or its schema is newer than `newest`;
 * the file is then left as it is.
 */
export function connectSqlite(
  file: string,
  { readonly = false, newest }: { readonly?: boolean; newest?: number } = {},
): Database.Database {
  let db: Database.Database | undefined;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    accessSync(dirname(file), constants.W_OK | constants.R_OK);
    db = new Database(file, { readonly, timeout: 5000 });
    if (readonly) return db;
    // SQLite gives its journal files the permissions of the database.
    makePrivate(file);
    if (newest !== undefined) checkFile(db, file, newest);
    db.pragma("journal_mode = WAL");
    db.pragma("synchronous = FULL");
    db.pragma("foreign_keys = ON");
    return db;
  } catch (error) {
    db?.close();
    throw openError(file, error);
  }
}

function enableShrinking(db: Database.Database, file: string): void {
  if (db.pragma("auto_vacuum", { simple: true }) !== 0 || statSync(file).size > REWRITTEN_BYTES) return;
  db.pragma("auto_vacuum = INCREMENTAL");
  try {
    // Applies the pragma to a file that has tables already.
    db.exec("VACUUM");
  } catch {
    // A full disk, or another process that reads: the next start tries again.
  }
}

function versionOf(db: Database.Database): number {
  return db.pragma("user_version", { simple: true }) as number;
}

/** Throws when the file is from a newer Patchbay, or damaged. */
function checkFile(db: Database.Database, file: string, newest: number): void {
  const version = versionOf(db);
  if (version > newest)
    throw new PatchbayError(
      "unavailable",
      `${file} was written by a newer Patchbay (schema ${version}, this one knows ${newest}); start that version, or use another PATCHBAY_DATA.`,
    );
  if (version === 0 || statSync(file).size > CHECKED_BYTES) return;
  const found = db.pragma("quick_check(1)", { simple: true }) as string;
  if (found !== "ok")
    throw new PatchbayError(
      "unavailable",
      `Cannot open ${file}: the file is damaged (${found.split("\n")[0]}); restore it from a backup. It was not changed.`,
    );
}

/** kysely assumes that SQLite cannot undo schema changes. It can, except for some pragmas that no migration uses. */
class TransactionalSqlite extends SqliteDialect {
  override createAdapter(): SqliteAdapter {
    return new (class extends SqliteAdapter {
      override get supportsTransactionalDdl(): boolean {
        return true;
      }
    })();
  }
}

function openError(file: string, error: unknown): PatchbayError {
  if (error instanceof PatchbayError) return error;
  return new PatchbayError("unavailable", `Cannot open ${file}: ${openFailure(error)}`, { cause: error });
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
    return "the folder cannot be written; fix its permissions or set PATCHBAY_DATA to another folder.";
  if (code === "ENOSPC" || code === "SQLITE_FULL") return "the disk is full.";
  if (code.startsWith("SQLITE_CORRUPT") || code === "SQLITE_NOTADB")
    return "the file is damaged; restore it from a backup. It was not changed.";
  if (code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_LOCKED"))
    return "another process uses it; stop that process first.";
  if (code === "ENOTDIR" || code === "EEXIST") return "the data folder's path leads through a file.";
  return error instanceof Error ? `${error.message}.` : String(error);
}

/** The error for the caller: `storage_full` or `unavailable`. A `PatchbayError` is returned unchanged. */
export function storageError(error: unknown): PatchbayError {
  if (error instanceof PatchbayError) return error;
  const code = codeOf(error);
  if (code === "SQLITE_FULL" || code === "ENOSPC" || code === "SQLITE_IOERR_WRITE")
    return new PatchbayError("storage_full", "The disk is full. Free some space; until then nothing can be stored.", {
      cause: error,
    });
  if (code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_LOCKED"))
    return new PatchbayError("unavailable", "Another process uses the database; try again.", {
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
