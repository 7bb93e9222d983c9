import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { makePrivate, openDataFolder } from "./private-files.ts";

const root = mkdtempSync(join(tmpdir(), "patchbay-private-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);

test("a data folder is closed to other users, a new one and one of an older version", () => {
  openDataFolder(join(root, "deep", "new"));
  expect(mode(join(root, "deep", "new"))).toBe("700");
  const old = join(root, "old");
  mkdirSync(old);
  chmodSync(old, 0o755);
  writeFileSync(join(old, "runs.db"), "");
  chmodSync(join(old, "runs.db"), 0o644);
  openDataFolder(old);
  makePrivate(join(old, "runs.db"));
  expect([mode(old), mode(join(old, "runs.db"))]).toEqual(["700", "600"]);
  makePrivate(join(old, "none"));
});

test("a folder that cannot be created is one line that names it", () => {
  writeFileSync(join(root, "file"), "");
  const path = join(root, "file", "data");
  expect(() => openDataFolder(path)).toThrow(
    expect.objectContaining({
      code: "unavailable",
      message: expect.stringMatching(/file\/data cannot.*PATCHBAY_DATA/),
    }),
  );
});
