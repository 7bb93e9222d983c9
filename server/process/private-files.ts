/** Keeps the data folder and its files readable by their owner only: they contain prompts, uploads and secrets. */
import { chmodSync, mkdirSync, statSync } from "node:fs";
import { PatchbayError } from "../../runtime/error.ts";

/** Creates the data folder if it does not exist, and closes it to other users. Throws `unavailable` with one line. */
export function openDataFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new PatchbayError(
      "unavailable",
      `The data folder ${folder} cannot be created (${(cause as Error).message}); fix its permissions, or set PATCHBAY_DATA to another folder.`,
      { cause },
    );
  }
  makePrivate(folder);
}

/** Removes the permissions of group and others. Ignores a file that belongs to another user, such as a mounted volume. */
export function makePrivate(path: string): void {
  try {
    const { mode } = statSync(path);
    if ((mode & 0o077) !== 0) chmodSync(path, mode & 0o700);
  } catch {
    // Only the owner may change permissions.
  }
}
