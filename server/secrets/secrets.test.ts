import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterAll, expect, test } from "vitest";
import { sqliteRecords } from "../stores/sqlite/records.ts";
import { readOrCreate } from "./key-file.ts";
import { openSecrets } from "./secrets.ts";

const folder = mkdtempSync(join(tmpdir(), "patchbay-secrets-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("values are stored encrypted, and only names and last four characters are listed", async () => {
  const file = join(folder, "kept.db");
  const records = await sqliteRecords(file);
  const secrets = await openSecrets(records, "a master key of this test");
  await secrets.set("API_KEY", "sk-very-secret-1234567890");
  await secrets.set("PIN", "1234567");
  expect(await secrets.names()).toMatchObject([
    { name: "API_KEY", last4: "7890" },
    { name: "PIN", last4: "" },
  ]);
  await records.close();
  expect(readFileSync(file).includes("sk-very-secret")).toBe(false);

  const again = await sqliteRecords(file);
  const reopened = await openSecrets(again, "a master key of this test");
  expect(await reopened.get("API_KEY")).toBe("sk-very-secret-1234567890");
  await expect(reopened.get("OTHER")).rejects.toMatchObject({
    code: "secret_missing",
    message: expect.stringContaining("OTHER"),
  });
  expect(await reopened.delete("API_KEY")).toBe(true);
  await expect(reopened.get("API_KEY")).rejects.toMatchObject({ code: "secret_missing" });
  await again.close();
});

test("another master key is refused and changes nothing", async () => {
  const file = join(folder, "key.db");
  const records = await sqliteRecords(file);
  await (await openSecrets(records, "the right key")).set("A", "value-of-a");
  await expect(openSecrets(records, "the wrong key")).rejects.toMatchObject({ code: "unavailable" });
  expect(await (await openSecrets(records, "the right key")).get("A")).toBe("value-of-a");
  await records.close();
});

test("when processes start together for the first time, the key of the first one counts", async () => {
  const records = await sqliteRecords(join(folder, "together.db"));
  const same = await Promise.all([openSecrets(records, "one key"), openSecrets(records, "one key")]);
  await same[0]!.set("A", "value-of-a");
  await records.close();
  const others = await sqliteRecords(join(folder, "apart.db"));
  const opened = await Promise.allSettled([openSecrets(others, "one key"), openSecrets(others, "another key")]);
  expect(opened.map((one) => one.status).sort()).toEqual(["fulfilled", "rejected"]);
  await others.close();
});

test("two swapped rows do not decrypt", async () => {
  const file = join(folder, "swap.db");
  const records = await sqliteRecords(file);
  const secrets = await openSecrets(records, "key");
  await secrets.set("A", "value-of-a");
  await secrets.set("B", "value-of-b");
  await records.close();
  const db = new Database(file);
  const bodies = db.prepare("SELECT id, body FROM records WHERE kind = 'secret' ORDER BY id").all() as {
    id: string;
    body: string;
  }[];
  db.prepare("UPDATE records SET body = ? WHERE kind = 'secret' AND id = 'A'").run(bodies[1]!.body);
  db.prepare("UPDATE records SET body = ? WHERE kind = 'secret' AND id = 'B'").run(bodies[0]!.body);
  db.close();
  const again = await sqliteRecords(file);
  await expect(openSecrets(again, "key")).rejects.toThrow(/"A" does not decrypt/);
  await again.close();
});

test("values are redacted, also when JSON escapes them", async () => {
  const records = await sqliteRecords(join(folder, "redact.db"));
  const secrets = await openSecrets(records, "key");
  await secrets.set("SHORT", "abcdef");
  await secrets.set("LONG", "abcdef-and-more");
  await secrets.set("QUOTED", 'say "hello" to\nme');
  expect(secrets.redact("x abcdef-and-more y abcdef")).toBe("x [secret LONG] y [secret SHORT]");
  const text = secrets.redact(JSON.stringify({ a: 'say "hello" to\nme' }));
  expect(JSON.parse(text)).toEqual({ a: "[secret QUOTED]" });
  await secrets.delete("SHORT");
  expect(secrets.redact("abcdef")).toBe("abcdef");
  await records.close();
});

test("invalid names and values are refused", async () => {
  const records = await sqliteRecords(join(folder, "bad.db"));
  const secrets = await openSecrets(records, "key");
  for (const name of ["", "1A", "a b", "a/b", "__proto__", "x".repeat(129)])
    await expect(secrets.set(name, "value")).rejects.toMatchObject({ code: "bad_request" });
  await expect(secrets.set("A", "")).rejects.toMatchObject({ code: "bad_request" });
  await expect(secrets.set("A", "x".repeat(64 * 1024 + 1))).rejects.toMatchObject({ code: "too_large" });
  await secrets.set("A", "x".repeat(64 * 1024));
  await records.close();
});

test("a key file is created once, readable by its owner only", () => {
  const file = join(folder, "deep", "secrets.key");
  const first = readOrCreate(file, () => "made");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readOrCreate(file, () => "made again")).toBe(first);
  writeFileSync(file, "");
  expect(() => readOrCreate(file, () => "x")).toThrow(/is empty/);
});

test.each([
  ["base64", (value: string) => Buffer.from(value).toString("base64")],
  ["base64url", (value: string) => Buffer.from(value).toString("base64url")],
  ["basic authentication", (value: string) => Buffer.from(`user:${value}`).toString("base64")],
  ["base64 of a longer text", (value: string) => Buffer.from(`{"key": "${value}", "more": 1}`).toString("base64")],
  ["an address", (value: string) => `https://x.test/?key=${encodeURIComponent(value)}&y=1`],
  ["a form", (value: string) => new URLSearchParams({ key: value }).toString()],
  [
    "lower-case percent-encoding",
    (value: string) => encodeURIComponent(value).replaceAll(/%../g, (c) => c.toLowerCase()),
  ],
  ["hexadecimal", (value: string) => Buffer.from(value).toString("hex")],
  ["HTML", (value: string) => value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;")],
  ["JSON in JSON", (value: string) => JSON.stringify({ body: JSON.stringify({ value }) })],
])("in a result of a tool, a secret is redacted also as %s", async (_what, encode) => {
  const records = await sqliteRecords(join(folder, "encoded.db"));
  const secrets = await openSecrets(records, "a master key of this test");
  for (const value of ['s3cr&t +v/lu=?<"x"', "plain-enough-key", "密钥-with-more"]) {
    await secrets.set("KEY", value);
    for (const around of ["", "before ", "xy "]) {
      const text = `${around}${encode(around + value)} after`;
      const clean = secrets.redact(text, { encoded: true });
      expect(clean).toContain("[secret KEY]");
      for (const form of [value, encodeURIComponent(value), Buffer.from(value).toString("base64").slice(2, 14)])
        expect(clean).not.toContain(form);
    }
  }
  expect(secrets.redact("nothing of it, 0123456789abcdef", { encoded: true })).toBe("nothing of it, 0123456789abcdef");
  await records.close();
});

test("in streamed text, a secret is redacted wherever the text is split, and nothing else changes", async () => {
  const records = await sqliteRecords(join(folder, "streamed.db"));
  const secrets = await openSecrets(records, "a master key of this test");
  const value = "sk-sk-abc/+123";
  await secrets.set("KEY", value);
  const parts = ["sk-", value, " so sk-sk-abc/+12 is none; ", encodeURIComponent(value), "sk-sk-ab"];
  const text = parts.join("");
  const expected = `sk-[secret KEY] so sk-sk-abc/+12 is none; [secret KEY]sk-sk-ab`;
  const streamed = (pieces: string[]) => {
    const redactor = secrets.redactor();
    return [...pieces.map((piece) => redactor.push(piece)), redactor.end()].join("");
  };
  expect(secrets.redact(text, { encoded: true })).toBe(expected);
  for (let at = 0; at <= text.length; at++) {
    expect(streamed([text.slice(0, at), text.slice(at)])).toBe(expected);
    if (at > 0) expect(streamed(text.match(new RegExp(`.{1,${at}}`, "g"))!)).toBe(expected);
  }
  // Text that cannot become a secret is not held back.
  expect(secrets.redactor().push("Hello, wor")).toBe("Hello, wor");
  await secrets.delete("KEY");
  expect(secrets.redactor().push("sk-sk")).toBe("sk-sk");
  await records.close();
});
