/** Agents and tools as nodes: their ports are known wherever the graph runs, as a draft, published, and resumed. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Issue } from "../../runtime/issue.ts";
import type { RunResult } from "../services.ts";
import { graphOf, type TestApp, testApp } from "../testing/test-app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.close());

const greeter = (fields: string[], template: string) =>
  graphOf(
    {
      ask: ["input", { fields: fields.map((name) => ({ name, kind: "text", required: true })) }],
      say: ["prompt", { template }],
      reply: ["output"],
    },
    ["ask.message say.message", ...fields.map((name) => `ask.${name} say.${name}`), "say.text reply.reply"],
  );
const caller = (agent: string, port: string, version: number | null = null) =>
  graphOf(
    { ask: ["input"], who: ["prompt", { template: "Ada" }], sub: ["agent", { agent, version }], reply: ["output"] },
    ["ask.message sub.message", `who.text sub.${port}`, "sub.reply reply.reply"],
  );
const create = (graph: unknown) =>
  app.json<{ id: string; issues: Issue[] }>("POST", "/api/agents", { body: { graph }, status: 201 });
const ask = (path: string, token?: string) =>
  app.json<RunResult>("POST", path, { body: { input: { message: "1+1" } }, ...(token && { token }) });

describe("an agent with fields, as a node", () => {
  test("as a draft that nobody published: the server's verdict knows its ports, as the editor's does", async () => {
    const { id } = await create(greeter(["name"], "{{message}}, {{name}}"));
    const outer = await create(caller(id, "name"));
    expect(outer.issues).toEqual([]);
    expect((await ask(`/api/agents/${outer.id}/runs`)).output).toEqual({ reply: "1+1, Ada" });
    expect((await create(caller(id, "city"))).issues.map((issue) => issue.code)).toContain("unknown-port");
  });

  test("published, in the version that it was published with, whatever became of the other since", async () => {
    const first = await app.publish(greeter(["name"], "{{message}}, {{name}}"), "greeter");
    await app.publish(caller(first.id, "name"), "outer");
    const changed = greeter(["city"], "{{message}} from {{city}}");
    await app.json("PUT", `/api/agents/${first.id}`, { body: { graph: changed }, headers: { "if-match": '"1"' } });
    await app.json("POST", `/api/agents/${first.id}/publish`, { body: {} });
    const { key } = await app.key();
    expect((await ask("/v1/agents/outer/runs", key)).output).toEqual({ reply: "1+1, Ada" });
    await app.restart();
    expect((await ask("/v1/agents/outer/runs", key)).output).toEqual({ reply: "1+1, Ada" });
    expect((await create(caller("greeter", "name", 1))).issues).toEqual([]);
  });
});

describe("an action with wired arguments", () => {
  const sum = graphOf(
    {
      ask: ["input"],
      gate: ["approval"],
      sum: ["action", { tool: "builtin/calculator" }],
      reply: ["output"],
    },
    ["ask.message gate.value", "gate.approved sum.expression", "sum.result reply.reply"],
  );

  test("runs published, and goes on after a restart", async () => {
    await app.publish(sum, "sum");
    const { key } = await app.key({ rights: ["run", "answer"] });
    const waiting = await ask("/v1/agents/sum/runs", key);
    expect(waiting.status).toBe("waiting");
    await app.restart();
    const answered = await app.json<RunResult>("POST", `/v1/runs/${waiting.id}/answer`, {
      body: { answers: [{ wait: waiting.waits![0]!.wait, choice: "approve" }] },
      token: key,
    });
    expect(answered).toMatchObject({ status: "done", output: { reply: 2 } });
  });
});
