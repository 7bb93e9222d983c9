/** Templates of one's own: saved from an agent, imported, exported, used, deleted; what may not get in does not. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Graph } from "../../runtime/graph.ts";
import type { RunResult } from "../contract/run.ts";
import { MAX_OWN } from "../templates/own-templates.ts";
import { readSample, readToolTemplate } from "../templates/template.ts";
import { echo, graphOf, type TestApp, testApp } from "../testing/test-app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.close());

interface Card {
  id: string;
  own: boolean;
  ready: boolean;
  title: { en: string; zh: string };
  summary: { en: string };
  tags: string[];
  graph: Graph;
  needs: { knowledge: { name: string }[]; secrets: string[]; models: string[]; tools: string[] };
  samples: unknown[];
}
const save = (body: unknown, status = 201) => app.json<Card>("POST", "/api/templates", { body, status });
const refused = async (body: unknown, status = 400) =>
  (await app.json<{ error: { message: string; path?: string } }>("POST", "/api/templates", { body, status })).error;
const list = async (query = "") => (await app.json<{ templates: Card[] }>("GET", `/api/templates${query}`)).templates;

const needy = graphOf(
  {
    ask: ["input"],
    facts: ["retriever", { knowledge: "handbook" }],
    brain: ["llm", { model: "openai/other" }],
    each: [
      "map",
      {
        body: graphOf(
          {
            ask: ["input"],
            call: ["http", { url: "https://a.test/", headers: { key: { secret: "INNER" } } }],
            reply: ["output"],
          },
          ["ask.message reply.reply"],
        ),
      },
    ],
    call: ["http", { url: "https://a.test/", headers: { authorization: { secret: "API_KEY", prefix: "Bearer " } } }],
    reply: ["output"],
  },
  ["ask.message facts.query", "facts.documents brain.documents", "ask.message brain.message", "brain.text reply.reply"],
  { name: "Needy", description: "Asks a lot.", "x-pins": { brain: { text: "from a trial" } } },
);

describe("an own template", () => {
  test("has the needs of its graph and no pinned outputs, and is listed after the shipped ones, newest first", async () => {
    const first = await save({ graph: echo, name: "My echo", summary: "Says it again.", tags: ["small"] });
    expect(first).toMatchObject({
      own: true,
      ready: true,
      title: { en: "My echo", zh: "My echo" },
      summary: { en: "Says it again." },
      tags: ["small"],
      graph: { name: "My echo" },
      needs: { knowledge: [], secrets: [], models: [] },
    });
    const second = await save({ graph: needy });
    expect(second).toMatchObject({
      title: { en: "Needy" },
      summary: { en: "Asks a lot." },
      needs: { knowledge: [{ name: "handbook" }], secrets: ["API_KEY", "INNER"], models: ["openai/other"] },
    });
    expect(second.graph).not.toHaveProperty("x-pins");
    const all = await list();
    expect(all.slice(-2).map((one) => one.id)).toEqual([second.id, first.id]);
    expect(all[0]).toMatchObject({ own: false });
    const paged: string[] = [];
    for (let after = ""; ; ) {
      const page = await list(`?limit=3${after && `&after=${after}`}`);
      paged.push(...page.map((one) => one.id));
      if (page.length < 3) break;
      after = page.at(-1)!.id;
    }
    expect(paged).toEqual(all.map((one) => one.id));
  });

  test("becomes an agent that runs, under its own name", async () => {
    const { id } = await save({ graph: echo, name: "Parrot" });
    const used = await app.json<{ id: string; agent: { graph: Graph } }>("POST", `/api/templates/${id}/use`, {
      body: { language: "zh" },
      status: 201,
    });
    expect(used.agent.graph.name).toBe("Parrot");
    const run = await app.json<RunResult>("POST", `/api/agents/${used.id}/runs`, {
      body: { input: { message: "Hi" } },
    });
    expect(run.output).toEqual({ reply: "Hi" });
  });

  test("is exported, imported, changed, kept over a restart, and deleted", async () => {
    const { id } = await save({ graph: needy });
    const file = await app.json<Record<string, unknown>>("GET", `/api/templates/${id}/file`);
    const copy = await save({ template: file });
    expect(copy.id).not.toBe(id);
    expect(copy).toMatchObject({ title: { en: "Needy" }, needs: { secrets: ["API_KEY", "INNER"] } });
    await app.json("PATCH", `/api/templates/${copy.id}`, { body: { name: "Renamed", tags: ["x"] } });
    await app.restart();
    expect(await app.json("GET", `/api/templates/${copy.id}`)).toMatchObject({
      title: { en: "Renamed" },
      summary: { en: "Asks a lot." },
      tags: ["x"],
    });
    await app.json("DELETE", `/api/templates/${copy.id}`, { status: 204 });
    await app.json("DELETE", `/api/templates/${copy.id}`, { status: 404 });
    await app.json("POST", `/api/templates/${copy.id}/use`, { body: {}, status: 404 });
  });
});

describe("shipped templates", () => {
  test("are exported and imported with samples and tools, but cannot be changed or deleted", async () => {
    const file = await app.json<Record<string, unknown>>("GET", "/api/templates/handbook-helper/file");
    const copy = await save({ template: file });
    expect(copy).toMatchObject({ own: true, title: { zh: expect.stringMatching(/手册/) } });
    expect(copy.samples.length).toBeGreaterThan(3);
    for (const [method, body] of [
      ["DELETE", undefined],
      ["PATCH", { name: "Mine" }],
    ] as const) {
      const { error } = await app.json<{ error: { message: string } }>(method, "/api/templates/handbook-helper", {
        ...(body && { body }),
        status: 409,
      });
      expect(error.message).toMatch(/is shipped with Patchbay/);
    }
  });
});

describe("refused content", () => {
  test("a secret's value as plain text, anywhere", async () => {
    await app.json("PUT", "/api/secrets/BANK", { body: { value: "sk-very-secret-1234" } });
    const graph = graphOf(
      { ask: ["input"], say: ["prompt", { template: "Use sk-very-secret-1234" }], reply: ["output"] },
      ["ask.message reply.reply"],
    );
    expect((await refused({ graph })).message).toContain('"BANK"');
    const file = await app.json<Record<string, unknown>>("GET", "/api/templates/router-desk/file");
    await refused({ template: { ...file, summary: { en: "sk-very-secret-1234", zh: "x" } } });
    expect(JSON.stringify(await list("?limit=500"))).not.toContain("sk-very-secret-1234");
  });

  test("file names that no shipped template has", async () => {
    const file = await app.json<Record<string, unknown>>("GET", "/api/templates/router-desk/file");
    const copy = await save({
      template: {
        ...file,
        samples: [{ knowledge: "k", file: "../../package.json" }],
        needs: { tools: ["../../package", "weather"] },
      },
    });
    expect(copy).toMatchObject({ samples: [], needs: { tools: ["weather"] } });
  });

  test("a file outside of the folder, also when the record names it", async () => {
    await expect(readSample("../agents/router-desk.json")).rejects.toThrow(/lies elsewhere/);
    await expect(readToolTemplate("../agents/router-desk")).rejects.toThrow(/lies elsewhere/);
  });

  test.each<[string, unknown, number, RegExp]>([
    ["a graph that is none", { graph: { format: "patchbay/1", nodes: [] } }, 422, /not an agent file/],
    ["a template without a graph", { template: { id: "x" } }, 400, /\/template/],
    ["a template whose graph is none", { template: null }, 400, /body|template/],
    ["an unknown key", { graph: echo, colour: "red" }, 400, /body|colour/],
    ["a name without end", { graph: echo, name: "x".repeat(201) }, 400, /name|body/],
  ])("%s", async (_what, body, status, words) => {
    expect((await refused(body, status)).message).toMatch(words);
  });

  test("more templates than the limit", async () => {
    const { records } = app.services;
    const there = (await list("?limit=500")).filter((one) => one.own).length;
    const made: string[] = [];
    for (let n = there; n < MAX_OWN; n++) made.push(`own-filler-${n}`);
    const [{ id }] = (await list("?limit=500")).filter((one) => one.own) as [Card];
    const { body } = (await records.get("template", id))!;
    await Promise.all(made.map((name) => records.put("template", name, { ...(body as object), id: name })));
    expect((await refused({ graph: echo }, 409)).message).toMatch(/Delete some first/);
    await Promise.all(made.map((name) => records.delete("template", name)));
  });
});
