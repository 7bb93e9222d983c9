import { afterAll, beforeAll, expect, test } from "vitest";
import type { Agent } from "../contract/agent.ts";
import type { Uses } from "../contract/use.ts";
import { chat, graphOf, type TestApp, testApp } from "../testing/test-app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.close());

const NONE: Uses = { agents: [], tools: [], providers: [], servers: [], knowledge: [], defaults: [] };
const uses = (kind: string, name: string) =>
  app.json<Uses>("GET", `/api/uses?kind=${kind}&name=${encodeURIComponent(name)}`);

const make = (graph: unknown) => app.json<Agent>("POST", "/api/agents", { body: { graph }, status: 201 });

test("knowledge is used by drafts and live versions, also in a body and under an earlier name", async () => {
  await app.json("POST", "/api/knowledge", { body: { name: "guide" }, status: 201 });
  const search = { find: ["retriever", { knowledge: "guide" }] as [string, object] };
  const ends = { ask: ["input"] as [string], reply: ["output"] as [string] };
  const direct = await make(
    graphOf(
      { ...ends, ...search },
      ["ask.message find.query", "find.documents reply.documents", "ask.message reply.reply"],
      {
        name: "Direct",
      },
    ),
  );
  const inner = graphOf({ ...ends, ...search }, ["ask.message find.query"]);
  const nested = await make(graphOf({ ...ends, each: ["map", { body: inner }] }, [], { name: "Nested" }));
  await make(graphOf(ends, ["ask.message reply.reply"], { name: "Neither" }));
  const expected = [
    { id: direct.id, name: "Direct", draft: true, versions: [] as number[] },
    { id: nested.id, name: "Nested", draft: true, versions: [] },
  ];
  expect(await uses("knowledge", "guide")).toEqual({ ...NONE, agents: expected });

  await app.json("POST", `/api/agents/${direct.id}/publish`, { body: { slug: "direct" } });
  const plain = graphOf(ends, ["ask.message reply.reply"], { name: "Direct" });
  await app.json("PUT", `/api/agents/${direct.id}`, { body: { graph: plain }, headers: { "if-match": '"1"' } });
  await app.json("POST", "/api/knowledge/guide/rename", { body: { name: "manual" } });
  expect((await uses("knowledge", "manual")).agents).toEqual([
    { id: direct.id, name: "Direct", draft: false, versions: [1] },
    expected[1],
  ]);
  expect(await uses("knowledge", "nothing")).toEqual(NONE);
});

test("tools are found by name, by pattern, by server and by agent", async () => {
  const tools = (...names: string[]) => make(chat({ tools: names, name: names.join() }));
  const whole = await tools("mcp/files/*");
  const one = await tools("mcp/files/read");
  const api = await tools("openapi/shop/buy");
  await make(chat({ tools: ["agent/helper"], name: "Calls" }));
  await make(
    graphOf({ ask: ["input"], sub: ["agent", { agent: "helper" }], reply: ["output"] }, [], { name: "Holds" }),
  );
  const ids = async (kind: string, name: string) => (await uses(kind, name)).agents.map(({ id }) => id).sort();
  expect(await ids("mcp-server", "files")).toEqual([whole.id, one.id].sort());
  expect(await ids("tool", "mcp/files/read")).toEqual([whole.id, one.id].sort());
  expect(await ids("tool", "mcp/files/write")).toEqual([whole.id]);
  expect(await ids("tool", "openapi/shop/*")).toEqual([api.id]);
  expect((await uses("agent", "helper")).agents.map(({ name }) => name)).toEqual(["Calls", "Holds"]);
});

test("a secret, a model and a provider are used by other parts too", async () => {
  const http = { method: "GET", url: "https://example.com/", headers: { Authorization: { secret: "TOKEN" } } };
  await app.json("POST", "/api/tools", { body: { name: "http/weather", summary: "Weather", http }, status: 201 });
  const provider = { kind: "openai-compatible", baseUrl: "http://127.0.0.1:9/v1", models: ["a", "e"] };
  await app.json("POST", "/api/models", {
    body: { id: "first", ...provider, apiKey: { secret: "TOKEN" } },
    status: 201,
  });
  await app.json("POST", "/api/models", { body: { id: "second", ...provider, fallback: "first/a" }, status: 201 });
  await app.json("POST", "/api/mcp-servers", {
    body: { name: "remote", url: "https://example.com/mcp", headers: { "X-Key": { secret: "TOKEN" } } },
    status: 201,
  });
  await app.json("POST", "/api/knowledge", { body: { name: "vectors", embedder: "first/e" }, status: 201 });
  const explicit = await make(
    graphOf({ ask: ["input"], brain: ["llm", { model: "first/a" }], reply: ["output"] }, [], { name: "Explicit" }),
  );
  expect(await uses("secret", "TOKEN")).toEqual({
    ...NONE,
    tools: ["http/weather"],
    providers: ["first"],
    servers: ["remote"],
  });
  const byModel = await uses("model", "first/a");
  expect(byModel).toMatchObject({ agents: [{ id: explicit.id, draft: true }], providers: ["second"], knowledge: [] });
  expect(await uses("provider", "first")).toMatchObject({
    agents: [{ id: explicit.id }],
    providers: ["second"],
    knowledge: ["vectors"],
    defaults: [],
  });
  // "default" is the mock's model.
  expect((await uses("provider", "openai")).defaults).toEqual(["model"]);
  await app.json("GET", "/api/uses?kind=planet&name=x", { status: 400 });
});
