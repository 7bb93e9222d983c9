/** Opens the data of version 0.1.0 with the current code; see `fixtures/data-v0/README.md`. Nothing may be lost. */
import { createReadStream, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { extract } from "tar-stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunEvent } from "../../runtime/event.ts";
import { parseAgentFile } from "../../runtime/parse.ts";
import { sign } from "../triggers/signature.ts";
import { type TestApp, testApp } from "./test-app.ts";

const FIXTURE = join(import.meta.dirname, "fixtures/data-v0");

/** Keys of stored or returned JSON that have another name now. The `place` of a template is its rank, a number, and stays. */
const RENAMED: Record<string, string> = { place: "source", rests: "grounding", mend: "fix" };

interface Made {
  agents: Record<
    "helper" | "echo" | "each" | "caller" | "gate" | "clerk" | "sender" | "worker" | "talker" | "broken" | "draft",
    string
  >;
  runs: Record<
    "cited" | "idempotent" | "hosted" | "waiting" | "waitingTool" | "uncertain" | "underWay" | "lines",
    string
  >;
  keys: Record<"all" | "limited" | "revoked", { id: string; key: string }>;
  triggers: Record<"hook" | "schedule" | "notice", { id: string; secret: string }>;
  file: string;
  template: string;
  passphrase: string;
}

interface Run {
  id: string;
  status: string;
  output?: { reply: unknown };
  waits?: { wait: string }[];
}

let folder: string;
let app: TestApp;
let made: Made;
let responses: Record<string, unknown>;

const read = <T>(name: string): T => JSON.parse(readFileSync(join(folder, name), "utf8")) as T;
const get = <T>(path: string) => app.json<T>("GET", path);
const eventsOf = async (run: string) => (await get<{ events: RunEvent[] }>(`/api/runs/${run}/events`)).events;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "patchbay-v0-"));
  await unpack(join(FIXTURE, "data.tar.gz"), folder);
  made = read("made.json");
  responses = read("responses.json");
  app = await testApp({
    env: { PATCHBAY_TOKEN: "", PATCHBAY_DEFAULT_MODEL: "" },
    prepare: (data) => unpack(join(FIXTURE, "data.tar.gz"), data, "data/"),
  });
});
afterAll(async () => {
  await app.close();
  await rm(folder, { recursive: true });
});

async function unpack(file: string, to: string, under = ""): Promise<void> {
  const entries = extract();
  entries.on("entry", async ({ name, type }, stream, next) => {
    const parts: Buffer[] = [];
    for await (const part of stream) parts.push(part as Buffer);
    if (name.startsWith(under) && type === "file") {
      const path = join(to, name.slice(under.length));
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, Buffer.concat(parts));
    }
    next();
  });
  await pipeline(createReadStream(file), createGunzip(), entries);
}

/**
 * A response of 0.1.0 as the current code must return it: with current keys, and any text for our own messages. `path`:
 * of the request. A knowledge base was changed since, because its passages are rebuilt for each new form of the index.
 */
function today(value: unknown, path = ""): unknown {
  if (Array.isArray(value)) return value.map((one) => today(one, path));
  if (typeof value !== "object" || value === null) return value;
  const old = value as Record<string, unknown>;
  // This run continues as soon as the folder is opened.
  if (old.id === made.runs.underWay && "status" in old) return { id: old.id };
  const words = "severity" in old ? ["message", "mend"] : [];
  return Object.fromEntries(
    Object.entries(old).map(([key, one]) => [
      (key === "place" && typeof one === "number" ? "order" : RENAMED[key]) ?? key,
      words.includes(key)
        ? expect.any(String)
        : key === "updatedAt" && path.startsWith("/api/knowledge")
          ? expect.any(Number)
          : today(one, path),
    ]),
  );
}

/** Resolves with the run when it has ended: its stream of events ends then. */
async function ended(id: string): Promise<Run> {
  const stream = await app.request("GET", `/api/runs/${id}/events`, { headers: { accept: "text/event-stream" } });
  await stream.text();
  return get<Run>(`/api/runs/${id}`);
}

describe("an opened data folder", () => {
  test("returns the same responses as the version that wrote it", async () => {
    for (const [path, old] of Object.entries(responses)) {
      const now = await app.json<{ events?: unknown[] }>("GET", path);
      if (path === `/api/runs/${made.runs.underWay}/events`) {
        const { events } = old as { events: unknown[] };
        expect.soft(now.events!.slice(0, events.length), path).toMatchObject(today(events) as object);
      } else expect.soft(now, path).toMatchObject(today(old, path) as object);
    }
    expect(Object.keys(responses).length).toBeGreaterThan(100);
  });

  test("continues the running run, and does not repeat its tool call", async () => {
    expect(await ended(made.runs.underWay)).toMatchObject({
      status: "done",
      output: { reply: expect.stringContaining("doubled") },
    });
    const events = await eventsOf(made.runs.underWay);
    expect(events.filter((event) => event.type === "tool-start")).toHaveLength(1);
    expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index));
  });

  test("accepts the keys that were accepted, and no others", async () => {
    const call = (slug: string, token: string | null, headers: Record<string, string> = {}) =>
      app.request("POST", `/v1/agents/${slug}/runs`, { token, headers, body: { input: { message: "once only" } } });
    expect((await call("echo", made.keys.all.key)).status).toBe(200);
    expect((await call("gate", made.keys.limited.key)).status).toBe(404);
    expect((await call("echo", made.keys.revoked.key)).status).toBe(401);
    expect((await app.request("GET", "/api/agents", { token: "a-token-of-somebody-else" })).status).toBe(401);
    const again = await call("echo", made.keys.limited.key, { "idempotency-key": "order-1" });
    expect(await again.json()).toMatchObject({ id: made.runs.idempotent });
  });

  test("accepts decisions on waiting runs, which then end", async () => {
    const decide = async (run: string, choice: string, api = "/api", token?: string) => {
      const { waits } = await get<Run>(`/api/runs/${run}`);
      await app.json("POST", `${api}/runs/${run}/answer`, { body: { wait: waits![0]!.wait, choice }, token });
      return ended(run);
    };
    expect(await decide(made.runs.waiting, "approve", "/v1", made.keys.all.key)).toMatchObject({
      status: "done",
      output: { reply: "a waiting letter" },
    });
    expect(await decide(made.runs.waitingTool, "approve")).toMatchObject({
      status: "done",
      output: { reply: expect.stringContaining("The tool answered") },
    });
    expect(await decide(made.runs.uncertain, "skip")).toMatchObject({ status: "done" });
    expect((await eventsOf(made.runs.uncertain)).filter((event) => event.type === "tool-start")).toHaveLength(1);
  });

  test("continues a conversation", async () => {
    await app.json("POST", "/v1/agents/talker/runs", {
      token: made.keys.limited.key,
      body: { input: { message: "And now?" }, session: "s-talk" },
    });
    const texts = app.mock.requests.at(-1)!.messages.map((message) => String(message.content));
    expect(texts).toEqual(expect.arrayContaining(["My name is Ann.", "What is my name?", "And now?"]));
    expect((await get<{ turns: unknown[] }>("/api/sessions/s-talk")).turns).toHaveLength(3);
  });

  test("verifies its webhooks, keeps its schedules paused and reads its secrets", async () => {
    const { id, secret } = made.triggers.hook;
    const body = JSON.stringify({ order: { text: "three herons" } });
    const send = (with_: string) =>
      app.request("POST", `/v1/hooks/${id}`, {
        body,
        token: null,
        headers: { ...sign(with_, `m-${with_.length}-${with_ === secret}`, Date.now(), body) },
      });
    expect((await send(made.triggers.notice.secret)).status).toBe(401);
    const taken = await send(secret);
    expect(taken.status).toBe(202);
    const run = await ended(((await taken.json()) as Run).id);
    expect(run).toMatchObject({ status: "done", output: { reply: "three herons" } });
    const path = `/api/agents/${made.agents.echo}/triggers/${made.triggers.schedule.id}`;
    expect(await get(path)).toMatchObject({ trigger: { paused: true } });
    expect(
      await app.json<{ trigger: { nextAt: number } }>("PATCH", path, { body: { cron: "0 10 * * *" } }),
    ).toMatchObject({ trigger: { paused: true, name: "Each morning", nextAt: expect.any(Number) } });
    expect(await app.services.secrets.get("WEATHER_KEY")).toBe("weather-key-value-123");
  });

  test("searches its knowledge, and adds to it", async () => {
    const find = async (q: string, mode: string) =>
      (await get<{ hits: { title: string }[] }>(`/api/knowledge/birds/search?q=${q}&mode=${mode}`)).hits.map(
        (hit) => hit.title,
      );
    expect(await find("heron+nests", "vector")).toContain("herons.md");
    const { documents } = await app.json<{ documents: { id: string; task: string }[] }>(
      "POST",
      "/api/knowledge/birds/documents",
      { body: { title: "wrens.md", text: "The wren sings from a hedge." }, status: 202 },
    );
    await expect
      .poll(() => get(`/api/tasks/${documents[0]!.task}`), { timeout: 20_000 })
      .toMatchObject({ status: "done" });
    for (const mode of ["text", "vector"]) expect(await find("wren+hedge", mode)).toContain("wrens.md");
    expect(await find("colonies", "text")).toEqual(["herons.md"]);
  });

  test("saves and publishes its agents", async () => {
    const { graph, revision } = await get<{ graph: object; revision: number }>(`/api/agents/${made.agents.helper}`);
    const saved = await app.json<{ revision: number }>("PUT", `/api/agents/${made.agents.helper}`, {
      body: { graph: { ...graph, description: "Changed after the upgrade." } },
      headers: { "if-match": `"${revision}"` },
    });
    expect(saved.revision).toBe(revision + 1);
    expect(await app.json("POST", `/api/agents/${made.agents.helper}/publish`, { body: {} })).toMatchObject({
      slug: "handbook-helper",
      version: 3,
    });
    const run = await app.json<Run>("POST", `/api/agents/${made.agents.each}/runs`, {
      body: { input: { message: "one\ntwo" } },
    });
    expect(run.output).toEqual((responses[`/api/runs/${made.runs.lines}`] as Run).output);
  });

  test("has its files, and creates agents from its own templates", async () => {
    expect(await (await app.request("GET", `/api/files/${made.file}`)).text()).toBe("a file of the old version\n");
    const used = await app.json<{ id: string }>("POST", `/api/templates/${made.template}/use`, {
      body: {},
      status: 201,
    });
    const run = await app.json<Run>("POST", `/api/agents/${used.id}/runs`, { body: { input: { message: "Hi" } } });
    expect(run.output).toEqual({ reply: "Hi" });
  });

  test("opens again with the same runs", async () => {
    const before = await get("/api/runs?limit=200");
    await app.restart();
    expect(await get("/api/runs?limit=200")).toEqual(before);
  });
});

test("a backup is restored whole into an empty instance", async () => {
  const to = await testApp();
  const answer = await to.request("POST", "/api/restore", {
    body: new Blob([readFileSync(join(FIXTURE, "backup.tar.gz"))]).stream(),
    headers: { "content-type": "application/gzip", "x-backup-passphrase": encodeURIComponent(made.passphrase) },
  });
  const report = (await answer.json()) as { added: Record<string, number> };
  expect(report).toMatchObject({
    conflicts: [],
    runs: 14,
    secrets: 6,
    toApprove: ["notes", "remote"],
    added: { agent: 11, "agent-version": 7, publication: 6, key: 2, knowledge: 2, trigger: 3, template: 1 },
  });
  const run = await to.request("POST", "/v1/agents/echo/runs", {
    token: made.keys.limited.key,
    body: { input: { message: "after the restore" } },
  });
  expect(await run.json()).toMatchObject({ output: { reply: "after the restore" } });
  const path = `/api/runs/${made.runs.cited}`;
  expect(await to.json("GET", path)).toMatchObject(today(responses[path]) as object);
  expect(await to.services.secrets.get("PROVIDER_KEY")).toBe("provider-key-value-456");
  await expect
    .poll(() => to.json("GET", "/api/knowledge/handbook/search?q=hotel+in+Paris&mode=text"), { timeout: 20_000 })
    .toMatchObject({ hits: expect.arrayContaining([expect.objectContaining({ title: "travel-and-expenses.md" })]) });
  await to.close();
});

test("an agent file and a template file are read whole", async () => {
  const text = readFileSync(join(FIXTURE, "each.agent.json"), "utf8");
  const parsed = parseAgentFile(text);
  expect(parsed.issues).toEqual([]);
  expect(parsed.graph).toMatchObject(today(JSON.parse(text)) as object);
  const template = JSON.parse(readFileSync(join(FIXTURE, "template.json"), "utf8"));
  const card = await app.json<{ samples: unknown[] }>("POST", "/api/templates", { body: { template }, status: 201 });
  expect(card).toMatchObject({ title: template.title, graph: { name: template.graph.name } });
  expect(card.samples).toHaveLength(template.samples.length);
});
