import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Client, openClient } from "../cli/client.ts";
import { processes } from "../cli/doctor/instance.ts";
import { type Opened, openServices } from "../open-services.ts";
import { parseEnv } from "../process/env.ts";
import { startPostgres, type TestPostgres, withoutPostgres } from "../testing/postgres.ts";
import { testApp } from "../testing/test-app.ts";

test("a single process is ready, without a sign-in", async () => {
  const app = await testApp();
  try {
    expect(await app.json("GET", "/readyz", { token: null })).toEqual({ ok: true, processes: { all: 1 } });
  } finally {
    await app.close();
  }
});

describe.skipIf(withoutPostgres())("with PostgreSQL", () => {
  const folder = mkdtempSync(join(tmpdir(), "patchbay-ready-"));
  let postgres: TestPostgres;
  let web: Opened;
  let client: Client;
  const env = (url: string) =>
    parseEnv({
      PATCHBAY_DATA: mkdtempSync(join(folder, "data-")),
      PATCHBAY_DATABASE_URL: url,
      PATCHBAY_SECRETS_KEY: "a key that all replicas share, as they must",
    });
  let url: string;
  beforeAll(async () => {
    postgres = await startPostgres();
    url = await postgres.database();
    web = await openServices(env(url), "web");
    await web.start();
    client = await openClient(env(url));
  }, 60_000);
  afterAll(async () => {
    await client?.close();
    await web?.stop();
    await postgres?.close();
    rmSync(folder, { recursive: true, force: true });
  }, 60_000);

  test("the living processes are seen, and doctor says that none executes runs", async () => {
    const { readiness } = web.services;
    const soon = { timeout: 8_000, interval: 20 };
    // A command is not a process that executes runs.
    await expect.poll(readiness, soon).toEqual({ ok: true, processes: { web: 1 } });
    await expect
      .poll(async () => (await processes(client))[0], soon)
      .toMatchObject({
        state: "bad",
        text: expect.stringContaining("No process executes runs"),
      });
    const worker = await openServices(env(url), "worker");
    await expect.poll(readiness, soon).toEqual({ ok: true, processes: { web: 1, worker: 1 } });
    await expect.poll(async () => (await processes(client))[0]?.state, soon).toBe("ok");
    await worker.stop();
    await expect.poll(readiness, soon).toEqual({ ok: true, processes: { web: 1 } });
  }, 30_000);

  test("a database that is gone is not ready, and it is ready again when it is back", async () => {
    const { readiness } = web.services;
    await postgres.stopServer();
    expect(await readiness()).toMatchObject({ ok: false, reason: expect.stringContaining("database") });
    const { text } = await web.services.metrics.read();
    expect(text).toContain("patchbay_runs_live 0");
    expect(text).not.toMatch(/patchbay_runs_open\{/);
    await postgres.startServer();
    await expect.poll(async () => (await readiness()).ok, { timeout: 20_000, interval: 100 }).toBe(true);
  }, 60_000);
});
