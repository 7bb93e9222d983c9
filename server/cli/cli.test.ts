import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildApp } from "../app.ts";
import { openAuth } from "../http/auth.ts";
import { openServices } from "../open-services.ts";
import { parseEnv } from "../process/env.ts";
import { listen } from "../process/listen.ts";
import { findServer, removeServerFile, writeServerFile } from "../process/server-file.ts";
import { recordedIo } from "../testing/recorded-io.ts";
import { check, exportAgent, importFile, publish } from "./agents.ts";
import { type Client, openClient, serverEvents } from "./client.ts";
import { doctor } from "./doctor.ts";
import * as knowledge from "./knowledge.ts";
import { runFile } from "./run.ts";

const folder = mkdtempSync(join(tmpdir(), "patchbay-cli-"));
const dataDir = join(folder, "data");
const env = parseEnv({ PATCHBAY_DATA: dataDir, PORT: "0" });
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, change: (made: AgentJson) => void = () => undefined): string {
  const made = graph();
  change(made);
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify(made, null, 2));
  return path;
}
type AgentJson = ReturnType<typeof graph>;
function graph() {
  return {
    format: "patchbay/1",
    name: "Sums",
    nodes: [
      { id: "ask", type: "input", version: 1, config: {} },
      { id: "kit", type: "tool", version: 1, config: { tools: ["builtin/calculator"] } },
      { id: "brain", type: "llm", version: 1, config: {} },
      { id: "reply", type: "output", version: 1, config: {} },
    ] as { id: string; type: string; version: number; config: Record<string, unknown>; colour?: string }[],
    edges: [
      { from: "ask.message", to: "brain.message" },
      { from: "kit.tools", to: "brain.tools" },
      { from: "brain.text", to: "reply.reply" },
    ],
  };
}
const good = () => file("good.agent.json");
const bad = () =>
  file("bad.agent.json", (made) => {
    made.edges[2]!.from = "brain.txt";
  });

describe("without a server", () => {
  let client: Client;
  beforeAll(async () => {
    client = await openClient(env, { create: true });
    expect(client.origin).toBeUndefined();
  });
  afterAll(() => client.close());

  test("run writes only the reply to standard output", async () => {
    const io = recordedIo();
    expect(await runFile(client, good(), { message: "What is 12 * (3 + 4)?" }, io)).toBe(0);
    expect(io.written).toContain("84");
    expect(io.errors).toBe("");
  });

  test("run streams the reply, and reports tool calls on standard error", async () => {
    const io = recordedIo();
    expect(await runFile(client, good(), { message: "12 * 7", stream: true }, io)).toBe(0);
    expect(io.written).toMatch(/84[\s\S]*\n$/);
    expect(io.errors).toMatch(/→ builtin\/calculator .*12 \* 7/);
    const whole = recordedIo();
    expect(await runFile(client, good(), { message: "12 * 7", stream: true, json: true }, whole)).toBe(0);
    expect(JSON.parse(whole.written)).toMatchObject({ status: "done", usage: { toolCalls: 1 } });
  });

  test("run reads its message from standard input, and reports what is missing or invalid", async () => {
    const io = recordedIo("2 ^ 10\n");
    expect(await runFile(client, good(), {}, io)).toBe(0);
    expect(io.written).toContain("1024");
    await expect(runFile(client, good(), {}, recordedIo())).rejects.toThrow(/--message/);
    await expect(runFile(client, join(folder, "none.json"), { message: "x" }, recordedIo())).rejects.toThrow(
      /does not exist/,
    );
    await expect(runFile(client, bad(), { message: "x" }, recordedIo())).rejects.toMatchObject({
      code: "graph_has_issues",
    });
  });

  test("a waiting run is reported, and can be approved from the command line", async () => {
    const asking = file("asking.agent.json", (made) => {
      made.nodes[1]!.config.approve = { "builtin/calculator": "ask" };
    });
    const io = recordedIo();
    expect(await runFile(client, asking, { message: "6 * 7" }, io)).toBe(3);
    expect(io.errors).toMatch(/Waits for a person: .*builtin\/calculator/);
    const yes = recordedIo();
    expect(await runFile(client, asking, { message: "6 * 7", approve: "all" }, yes)).toBe(0);
    expect(yes.written).toContain("42");
    const streamed = recordedIo();
    expect(await runFile(client, asking, { message: "6 * 7", approve: "all", stream: true }, streamed)).toBe(0);
    expect(streamed.written).toMatch(/42[\s\S]*\n$/);
    expect(streamed.errors).toMatch(/→ builtin\/calculator .*6 \* 7[^✓]*✓ builtin\/calculator/);
  });

  test("run takes JSON for a field that is not a text", async () => {
    const order = file("order.agent.json", (made) => {
      made.nodes[0]!.config.fields = [
        { name: "order", kind: "json", required: true },
        { name: "note", kind: "text", required: false },
      ];
      made.nodes.push({ id: "words", type: "prompt", version: 1, config: { template: "{{order.id}}/{{note}}" } });
      made.edges = [
        { from: "ask.order", to: "words.order" },
        { from: "ask.note", to: "words.note" },
        { from: "words.text", to: "reply.reply" },
      ];
      made.nodes = made.nodes.filter(({ id }) => id !== "kit" && id !== "brain");
    });
    const io = recordedIo();
    const input = { order: '{"id":7}', note: "8" };
    expect(await runFile(client, order, { message: "x", input }, io), io.errors).toBe(0);
    expect(io.written).toBe("7/8\n");
    await expect(runFile(client, order, { message: "x", input: { order: "{" } }, recordedIo())).rejects.toThrow(
      /--input order must be JSON.*kind "json"/,
    );
  });

  test("check reports each issue with line and column, as the API does", async () => {
    const io = recordedIo();
    expect(await check(client, [good(), bad()], {}, io)).toBe(1);
    const lines = io.written.trim().split("\n");
    const place =
      readFileSync(bad(), "utf8")
        .split("\n")
        .findIndex((line) => line.includes("brain.txt")) + 1;
    expect(
      lines.some((line) => new RegExp(`bad\\.agent\\.json:${place}:\\d+: error unknown-port: .*"txt"`).test(line)),
    ).toBe(true);
    const output = recordedIo();
    await check(client, [bad()], { json: true }, output);
    const { issues } = await client.call<{ issues: unknown[] }>("POST", "/api/check", {
      graph: JSON.parse(readFileSync(bad(), "utf8")),
    });
    expect(JSON.parse(output.written)[0].issues).toEqual(issues);
    expect(await check(client, [good()], { strict: true }, recordedIo())).toBe(1);
    expect(await check(undefined, [good()], { strict: true }, recordedIo())).toBe(0);
  });

  test("check reports the position of errors in an invalid agent file", async () => {
    const path = join(folder, "broken.agent.json");
    const firstIssue = async (text: string) => {
      writeFileSync(path, text);
      const io = recordedIo();
      expect(await check(undefined, [path], {}, io)).toBe(1);
      return io.written;
    };
    expect(await firstIssue("{")).toContain("bad-json");
    expect(await firstIssue('{"format":"patchbay/1","name":"a","name":"b","nodes":[],"edges":[]}')).toContain(
      "duplicate-key",
    );
    expect(
      await firstIssue('{\n  "format": "patchbay/1", "name": "a", "nodes": [], "edges": [],\n  "nodez": 1 }'),
    ).toMatch(/:3:3: error unknown-key/);
    expect(await firstIssue('{"format":"patchbay/9","name":"a","nodes":[],"edges":[]}')).toContain("newer-format");
  });

  test("import, export and publish work together", async () => {
    const io = recordedIo();
    await importFile(client, good(), {}, io);
    const id = io.written.trim();
    const out = join(folder, "out.agent.json");
    await exportAgent(client, id, { output: out }, recordedIo());
    expect(JSON.parse(readFileSync(out, "utf8"))).toMatchObject(graph());
    const again = recordedIo();
    await importFile(client, out, { replace: id }, again);
    expect(again.written.trim()).toBe(id);
    const byName = recordedIo();
    await exportAgent(client, "Sums", {}, byName);
    expect(byName.written).toBe(readFileSync(out, "utf8"));

    const first = recordedIo();
    await publish(client, id, { slug: "sums" }, first);
    expect(first.written).toBe("sums@1\n");
    const changed = file("changed.agent.json", (made) => {
      made.nodes[2]!.config.maxSteps = 3;
    });
    const second = recordedIo();
    await publish(client, changed, { slug: "sums" }, second);
    expect(second.written).toBe("sums@2\n");
    await expect(exportAgent(client, "nobody", {}, recordedIo())).rejects.toMatchObject({ code: "not_found" });
    await expect(publish(client, bad(), {}, recordedIo())).rejects.toMatchObject({ code: "graph_has_issues" });
  });

  test("a folder is added to knowledge, searched, exported and imported", async () => {
    const documents = join(folder, "documents");
    mkdirSync(join(documents, "deep", ".git"), { recursive: true });
    writeFileSync(join(documents, "leave.md"), "# Leave\n\nFifteen days a year.");
    writeFileSync(join(documents, "deep", "年假.txt"), "年假每年十五天。");
    writeFileSync(join(documents, "deep", "photo.png"), "not for reading");
    writeFileSync(join(documents, "deep", ".git", "config"), "secret");
    const io = recordedIo();
    expect(await knowledge.add(client, "handbook", [documents], {}, io)).toBe(0);
    expect(io.written).toBe("handbook: 2 of 3 documents\n");
    expect(io.errors).toContain("skipped deep/photo.png");
    const found = recordedIo();
    expect(await knowledge.search(client, "handbook", "How many days of leave?", { limit: "1" }, found)).toBe(0);
    expect(found.written).toMatch(/^1\. leave\.md \(Leave, line 3\) {2}0\.\d+ \[text 1\]\n {3}Fifteen days a year\./);
    expect(await knowledge.search(client, "handbook", "quantum", {}, recordedIo())).toBe(1);
    const out = join(folder, "handbook.jsonl");
    await knowledge.exportKnowledge(client, "handbook", { output: out }, recordedIo());
    const imported = recordedIo();
    await knowledge.importKnowledge(client, out, { name: "copy" }, imported);
    expect(imported.written).toBe("copy: 2 documents\n");
    expect(await knowledge.reindex(client, "copy", {}, recordedIo())).toBe(0);
    const listed = recordedIo();
    await knowledge.list(client, {}, listed);
    expect(listed.written).toMatch(/copy\t2 documents\t2 passages\ttext search only\nhandbook\t2/);
    expect(await knowledge.add(client, "handbook", [join(documents, "deep", "photo.png")], {}, recordedIo())).toBe(1);
    await expect(knowledge.add(client, "handbook", [join(folder, "none")], {}, recordedIo())).rejects.toThrow(
      /does not exist/,
    );
  });
});

describe("with a server on the data folder", () => {
  test("commands use it with its token, and login writes a valid link", async () => {
    const opened = await openServices(env);
    const auth = openAuth(env);
    const server = await listen({
      env: opened.services.env,
      app: (pages) => buildApp({ services: opened.services, auth, ...pages }),
    });
    writeServerFile(dataDir, server.origin);
    try {
      expect(await findServer(dataDir)).toBe(server.origin);
      const client = await openClient(env);
      expect(client.origin).toBe(server.origin);
      const io = recordedIo();
      expect(await runFile(client, good(), { message: "3 * 3", stream: true }, io)).toBe(0);
      expect(io.written).toContain("9");
      const { url } = await client.call<{ url: string }>("POST", "/api/sign-in-links", {});
      const signedIn = await fetch(url, { redirect: "manual" });
      expect(signedIn.headers.get("set-cookie")).toContain("HttpOnly");
      const published = recordedIo();
      await publish(client, "sums", { slug: "sums" }, published);
      expect(published.errors).toContain(`${server.origin}/v1/agents/sums/runs`);
      const output = recordedIo();
      expect(await doctor({ PATCHBAY_DATA: dataDir }, output)).toBe(0);
      expect(output.written).toContain(`✓ A server is running at ${server.origin}.`);
      await client.close();
    } finally {
      removeServerFile(dataDir);
      await server.stop(opened);
    }
    expect(await findServer(dataDir)).toBeUndefined();
  });

  test("the server file of a killed server is ignored", async () => {
    writeFileSync(join(dataDir, "server.json"), JSON.stringify({ pid: 1, origin: "http://127.0.0.1:1" }));
    expect(await findServer(dataDir)).toBeUndefined();
    writeFileSync(join(dataDir, "server.json"), "{ half");
    expect(await findServer(dataDir)).toBeUndefined();
  });
});

test("doctor reports problems and how to fix them", async () => {
  const output = recordedIo();
  expect(await doctor({ PATCHBAY_DATTA: "x" }, output)).toBe(1);
  expect(output.written).toMatch(/✗ PATCHBAY_DATTA .*PATCHBAY_DATA/);
  const blocked = recordedIo();
  writeFileSync(join(folder, "no-folder"), "");
  expect(await doctor({ PATCHBAY_DATA: join(folder, "no-folder") }, blocked)).toBe(1);
});

test("doctor checks the instance, and writes JSON", async () => {
  const place = join(folder, "sick");
  const vars = { PATCHBAY_DATA: place, PORT: "0", OPENAI_BASE_URL: "http://127.0.0.1:2" };
  const client = await openClient(parseEnv(vars), { create: true });
  await client.call("POST", "/api/knowledge", { name: "handbook" });
  await client.call("POST", "/api/mcp-servers", { name: "files", command: "a-command" });
  await client.close();
  chmodSync(join(place, "secrets.key"), 0o644);
  const first = recordedIo();
  expect(await doctor(vars, first, { json: true })).toBe(1);
  expect(JSON.parse(first.written)).toContainEqual({
    check: "private",
    state: "bad",
    text: expect.stringMatching(/secrets\.key can be read by other users. Run: chmod 600/),
  });
  chmodSync(join(place, "secrets.key"), 0o600);
  const output = recordedIo();
  expect(await doctor(vars, output)).toBe(1);
  expect(output.written).toContain('✗ The provider "openai" does not respond at http://127.0.0.1:2 (ECONNREFUSED)');
  expect(output.written).toContain('✓ Knowledge "handbook": 0 documents.');
  expect(output.written).toContain('· MCP server "files" needs your approval.');
  expect(output.written).toContain("the secrets key is correct.");
  const other = recordedIo();
  expect(await doctor({ ...vars, PATCHBAY_SECRETS_KEY: "another-key-of-at-least-32-characters" }, other)).toBe(1);
  expect(other.written).toMatch(/✗ The stored secrets were encrypted with another key/);
});

test("server-sent events are parsed from any chunks", async () => {
  const text = 'event: delta\ndata: {"text":"年"}\n\n: alive\n\nid: 3\nevent: run-end\ndata: {"a":1}\n\n';
  const bytes = new TextEncoder().encode(text);
  for (const size of [1, 2, 7, bytes.length]) {
    const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
      bytes.slice(i * size, (i + 1) * size),
    );
    const answer = new Response(Readable.toWeb(Readable.from(pieces)) as ReadableStream);
    const events = [];
    for await (const event of serverEvents(answer)) events.push(event);
    expect(events).toEqual([
      { event: "delta", data: '{"text":"年"}' },
      { event: "run-end", data: '{"a":1}' },
    ]);
  }
});
