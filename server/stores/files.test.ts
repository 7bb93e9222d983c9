import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { createFiles } from "./files.ts";
import { sqliteRecords } from "./records.ts";

const folder = mkdtempSync(join(tmpdir(), "patchbay-files-"));
const records = sqliteRecords(join(folder, "records.db"));
afterAll(async () => {
  await records.close();
  rmSync(folder, { recursive: true });
});

const bytes = (text: string) => new TextEncoder().encode(text);
const blobs = (root: string) =>
  readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length;

test("the same bytes lie on disk once and stay while one name for them is left", async () => {
  const root = join(folder, "once");
  const files = await createFiles(root, records);
  const [a, b] = await Promise.all([
    files.put({ mediaType: "text/plain", name: "a.txt", bytes: bytes("same") }),
    files.put({ mediaType: "text/plain", name: "b.txt", bytes: bytes("same"), owner: "key_1" }),
  ]);
  expect(blobs(root)).toBe(1);
  expect(await files.delete(a.id)).toBe(true);
  expect(await files.delete(a.id)).toBe(false);
  const kept = await files.get(b.id);
  expect(kept).toMatchObject({ ref: { name: "b.txt", mediaType: "text/plain", bytes: 4 }, owner: "key_1" });
  expect(Buffer.from(kept.bytes).toString()).toBe("same");
  expect(await files.delete(b.id)).toBe(true);
  expect(blobs(root)).toBe(0);
  await expect(files.get(b.id)).rejects.toMatchObject({ code: "not_found" });
});

test("a name is a name and no path", async () => {
  const files = await createFiles(join(folder, "names"), records);
  const put = async (name: string) => (await files.put({ mediaType: "", name, bytes: bytes(name) })).name;
  expect(await put("../../etc/passwd")).toBe("passwd");
  expect(await put("C:\\x\\手册.md")).toBe("手册.md");
  expect(await put("a\u0000\u202eb\n.txt")).toBe("ab.txt");
  expect(await put("")).toBe("file");
  expect(await put("x".repeat(999))).toHaveLength(255);
});

test("the sweep takes what a crash left and nothing else", async () => {
  const root = join(folder, "sweep");
  const files = await createFiles(root, records);
  const kept = await files.put({ mediaType: "text/plain", name: "kept", bytes: bytes("kept") });
  writeFileSync(join(root, "tmp", "half"), "hal");
  writeFileSync(join(root, "tmp", "fresh"), "on its way");
  await files.put({ mediaType: "text/plain", name: "other", bytes: bytes("other") });
  const orphan = await files.put({ mediaType: "text/plain", name: "orphan", bytes: bytes("orphan") });
  await records.delete("file", orphan.id);
  const old = new Date(Date.now() - 2 * 3600_000);
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true }))
    if (entry.isFile() && entry.name !== "fresh") utimesSync(join(entry.parentPath, entry.name), old, old);
  expect(await files.sweep()).toBe(2);
  expect(Buffer.from((await files.get(kept.id)).bytes).toString()).toBe("kept");
  expect(readdirSync(join(root, "tmp"))).toEqual(["fresh"]);
});

test("an address instead of a folder is refused in words", async () => {
  await expect(createFiles("s3://bucket/files", records)).rejects.toThrow(/keeps files in a folder/);
});
