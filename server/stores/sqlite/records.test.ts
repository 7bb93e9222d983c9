import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, describe, expect, test } from "vitest";
import { recordsContract } from "../contracts/records.contract.ts";
import { sqliteRecords } from "./records.ts";

const folder = mkdtempSync(join(tmpdir(), "patchbay-records-"));
afterAll(() => rmSync(folder, { recursive: true }));

recordsContract("SQLite", async () => {
  const records = sqliteRecords(join(folder, "contract.db"));
  return { records, done: () => records.close() };
});

describe("opening a file", () => {
  test("what was stored is there after it is opened again", async () => {
    const file = join(folder, "again.db");
    const first = sqliteRecords(file);
    await first.put("note", "a", { n: 1 });
    await first.close();
    const second = sqliteRecords(file);
    expect((await second.get("note", "a"))?.body).toEqual({ n: 1 });
    await second.close();
  });

  test("a newer schema is refused and left as it is", () => {
    const file = join(folder, "newer.db");
    const db = new Database(file);
    db.pragma("user_version = 99");
    db.close();
    expect(() => sqliteRecords(file)).toThrow(/newer Patchbay/);
    const again = new Database(file);
    expect(again.pragma("user_version", { simple: true })).toBe(99);
    again.close();
  });

  test("a file that is no database is refused and left as it is", () => {
    const file = join(folder, "not-a.db");
    const text =
      "this is no database, but a text that is long enough to be looked at by SQLite as a header page.".repeat(20);
    writeFileSync(file, text);
    expect(() => sqliteRecords(file)).toThrow(/damaged/);
  });

  test.skipIf(process.getuid?.() === 0)("a folder that cannot be written is named", () => {
    const locked = mkdtempSync(join(folder, "locked-"));
    chmodSync(locked, 0o500);
    expect(() => sqliteRecords(join(locked, "x.db"))).toThrow(/cannot be written/);
  });

  test("a path that leads through a file is named", () => {
    writeFileSync(join(folder, "file"), "");
    expect(() => sqliteRecords(join(folder, "file", "x.db"))).toThrow(/leads through a file/);
  });
});
