import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { parseEnv } from "../process/env.ts";
import { echo } from "../testing/test-app.ts";
import { backup, restore } from "./backup.ts";
import { type Client, openClient } from "./client.ts";
import type { Io } from "./io.ts";

const folder = mkdtempSync(join(tmpdir(), "patchbay-backup-"));
afterAll(() => rmSync(folder, { recursive: true }));

const output: string[] = [];
const io: Io = {
  stdin: { isTTY: false } as Io["stdin"],
  stderr: { isTTY: false } as Io["stderr"],
  out: (text) => void output.push(text),
  err: (text) => void output.push(text),
};

async function at<T>(name: string, work: (client: Client) => Promise<T>): Promise<T> {
  const env = parseEnv({ PATCHBAY_DATA: join(folder, name), PATCHBAY_TOKEN: "0123456789abcdef" });
  const client = await openClient(env, { create: true });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}

test("a backup is written completely or not at all, and is restored into another data folder", async () => {
  const file = join(folder, "instance.tar.gz");
  const phrase = join(folder, "phrase");
  writeFileSync(phrase, "a passphrase of its own\n");
  await at("one", async (client) => {
    await client.call("POST", "/api/agents", { graph: echo });
    await client.call("PUT", "/api/secrets/API_KEY", { value: "a-secret-value" });
    expect(await backup(client, file, { passphraseFile: phrase, runs: true }, io)).toBe(0);
    const before = readFileSync(file);
    writeFileSync(phrase, "short\n");
    await expect(backup(client, file, { passphraseFile: phrase }, io)).rejects.toMatchObject({ code: "bad_request" });
    expect(readFileSync(file).equals(before)).toBe(true);
  });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).not.toContain("instance.tar.gz.part");

  await at("two", async (client) => {
    await expect(restore(client, file, {}, io)).rejects.toThrow(/contains secrets\. Enter its passphrase/);
    await expect(restore(client, file, { passphraseFile: phrase }, io)).rejects.toThrow(/not the passphrase/);
    await expect(restore(client, join(folder, "none"), {}, io)).rejects.toMatchObject({ code: "not_found" });
    writeFileSync(phrase, "a passphrase of its own\n");
    output.length = 0;
    expect(await restore(client, file, { passphraseFile: phrase }, io)).toBe(0);
    expect(output.join("")).toMatch(/agent: 1\n[\s\S]*secrets: 1\n/);
    await expect(restore(client, file, { passphraseFile: phrase }, io)).rejects.toThrow(/not empty/);
    output.length = 0;
    expect(await restore(client, file, { merge: true, withoutSecrets: true }, io)).toBe(0);
    expect(output.join("")).toContain("already present: ");
    expect(existsSync(join(folder, "two", "files"))).toBe(true);
  });
});
