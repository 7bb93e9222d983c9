import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Agent, AgentCard } from "../contract/agent.ts";
import { approval, chat, echo, graphOf, type TestApp, testApp } from "../testing/test-app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.close());

const create = (graph: unknown) => app.json<Agent>("POST", "/api/agents", { body: { graph }, status: 201 });
const put = (id: string, graph: unknown, revision?: string) =>
  app.request("PUT", `/api/agents/${id}`, {
    body: { graph },
    headers: revision === undefined ? {} : { "if-match": revision },
  });

describe("drafts", () => {
  test("are created, read, saved, renamed and deleted", async () => {
    const made = await create(echo);
    expect(made).toMatchObject({ revision: 1, graph: { name: "Echo", format: "patchbay/1" }, issues: [] });
    const answer = await app.request("GET", `/api/agents/${made.id}`);
    expect(answer.headers.get("etag")).toBe('"1"');
    const saved = await put(made.id, { ...echo, name: "Echo 2" }, '"1"');
    expect(saved.status).toBe(200);
    expect(saved.headers.get("etag")).toBe('"2"');
    const renamed = await app.json<Agent>("PATCH", `/api/agents/${made.id}`, { body: { name: "回声" } });
    expect(renamed).toMatchObject({ revision: 3, graph: { name: "回声" } });
    expect((await app.json<{ agents: Agent[] }>("GET", "/api/agents")).agents.map((agent) => agent.id)).toContain(
      made.id,
    );
    const cards = await app.json<{ agents: AgentCard[] }>("GET", "/api/agents?view=cards");
    const card = cards.agents.find((agent) => agent.id === made.id);
    expect(card).toMatchObject({ name: "回声", revision: 3 });
    expect(card?.ports.inputs.map((port) => port.id)).toContain("message");
    expect(card).not.toHaveProperty("graph");
    await app.json("GET", "/api/agents?view=pictures", { status: 400 });
    await app.json("DELETE", `/api/agents/${made.id}`, { status: 204 });
    await app.json("GET", `/api/agents/${made.id}`, { status: 404 });
    await app.json("DELETE", `/api/agents/${made.id}`, { status: 404 });
  });

  test("have a folder and tags, which change no revision and go with them", async () => {
    const { id } = await create(echo);
    const label = (body: object, status = 200) => app.json<Agent>("PATCH", `/api/agents/${id}`, { body, status });
    expect(await label({ folder: " Team / Support/ ", tags: ["mail", " mail ", "daily"] })).toMatchObject({
      revision: 1,
      folder: "Team/Support",
      tags: ["mail", "daily"],
    });
    expect(await label({ tags: ["weekly"], name: "Echo 9" })).toMatchObject({
      revision: 2,
      folder: "Team/Support",
      tags: ["weekly"],
      graph: { name: "Echo 9" },
    });
    await app.restart();
    for (const path of ["/api/agents", "/api/agents?view=cards"]) {
      const { agents } = await app.json<{ agents: Agent[] }>("GET", path);
      expect(agents.find((one) => one.id === id)).toMatchObject({ folder: "Team/Support", tags: ["weekly"] });
    }
    const plain = await label({ folder: "", tags: [] });
    expect(plain).not.toHaveProperty("folder");
    expect(plain).not.toHaveProperty("tags");
    await label({ tags: [""] }, 400);
    await label({ tags: ["x"] });
    await app.json("DELETE", `/api/agents/${id}`, { status: 204 });
    expect((await app.services.labels.all()).has(id)).toBe(false);
  });

  test("are never overwritten without the current revision", async () => {
    const { id } = await create(echo);
    expect((await put(id, echo)).status).toBe(428);
    expect((await put(id, echo, "latest")).status).toBe(400);
    const results = await Promise.all([put(id, { ...echo, name: "A" }, '"1"'), put(id, { ...echo, name: "B" }, '"1"')]);
    expect(results.map((one) => one.status).sort()).toEqual([200, 409]);
    const conflict = results.find((one) => one.status === 409)!;
    expect(await conflict.json()).toMatchObject({
      error: { code: "conflict", message: expect.stringContaining("revision 2") },
    });
    expect((await put("nothing", echo, '"1"')).status).toBe(404);
  });

  test("return the revision and the issues on a save; moving cards does not check again", async () => {
    const graph = { ...echo, layout: {} };
    const { id } = await create(graph);
    const reads = vi.spyOn(app.services.secrets, "names");
    const save = async (changed: object, revision: number) =>
      (await put(id, { ...graph, ...changed }, `"${revision}"`)).json();
    expect(await save({ description: "New" }, 1)).toEqual({ id, revision: 2, issues: [] });
    const before = reads.mock.calls.length;
    expect(await save({ description: "New", layout: { ask: { x: 5, y: 5 } } }, 2)).toEqual({
      id,
      revision: 3,
      issues: [],
    });
    expect(reads.mock.calls.length).toBe(before);
    expect(await save({ description: "New", edges: [], layout: { ask: { x: 9, y: 5 } } }, 3)).toMatchObject({
      revision: 4,
      issues: [expect.anything()],
    });
    expect(reads.mock.calls.length).toBeGreaterThan(before);
    reads.mockRestore();
  });

  test("keep their history; an unchanged save adds no revision", async () => {
    const { id } = await create(echo);
    for (let n = 1; n <= 5; n++) expect((await put(id, { ...echo, name: `Name ${n}` }, `"${n}"`)).status).toBe(200);
    expect(((await (await put(id, { ...echo, name: "Name 5" }, '"6"')).json()) as Agent).revision).toBe(6);
    const { revisions } = await app.json<{ revisions: { revision: number; name: string }[] }>(
      "GET",
      `/api/agents/${id}/revisions`,
    );
    expect(revisions.map((one) => [one.revision, one.name])).toEqual([
      [6, "Name 5"],
      [5, "Name 4"],
      [4, "Name 3"],
      [3, "Name 2"],
      [2, "Name 1"],
      [1, "Echo"],
    ]);
    expect(await app.json("GET", `/api/agents/${id}/revisions/3`)).toMatchObject({
      revision: 3,
      graph: { name: "Name 2" },
    });
    await app.json("PATCH", `/api/agents/${id}/revisions/1`, { body: { label: "As it began" }, status: 204 });
    await app.json("PATCH", `/api/agents/${id}/revisions/7`, { body: { label: "None" }, status: 404 });
    const named = await app.json<{ revisions: { label?: string }[] }>("GET", `/api/agents/${id}/revisions`);
    expect(named.revisions.map((one) => one.label)).toEqual([...Array(5).fill(undefined), "As it began"]);
    await app.json("PATCH", `/api/agents/${id}/revisions/1`, { body: { label: "" }, status: 204 });
    await app.json("GET", `/api/agents/${id}/revisions/7`, { status: 404 });
    await app.json("GET", `/api/agents/${id}/revisions/x`, { status: 404 });
    await app.restart();
    expect(await app.json("GET", `/api/agents/${id}/revisions/1`)).toMatchObject({ graph: { name: "Echo" } });
  });

  test("with issues are saved, kept as they are, and not run or published", async () => {
    const odd = {
      ...echo,
      nodes: [...echo.nodes, { id: "future", type: "hologram", version: 9, config: { any: ["thing"] } }],
      "x-mine": { kept: true },
    };
    const made = await create(odd);
    expect(made.issues).toMatchObject([{ code: "unknown-type", node: "future", path: "/nodes/2/type" }]);
    expect(made.graph).toMatchObject({ "x-mine": { kept: true } });
    expect(made.graph.nodes[2]).toMatchObject({ type: "hologram", config: { any: ["thing"] } });
    const run = await app.json<{ error: { issues: unknown[] } }>("POST", `/api/agents/${made.id}/runs`, {
      body: { input: { message: "x" } },
      status: 422,
    });
    expect(run.error.issues).toHaveLength(1);
    expect(await app.json("POST", `/api/agents/${made.id}/publish`, { body: {}, status: 422 })).toMatchObject({
      error: { code: "graph_has_issues" },
    });
  });

  test("an invalid agent file is refused with the paths of its issues", async () => {
    for (const [graph, code, path] of [
      [{ ...echo, format: "patchbay/7" }, "newer-format", "/format"],
      [{ ...echo, colour: "red" }, "unknown-key", "/colour"],
      [{ ...echo, nodes: [{ ...echo.nodes[0], id: "Not ok" }] }, "bad-value", "/nodes/0/id"],
      [{ ...echo, name: "" }, "bad-value", "/name"],
      ["text", "bad-value", ""],
    ] as const) {
      const answer = await app.request("POST", "/api/agents", { body: { graph } });
      if (graph === "text") expect(answer.status).toBe(400);
      else {
        expect(answer.status).toBe(422);
        expect(await answer.json()).toMatchObject({ error: { code: "graph_has_issues", issues: [{ code, path }] } });
      }
    }
  });

  test("5,000 nodes, not 5,001", async () => {
    const many = (count: number) => ({
      ...echo,
      nodes: Array.from({ length: count }, (_, i) => ({ id: `n${i}`, type: "note", version: 1, config: {} })),
      edges: [],
    });
    expect((await app.request("POST", "/api/agents", { body: { graph: many(5000) } })).status).toBe(201);
    expect((await app.request("POST", "/api/agents", { body: { graph: many(5001) } })).status).toBe(422);
  });

  test("lists page newest first", async () => {
    const ids = [];
    for (let i = 0; i < 5; i++) ids.push((await create({ ...echo, name: `Page ${i}` })).id);
    const first = await app.json<{ agents: Agent[] }>("GET", "/api/agents?limit=2");
    expect(first.agents.map((one) => one.id)).toEqual([ids[4], ids[3]]);
    const second = await app.json<{ agents: Agent[] }>("GET", `/api/agents?limit=2&after=${ids[3]}`);
    expect(second.agents.map((one) => one.id)).toEqual([ids[2], ids[1]]);
    for (const query of ["limit=0", "limit=501", "limit=many"])
      await app.json("GET", `/api/agents?${query}`, { status: 400 });
  });
});

describe("publishing", () => {
  test("freezes a version; live moves, the version does not", async () => {
    const { id, version } = await app.publish(echo, "frozen");
    expect(version).toBe(1);
    await put(id, { ...echo, name: "Changed" }, '"1"');
    const published = await app.json<{ version: number; urls: Record<string, string> }>(
      "POST",
      `/api/agents/${id}/publish`,
      { body: { note: "the second" } },
    );
    expect(published).toMatchObject({ version: 2, urls: { runs: "http://127.0.0.1:4400/v1/agents/frozen/runs" } });
    const listed = await app.json<{
      publication: object;
      versions: { version: number; note: string; graph: { name: string } }[];
    }>("GET", `/api/agents/${id}/versions`);
    expect(listed.publication).toMatchObject({ slug: "frozen", live: 2, latest: 2, access: "private" });
    expect(listed.versions.map((one) => [one.version, one.note, one.graph.name])).toEqual([
      [2, "the second", "Changed"],
      [1, "", "Echo"],
    ]);
    expect(await app.json("POST", `/api/agents/${id}/live`, { body: { version: 1 } })).toMatchObject({
      live: 1,
      latest: 2,
    });
    expect(await app.json("GET", `/api/agents/${id}`)).toMatchObject({ slug: "frozen", live: 1 });
    await app.json("POST", `/api/agents/${id}/live`, { body: { version: 9 }, status: 404 });
    const live = (body: object, status = 200) =>
      app.json<{ live: number; share?: { since: number } }>("POST", `/api/agents/${id}/live`, { body, status });
    const shared = await live({ version: 2, share: 0.25 });
    expect(shared).toMatchObject({ live: 1, share: { version: 2, share: 0.25, since: expect.any(Number) } });
    // More of the same goes on with the same comparison; a share of the live one is nothing.
    expect((await live({ version: 2, share: 0.5 })).share?.since).toBe(shared.share!.since);
    await live({ version: 1, share: 0.5 }, 400);
    await live({ version: 2, share: -0.1 }, 400);
    expect(await live({ version: 1 })).toEqual(expect.not.objectContaining({ share: expect.anything() }));
  });

  test("derives a slug from the name, and keeps it", async () => {
    const publish = async (graph: object, body = {}) => {
      const { id } = await create(graph);
      return app.json<{ slug: string }>("POST", `/api/agents/${id}/publish`, { body });
    };
    expect((await publish({ ...echo, name: "Été à la Mer!" })).slug).toBe("ete-a-la-mer");
    expect((await publish({ ...echo, name: "Été à la mer" })).slug).toBe("ete-a-la-mer-2");
    expect((await publish({ ...echo, name: "企业手册" })).slug).toMatch(/^agent-[0-9a-z]{6}$/);
    const { id } = await create(echo);
    for (const [slug, status] of [
      ["ete-a-la-mer", 409],
      ["Not/OK", 400],
      ["-x", 400],
      ["x".repeat(64), 400],
    ] as const)
      await app.json("POST", `/api/agents/${id}/publish`, { body: { slug }, status });
    await app.json("POST", `/api/agents/${id}/publish`, { body: { slug: "mine" } });
    await app.json("POST", `/api/agents/${id}/publish`, { body: { slug: "yours" }, status: 409 });
  });

  test("resolves agents to versions, at any depth, and refuses one that is not published", async () => {
    const inner = await create({ ...echo, name: "Inner" });
    const outer = await create(
      graphOf(
        {
          ask: ["input"],
          call: ["agent", { agent: inner.id }],
          each: ["map", { body: { agent: inner.id } }],
          reply: ["output"],
        },
        ["ask.message call.message", "call.reply each.items", "each.results reply.reply"],
      ),
    );
    const refused = await app.json<{ error: { issues: { code: string; node: string; fix: string }[] } }>(
      "POST",
      `/api/agents/${outer.id}/publish`,
      { body: { slug: "outer" }, status: 422 },
    );
    expect(refused.error.issues).toMatchObject([
      { code: "missing-agent", node: "call", fix: "Publish that agent first." },
      { node: "each" },
    ]);
    await app.json("POST", `/api/agents/${inner.id}/publish`, { body: { slug: "inner" } });
    await app.json("POST", `/api/agents/${outer.id}/publish`, { body: { slug: "outer" } });
    const { versions } = await app.json<{ versions: { graph: { nodes: { config: unknown }[] } }[] }>(
      "GET",
      `/api/agents/${outer.id}/versions`,
    );
    expect(versions[0]!.graph.nodes[1]!.config).toEqual({ agent: "inner", version: 1 });
    expect(versions[0]!.graph.nodes[2]!.config).toMatchObject({ body: { agent: "inner", version: 1 } });
    // The draft stays as it was written.
    expect((await app.json<Agent>("GET", `/api/agents/${outer.id}`)).graph.nodes[1]!.config).toEqual({
      agent: inner.id,
    });
  });

  test("records the hash of each tool's schema", async () => {
    const { id } = await app.publish(chat({ tools: ["builtin/calculator", "builtin/clock"] }), "with-tools");
    const { versions } = await app.json<{ versions: { tools: Record<string, string> }[] }>(
      "GET",
      `/api/agents/${id}/versions`,
    );
    expect(Object.keys(versions[0]!.tools).sort()).toEqual(["builtin/calculator", "builtin/clock"]);
    expect(versions[0]!.tools["builtin/clock"]).toMatch(/^[0-9a-f]{64}$/);
  });

  test("a deleted agent cannot be called", async () => {
    const { id } = await app.publish(echo, "short-lived");
    const { key } = await app.key();
    const call = () =>
      app.request("POST", "/v1/agents/short-lived/runs", { token: key, body: { input: { message: "x" } } });
    expect((await call()).status).toBe(200);
    await app.json("DELETE", `/api/agents/${id}`, { status: 204 });
    expect((await call()).status).toBe(404);
    await app.restart();
    expect((await call()).status).toBe(404);
  });
});

test("a check returns the same issues as the draft", async () => {
  const graph = graphOf(
    {
      ask: ["input"],
      brain: ["llm", { model: "nobody/none" }],
      kit: ["tool", { tools: ["builtin/nothing"] }],
      find: ["retriever", { knowledge: "none" }],
      reply: ["output"],
    },
    [
      "ask.message brain.message",
      "kit.tools brain.tools",
      "ask.message find.query",
      "find.documents brain.documents",
      "brain.text reply.reply",
    ],
  );
  const { issues } = await app.json<{ issues: { code: string }[] }>("POST", "/api/check", { body: { graph } });
  expect(issues.map((one) => one.code).sort()).toEqual(["missing-knowledge", "missing-model", "missing-tool"]);
  expect((await create(graph)).issues).toEqual(issues);
  expect((await app.json<{ issues: unknown[] }>("POST", "/api/check", { body: { graph: approval() } })).issues).toEqual(
    [],
  );
});

test("the catalogue lists what a graph can use", async () => {
  const catalog = await app.json<{
    nodes: { type: string; config: object; ports: object }[];
    tools: { name: string }[];
    models: { name: string }[];
  }>("GET", "/api/catalog");
  expect(catalog.nodes.map((card) => card.type)).toEqual(
    expect.arrayContaining(["input", "output", "llm", "map", "approval"]),
  );
  expect(catalog.nodes.find((card) => card.type === "llm")).toMatchObject({
    config: { type: "object", properties: { model: {} } },
    ports: { inputs: expect.arrayContaining([expect.objectContaining({ id: "message", kind: "text" })]) },
  });
  expect(catalog.tools.map((tool) => tool.name)).toContain("builtin/calculator");
  expect(catalog.models.map((model) => model.name)).toContain("openai/mock");
});
