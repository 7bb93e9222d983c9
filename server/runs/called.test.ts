/** Agents and tools as nodes: their ports are known wherever the graph runs, as a draft, published, and resumed. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Issue } from "../../runtime/issue.ts";
import type { RunResult } from "../contract/run.ts";
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

describe("what a run calls stays what it was at its start", () => {
  const asking = (said: string) =>
    graphOf(
      { ask: ["input"], gate: ["approval"], say: ["prompt", { template: said }], reply: ["output"] },
      ["ask.message gate.value", "gate.approved say.message", "say.text reply.reply"],
      { name: said.split(" ")[0] },
    );
  const change = (id: string, graph: unknown) =>
    app.json("PUT", `/api/agents/${id}`, { body: { graph }, headers: { "if-match": '"1"' } });
  const approve = (run: RunResult) =>
    app.json<RunResult>("POST", `/api/runs/${run.id}/answer`, {
      body: { wait: run.waits![0]!.wait, choice: "approve" },
    });

  test("a draft, and what that one calls, changed while the run waits and over a restart", async () => {
    const inner = await create(asking("inner as it was: {{message}}"));
    const middle = await create(
      graphOf({ ask: ["input"], sub: ["agent", { agent: inner.id }], reply: ["output"] }, [
        "ask.message sub.message",
        "sub.reply reply.reply",
      ]),
    );
    const outer = graphOf({ ask: ["input"], sub: ["agent", { agent: middle.id }], reply: ["output"] }, [
      "ask.message sub.message",
      "sub.reply reply.reply",
    ]);
    const waiting = await app.json<RunResult>("POST", "/api/runs", { body: { graph: outer, input: { message: "x" } } });
    expect(waiting.status).toBe("waiting");
    await change(inner.id, asking("inner as it is now: {{message}}"));
    await app.json("DELETE", `/api/agents/${middle.id}`, { status: 204 });
    await app.restart();
    expect(await approve(waiting)).toMatchObject({ status: "done", output: { reply: "inner as it was: x" } });
  });

  test("a published agent that a published one has as a tool, promoted while the run waits", async () => {
    const { id } = await app.publish(asking("tool as it was: {{message}}"), "told");
    await app.publish(
      graphOf({ ask: ["input"], act: ["action", { tool: "agent/told" }], reply: ["output"] }, [
        "ask.message act.message",
        "act.result reply.reply",
      ]),
      "teller",
    );
    const { key } = await app.key({ rights: ["run", "answer"] });
    const waiting = await ask("/v1/agents/teller/runs", key);
    expect(waiting.status).toBe("waiting");
    await change(id, asking("tool as it is now: {{message}}"));
    await app.json("POST", `/api/agents/${id}/publish`, { body: {} });
    expect(await approve(waiting)).toMatchObject({ status: "done", output: { reply: "tool as it was: 1+1" } });
  });

  test("one that cannot run is told of where it is called", async () => {
    const broken = await create(
      graphOf({ ask: ["input"], brain: ["llm", { model: "none/such" }], reply: ["output"] }, [
        "ask.message brain.message",
        "brain.text reply.reply",
      ]),
    );
    const outer = graphOf({ ask: ["input"], sub: ["agent", { agent: broken.id }], reply: ["output"] }, [
      "ask.message sub.message",
      "sub.reply reply.reply",
    ]);
    const run = await app.json<RunResult>("POST", "/api/runs", { body: { graph: outer, input: { message: "x" } } });
    expect(run).toMatchObject({ status: "failed", error: { code: "graph_has_issues" } });
  });
});
