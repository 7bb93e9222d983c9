import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, describe, expect, test } from "vitest";
import { recordsContract } from "../contracts/records.contract.ts";
import { openSqlite } from "./database.ts";
import { SQLITE_RECORDS, sqliteRecords } from "./records.ts";

const folder = mkdtempSync(join(tmpdir(), "patchbay-records-"));
afterAll(() => rmSync(folder, { recursive: true }));

recordsContract("SQLite", async () => {
  const records = await sqliteRecords(join(folder, "contract.db"));
  return { records, done: () => records.close() };
});

describe("opening a file", () => {
  test("records are kept when it is opened again", async () => {
    const file = join(folder, "again.db");
    const first = await sqliteRecords(file);
    await first.put("note", "a", { n: 1 });
    await first.close();
    const second = await sqliteRecords(file);
    expect((await second.get("note", "a"))?.body).toEqual({ n: 1 });
    await second.close();
  });

  test("a newer schema is refused and not changed", async () => {
    const file = join(folder, "newer.db");
    const db = new Database(file);
    db.pragma("user_version = 99");
    db.close();
    await expect(sqliteRecords(file)).rejects.toThrow(/newer Patchbay/);
    const again = new Database(file);
    expect(again.pragma("user_version", { simple: true })).toBe(99);
    again.close();
  });

  test("a file from before the migrator is opened, and its migrations are not applied again", async () => {
    const file = join(folder, "before.db");
    const old = new Database(file);
    old.exec(SQLITE_RECORDS[0]!);
    old.exec("INSERT INTO records VALUES (1, 'note', 'a', NULL, 1, '{\"n\":1}', 1, 1)");
    old.pragma("user_version = 1");
    old.close();
    for (let start = 0; start < 2; start++) {
      const records = await sqliteRecords(file);
      expect((await records.get("note", "a"))?.body).toEqual({ n: 1 });
      await records.close();
    }
    const after = new Database(file);
    expect(after.prepare("SELECT name FROM kysely_migration").all()).toEqual([{ name: "0001" }]);
    after.close();
  });

  test("a migration that fails changes nothing", async () => {
    const file = join(folder, "fails.db");
    const broken = [...SQLITE_RECORDS, "CREATE TABLE extra (n INTEGER); CREATE TABLE records (n INTEGER)"];
    await expect(openSqlite(file, broken)).rejects.toThrow(/table records already exists/);
    const records = await sqliteRecords(file);
    await records.put("note", "a", { n: 1 });
    await records.close();
    (await openSqlite(file, [...SQLITE_RECORDS, "CREATE TABLE extra (n INTEGER)"])).close();
    await expect(sqliteRecords(file)).rejects.toThrow(/newer Patchbay \(schema 2, this one knows 1\)/);
  });

  test("a file that is not a database is refused and not changed", async () => {
    const file = join(folder, "not-a.db");
    const text =
      "this is not a database, but a text that is long enough for SQLite to read it as a header page.".repeat(20);
    writeFileSync(file, text);
    await expect(sqliteRecords(file)).rejects.toThrow(/damaged/);
  });

  test.skipIf(process.getuid?.() === 0)("an error names a folder that cannot be written", async () => {
    const locked = mkdtempSync(join(folder, "locked-"));
    chmodSync(locked, 0o500);
    await expect(sqliteRecords(join(locked, "x.db"))).rejects.toThrow(/cannot be written/);
  });

  test("an error names a path that leads through a file", async () => {
    writeFileSync(join(folder, "file"), "");
    await expect(sqliteRecords(join(folder, "file", "x.db"))).rejects.toThrow(/leads through a file/);
  });
});
