/** Secrets of the server itself (admin token, master key), each in a 0600 file of the data folder. */
import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { PatchbayError } from "../../runtime/error.ts";

/**
 * Reads the file, or creates it with the result of `make`, readable by its owner only. When two processes start at once,
 * one creates the file and the other reads it. Throws `unavailable` when it cannot be read or written.
 */
export function readOrCreate(file: string, make: () => string): string {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    try {
      const handle = openSync(file, "wx", 0o600);
      const value = make();
      try {
        writeSync(handle, `${value}\n`);
        fsyncSync(handle);
      } finally {
        closeSync(handle);
      }
      return value;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const value = readFileSync(file, "utf8").trim();
    if (!value)
      throw new PatchbayError(
        "unavailable",
        `${file} is empty; restore it from a backup, or delete it to create a new one.`,
      );
    chmodSync(file, 0o600);
    return value;
  } catch (error) {
    if (error instanceof PatchbayError) throw error;
    throw new PatchbayError(
      "unavailable",
      `Cannot read or write ${file}: ${(error as Error).message}; fix its permissions or set PATCHBAY_DATA to another folder.`,
      { cause: error },
    );
  }
}
