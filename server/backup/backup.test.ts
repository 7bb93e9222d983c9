/** Whole instances, backed up and restored through the API. */
import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RestoreReport } from "../contract/backup.ts";
import { createLogger } from "../telemetry/logger.ts";
import { postgresBin, startPostgres, type TestPostgres } from "../testing/postgres.ts";
import { all, chat, echo, type TestApp, testApp } from "../testing/test-app.ts";

const PASSPHRASE = "a long passphrase 中文";
const apps: TestApp[] = [];
let postgres: TestPostgres | undefined;
async function fresh(env: Record<string, string> = {}): Promise<TestApp> {
  const app = await testApp({ env, mock: { tools: false } });
  apps.push(app);
  return app;
}

interface Kit {
  app: TestApp;
  agent: string;
  key: string;
  run: string;
}

/** Fills an instance with records of many kinds. */
async function fill(app: TestApp): Promise<Kit> {
  const { id: agent } = await app.publish(chat({ name: "Helper" }), "helper");
  const { revision } = await app.json<{ revision: number }>("GET", `/api/agents/${agent}`);
  await app.json("PUT", `/api/agents/${agent}`, {
    body: { graph: { ...chat({ name: "Helper 2" }), description: "changed" } },
    headers: { "if-match": `"${revision}"` },
  });
  await app.json("PATCH", `/api/agents/${agent}`, { body: { folder: "Team", tags: ["mail"] } });
  const { key } = await app.key();
  const { id: run } = await app.json<{ id: string }>("POST", "/v1/agents/helper/runs", {
    token: key,
    body: { input: { message: "before the backup" } },
  });
  await app.json("POST", `/api/runs/${run}/rating`, { body: { score: 1, comment: "good" }, status: 204 });
  await app.json("PUT", "/api/secrets/API_KEY", { body: { value: "the-value-of-the-secret" } });
  await app.json("POST", "/api/knowledge", { body: { name: "handbook" }, status: 201 });
  const text = "Every employee has fifteen days of paid leave a year.";
  const { documents } = await app.json<{ documents: { task: string }[] }>("POST", "/api/knowledge/handbook/documents", {
    body: { title: "leave.md", text },
    status: 202,
  });
  await done(app, documents[0]!.task);
  await app.json("POST", "/api/mcp-servers", {
    body: { name: "files", command: "a-command", args: ["x"], env: { TOKEN: "an-mcp-token-value" } },
    status: 201,
  });
  return { app, agent, key, run };
}

async function done({ services }: TestApp, id: string): Promise<void> {
  await new Promise<void>((resolve) => {
    const look = async () => {
      if ((await services.tasks.get(id))?.status !== "done") return;
      stop();
      resolve();
    };
    const stop = services.tasks.watch(id, look);
    void look();
  });
}

async function backupOf(app: TestApp, body: object = {}): Promise<Uint8Array> {
  const answer = await app.request("POST", "/api/backup", { body });
  expect(answer.status).toBe(200);
  return new Uint8Array(await answer.arrayBuffer());
}

async function restoreInto(app: TestApp, bytes: Uint8Array, query = "", passphrase?: string): Promise<Response> {
  const body = new ReadableStream({
    start(controller) {
      for (let i = 0; i < bytes.byteLength; i += 10_000) controller.enqueue(bytes.slice(i, i + 10_000));
      controller.close();
    },
  });
  return await app.request("POST", `/api/restore?${query}`, {
    body,
    headers: {
      "content-type": "application/gzip",
      ...(passphrase && { "x-backup-passphrase": encodeURIComponent(passphrase) }),
    },
  });
}

async function records(app: TestApp): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  for (const page of await all(app.services.records.snapshot()))
    for (const { kind, id, ...rest } of page)
      if (!/^(?:task|mirror|secret|mcp-server|knowledge$)/.test(kind)) found[`${kind} ${id}`] = rest;
  return found;
}

beforeAll(async () => {
  if (postgresBin()) postgres = await startPostgres(["fsync=off"]);
});
afterAll(async () => {
  for (const app of apps) await app.close();
  await postgres?.close();
});

/** Checks what a user sees after a restore. */
async function expectWhole(from: Kit, to: TestApp, report: RestoreReport): Promise<void> {
  expect(report).toMatchObject({
    added: {
      agent: 1,
      "agent-labels": 1,
      "agent-version": 1,
      publication: 1,
      knowledge: 1,
      "knowledge-document": 1,
      key: 1,
      file: 1,
    },
    files: 1,
    runs: 1,
    secrets: 2,
    conflicts: [],
    toApprove: ["files"],
  });
  expect(await records(to)).toEqual(await records(from.app));
  expect(await to.json("GET", `/api/agents/${from.agent}/revisions`)).toEqual(
    await from.app.json("GET", `/api/agents/${from.agent}/revisions`),
  );
  // The key and the slug that callers use still work.
  const answer = await to.request("POST", "/v1/agents/helper/runs", {
    token: from.key,
    body: { input: { message: "after the restore" } },
  });
  expect(answer.status).toBe(200);
  expect(await to.services.secrets.get("API_KEY")).toBe("the-value-of-the-secret");
  expect(await to.json("GET", `/api/runs/${from.run}`)).toMatchObject({ status: "done", rating: { score: 1 } });
  const events = (app: TestApp) => app.services.log.read(from.run, -1);
  expect(await events(to)).toEqual(await events(from.app));
  expect(await to.json("GET", "/api/mcp-servers")).toMatchObject({
    servers: [{ name: "files", status: "needs-approval" }],
  });
  await expect
    .poll(async () => (await to.json<{ hits: unknown[] }>("GET", "/api/knowledge/handbook/search?q=paid+leave")).hits, {
      timeout: 20_000,
    })
    .toMatchObject([{ title: "leave.md" }]);
}

describe("a backup restored elsewhere", () => {
  test("from SQLite to PostgreSQL and back, with everything", async () => {
    const from = await fill(await fresh());
    const first = await backupOf(from.app, { runs: true, passphrase: PASSPHRASE });
    expect(Buffer.from(gunzipSync(first)).includes("the-value-of-the-secret")).toBe(false);
    if (!postgres) console.warn("\n*** PostgreSQL is not installed: only SQLite to SQLite is tested. ***\n");
    const middle = await fresh(postgres ? { PATCHBAY_DATABASE_URL: await postgres.database() } : {});
    const there = await restoreInto(middle, first, "", PASSPHRASE);
    expect(there.status).toBe(200);
    await expectWhole(from, middle, (await there.json()) as RestoreReport);

    const last = await fresh();
    const back = await restoreInto(
      last,
      await backupOf(middle, { runs: true, passphrase: PASSPHRASE }),
      "",
      PASSPHRASE,
    );
    expect(await back.json()).toMatchObject({ runs: 2, secrets: 2 });
    expect(await records(last)).toEqual(await records(middle));
    await last.restart();
    expect(await last.services.secrets.get("API_KEY")).toBe("the-value-of-the-secret");
    expect(readdirSync(join(last.folder, "restoring"))).toEqual([]);
  });

  test("contains the state of one moment, while runs start and files are deleted during its download", async () => {
    const { app, key } = await fill(await fresh());
    const file = await app.services.files.put({
      mediaType: "text/plain",
      name: "big",
      bytes: Buffer.alloc(3_000_000, "x"),
    });
    const answer = await app.request("GET", "/api/backup?runs=true");
    const reader = answer.body!.getReader();
    const chunks = [(await reader.read()).value!];
    await app.services.files.delete(file.id);
    await app.publish(echo, "later");
    await app.json("POST", "/v1/agents/helper/runs", { token: key, body: { input: { message: "meanwhile" } } });
    for (let next = await reader.read(); !next.done; next = await reader.read()) chunks.push(next.value);
    const to = await fresh();
    const report = (await (await restoreInto(to, Buffer.concat(chunks))).json()) as RestoreReport;
    expect(report.conflicts).toEqual([]);
    expect((await to.services.files.get(file.id)).bytes.byteLength).toBe(3_000_000);
    expect(await to.services.secrets.names()).toEqual([]);
  });

  test("merged into existing data, keeps that data and reports what was skipped", async () => {
    const from = await fill(await fresh());
    const bytes = await backupOf(from.app, { passphrase: PASSPHRASE });
    const to = await fresh();
    await to.publish(echo, "helper");
    await to.json("PUT", "/api/secrets/API_KEY", { body: { value: "another value" } });
    const refused = await restoreInto(to, bytes, "", PASSPHRASE);
    expect(refused.status).toBe(409);
    expect(await refused.json()).toMatchObject({ error: { message: expect.stringMatching(/not empty.*merge/) } });
    const report = (await (await restoreInto(to, bytes, "merge=true", PASSPHRASE)).json()) as RestoreReport;
    expect(report.conflicts).toEqual([
      expect.objectContaining({ kind: "agent", name: "Helper 2", reason: expect.stringContaining('"helper"') }),
      expect.objectContaining({ kind: "secret", id: "API_KEY" }),
    ]);
    // The agent is skipped with its slug; everything else is restored.
    expect((await to.request("GET", `/api/agents/${from.agent}`)).status).toBe(404);
    expect(await to.json("GET", "/api/knowledge")).toMatchObject({ knowledge: [{ name: "handbook", documents: 1 }] });
    expect(await to.services.secrets.get("API_KEY")).toBe("another value");
    // The second merge adds nothing.
    const again = (await (await restoreInto(to, bytes, "merge=true&withoutSecrets=true")).json()) as RestoreReport;
    expect(again).toMatchObject({ added: {}, files: 0, secrets: 0 });
  });
});

/** An archive of these entries, in this order. */
async function archive(entries: [name: string, content: string, type?: "symlink"][]): Promise<Uint8Array> {
  const tar = pack();
  for (const [name, content, type] of entries)
    if (type) tar.entry({ name, type, linkname: content });
    else tar.entry({ name }, content);
  tar.finalize();
  const chunks: Uint8Array[] = [];
  for await (const chunk of tar) chunks.push(chunk as Uint8Array);
  return gzipSync(Buffer.concat(chunks));
}

const HEAD = JSON.stringify({ format: "patchbay-backup/1", version: "9", createdAt: 1, secrets: false, runs: false });
function whole(lines: unknown[]): [string, string][] {
  const text = lines.map((line) => `${JSON.stringify(line)}\n`).join("");
  const digest = (content: string) => ({
    bytes: Buffer.byteLength(content),
    sha256: createHash("sha256").update(content).digest("hex"),
  });
  const manifest = {
    entries: { "patchbay-backup.json": digest(HEAD), "records/000001.jsonl": digest(text) },
    files: { count: 0, bytes: 0 },
    missing: [],
    counts: {},
    runs: 0,
    tooLong: 0,
  };
  return [
    ["patchbay-backup.json", HEAD],
    ["records/000001.jsonl", text],
    ["manifest.json", JSON.stringify(manifest)],
  ];
}
const record = (kind: string, id: string, body: unknown = {}) => ({
  kind,
  id,
  revision: 1,
  body,
  createdAt: 1,
  updatedAt: 1,
});

describe("an invalid backup is refused and nothing is changed", () => {
  let to: TestApp;
  let good: Uint8Array;
  beforeAll(async () => {
    to = await fresh();
    good = await backupOf((await fill(await fresh())).app, { runs: true, passphrase: PASSPHRASE });
  });

  const refuse = async (bytes: Uint8Array, message: RegExp, status = 400, passphrase?: string) => {
    const answer = await restoreInto(to, bytes, "", passphrase);
    const { error } = (await answer.json()) as { error: { message: string } };
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/Nothing was changed\.$/);
    expect(answer.status).toBe(status);
    expect(await records(to)).toEqual({});
    expect(await to.services.log.rows({})).toEqual([]);
    expect(readdirSync(join(to.folder, "restoring"))).toEqual([]);
  };

  test("a file that is cut off anywhere, or has a damaged byte", async () => {
    for (const part of [0.001, 0.3, 0.9, 0.999])
      await refuse(good.slice(0, good.byteLength * part), /not a complete backup/);
    await refuse(new Uint8Array(), /not a complete backup/);
    const damaged = Buffer.from(gunzipSync(good));
    damaged[damaged.indexOf("fifteen days")]! ^= 1;
    await refuse(gzipSync(damaged), /damaged|do not match its manifest/, 400, PASSPHRASE);
    await refuse(Buffer.from("PK\u0003\u0004 something else"), /not a complete backup/);
  });

  test("a file of a newer format, of another program, or without its last entry", async () => {
    const newer = HEAD.replace("backup/1", "backup/2");
    await refuse(await archive([["patchbay-backup.json", newer]]), /format 2.*reads up to 1.*newer Patchbay/);
    await refuse(await archive([["patchbay-backup.json", HEAD.replace("patchbay-backup", "other")]]), /its format is/);
    await refuse(await archive(whole([record("x", "a")]).slice(0, 2)), /its end is missing/);
    await refuse(await archive([["records/000001.jsonl", ""]]), /does not begin with/);
  });

  test("a file with unknown entries, links or records", async () => {
    const [head, lines, end] = whole([]);
    for (const name of ["../../etc/passwd", "/etc/passwd", "files/../x", "records/1.jsonl", "files/ABC", "x"])
      await refuse(await archive([head!, [name, "x"], lines!, end!]), /is unknown/);
    await refuse(await archive([head!, ["manifest.json", "/etc/passwd", "symlink"]]), /is unknown/);
    await refuse(await archive([head!, head!, lines!, end!]), /is duplicated/);
    await refuse(await archive([head!, lines!, end!, ["records/000002.jsonl", ""]]), /follows the last entry/);
    await refuse(await archive([head!, lines!, [`files/${"0".repeat(64)}`, "other bytes"], end!]), /is damaged/);
    await refuse(await archive(whole([record("secret", "A")])), /records of kind secret are not allowed/);
    await refuse(await archive(whole([record("agent", "a", { no: "graph" })])), /not a valid agent/);
    await refuse(await archive(whole([record("mcp-server", "a", null)])), /not a valid MCP server/);
    await refuse(await archive(whole([record("x", "a"), record("x", "a")])), /is duplicated/);
    await refuse(await archive(whole([{ kind: "x" }])), /is not a record/);
  });

  test("a decompression bomb", async () => {
    const [head] = whole([]);
    const bomb = await archive([head!, ["records/000001.jsonl", " ".repeat(120_000_000)]]);
    expect(bomb.byteLength).toBeLessThan(300_000);
    await refuse(bomb, /unpacks to an unreasonable size/);
  });

  test("without a passphrase, with a wrong one, or when it is cancelled", async () => {
    await refuse(good, /contains secrets/);
    await refuse(good, /not the passphrase/, 403, "another passphrase");
    const stop = new AbortController();
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(good.slice(0, 1000));
        stop.abort();
      },
    });
    await expect(to.services.backup.restore(endless as never, {}, stop.signal)).rejects.toMatchObject({
      code: "cancelled",
    });
    expect(await records(to)).toEqual({});
    const short = await to.request("POST", "/api/backup", { body: { passphrase: "short" } });
    expect(short.status).toBe(400);
  });

  test("from a caller who is not the admin, or with another media type", async () => {
    const { key } = await (await fill(await fresh())).app.key();
    for (const token of [null, key]) {
      expect((await to.request("GET", "/api/backup", { token })).status).toBe(401);
      expect((await to.request("POST", "/api/restore", { token, body: "x" })).status).toBe(401);
    }
    expect(
      (await to.request("POST", "/api/restore", { body: "x", headers: { "content-type": "text/plain" } })).status,
    ).toBe(415);
    expect(await (await restoreInto(to, good, "", PASSPHRASE)).json()).toMatchObject({ runs: 1 });
  });
});

describe("a record of a wrong shape", () => {
  const bad: [kind: string, id: string, body: unknown][] = [
    ["key", "k1", {}],
    ["key", "k2", null],
    ["provider", "p1", { id: 5, kind: "openai-compatible", baseUrl: "http://127.0.0.1:1/v1" }],
    ["provider", "p2", { id: "p2", kind: "other" }],
    ["template", "own-1", {}],
    ["agent", "a1", { nodes: "none" }],
    ["agent-version", "x/000000001", { slug: "x" }],
    ["publication", "x", { slug: "y" }],
    ["trigger", "t1", { kind: "schedule" }],
    ["mcp-server", "m1", { settings: 1 }],
    ["knowledge", "k", { uid: 1 }],
    ["knowledge-document", "doc_1", []],
    ["file", "file_1", { sha256: "../../x" }],
    ["tool-setting", "http/x", 5],
    ["settings", "server", "text"],
  ];

  let to: TestApp;
  beforeAll(async () => {
    to = await fresh();
  });

  test.each(bad)("%s %s is refused in a backup", async (kind, id, body) => {
    const answer = await restoreInto(to, await archive(whole([record(kind, id, body)])), "merge=true");
    expect(answer.status).toBe(400);
    expect(await answer.text()).toMatch(/is not a valid .* \(at .*Nothing was changed/);
  });

  test("in the store is set aside with a log line, and stops neither the start nor a page", async () => {
    const lines: string[] = [];
    const logger = createLogger({ level: "warn", out: { write: (line) => lines.push(line) } });
    const from = await fill(await testApp({ mock: { tools: false }, logger }));
    apps.push(from.app);
    const before = await records(from.app);
    for (const [kind, id, body] of bad) await from.app.services.records.put(kind, id, body);
    await from.app.restart();
    for (const path of [
      "/api/agents",
      "/api/agents?view=cards",
      "/api/catalog",
      "/api/files",
      "/api/keys",
      "/api/knowledge",
      "/api/mcp-servers",
      "/api/models",
      "/api/settings",
      "/api/tools",
      "/api/templates",
      `/api/agents/${from.agent}/triggers`,
    ])
      expect((await from.app.request("GET", path)).status, path).toBe(200);
    // The rest works, and a backup has the rest.
    const answer = await from.app.request("POST", "/v1/agents/helper/runs", {
      token: from.key,
      body: { input: { message: "still here" } },
    });
    expect(answer.status).toBe(200);
    const to = await fresh();
    expect((await restoreInto(to, await backupOf(from.app))).status).toBe(200);
    for (const [kind, id] of bad)
      expect(
        lines.filter((line) => line.includes(`${kind} \\"${id}\\" is set aside`)),
        `${kind} ${id}`,
      ).toHaveLength(1);
    expect(Object.keys(await records(to)).sort()).toEqual(Object.keys(before).sort());
  });
});
