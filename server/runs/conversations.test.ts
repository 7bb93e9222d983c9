/** What the next turn of a session knows of a turn that ended without a reply. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { RunResult } from "../contract/run.ts";
import type { MockReply, MockRequest } from "../testing/mock-model.ts";
import { chat, graphOf, sseOf, type TestApp, testApp } from "../testing/test-app.ts";

let app: TestApp;
let reply: (request: MockRequest, number: number) => MockReply | undefined;
let asked: MockRequest["messages"][] = [];
/** Resolves when the model is asked in a turn that a test cancels. */
let held: Promise<void> | undefined;

beforeAll(async () => {
  app = await testApp({
    mock: {
      reply(request) {
        asked.push(request.messages.filter((one) => one.role !== "system"));
        return reply(request, asked.length);
      },
      hold: () => held,
    },
  });
});
afterAll(() => app.close());

const call = { calls: [{ id: "c1", name: "calculator", arguments: { expression: "6*7" } }] };
const agent = (more: object = {}) => ({ ...chat({ tools: ["builtin/calculator"] }), ...more });
const say = (graph: unknown, session: string, message: string) =>
  app.json<RunResult>("POST", "/api/runs", { body: { graph, input: { message }, session } });

/** The messages that the model gets for "Did it work?" in this session. */
async function next(session: string) {
  asked = [];
  held = undefined;
  reply = () => ({ text: "I do not know." });
  await say(agent(), session, "Did it work?");
  const messages = asked[0]!;
  expect(messages.at(-1)).toMatchObject({ role: "user", content: "Did it work?" });
  return messages.slice(0, -1);
}

test("a turn whose model failed after a call: the question, the call, its result and the error", async () => {
  asked = [];
  reply = (_request, number) => (number === 1 ? call : { status: 400, message: "refused" });
  expect(await say(agent(), "failed", "Book room 42")).toMatchObject({ status: "failed" });
  expect(await next("failed")).toMatchObject([
    { role: "user", content: "Book room 42" },
    { role: "assistant", tool_calls: [{ function: { name: "calculator" } }] },
    { role: "tool", content: expect.stringContaining("42") },
    {
      role: "assistant",
      content: expect.stringMatching(/^\[This turn ended with an error \(\w+\) before there was a reply/),
    },
  ]);
  const session = await app.json<{ turns: { status: string; messages: unknown[] }[] }>("GET", "/api/sessions/failed");
  expect(session.turns[0]).toMatchObject({ status: "failed", messages: [{ role: "user", content: "Book room 42" }] });
});

test("a turn that met its limit of steps", async () => {
  asked = [];
  reply = (_request, number) => ({
    calls: [{ id: `c${number}`, name: "calculator", arguments: { expression: `${number}+1` } }],
  });
  const limited = agent({ settings: { budget: { steps: 2 } } });
  expect(await say(limited, "limited", "Add")).toMatchObject({ status: "failed", error: { code: "step_limit" } });
  const messages = await next("limited");
  expect(messages.map((one) => one.role)).toEqual(["user", "assistant", "tool", "assistant", "tool", "assistant"]);
  expect(messages.at(-1)!.content).toContain("stopped at a limit (step_limit)");
});

test("a cancelled turn", async () => {
  asked = [];
  let release = () => {};
  reply = (_request, number) => {
    if (number === 1) return call;
    held = new Promise((resolve) => (release = resolve));
    return { text: "never read" };
  };
  const stream = await app.request("POST", "/api/runs", {
    body: { graph: agent(), input: { message: "Wait" }, session: "cancelled" },
    headers: { accept: "text/event-stream" },
  });
  let run: string | undefined;
  for await (const { event, data } of sseOf(stream)) {
    run ??= (data as { run: string }).run;
    if (event === "tool-end") await app.request("POST", `/api/runs/${run}/cancel`, { body: {} });
  }
  release();
  const messages = await next("cancelled");
  expect(messages.map((one) => one.role)).toEqual(["user", "assistant", "tool", "assistant"]);
  expect(messages.at(-1)!.content).toContain("was cancelled");
});

test("calls of a node that does not make the reply, and a turn that failed at once", async () => {
  asked = [];
  const graph = graphOf(
    {
      ask: ["input"],
      sum: ["action", { tool: "builtin/calculator", arguments: { expression: "6*7" } }],
      brain: ["llm"],
      reply: ["output"],
    },
    ["ask.message brain.message", "sum.result brain.instructions", "brain.text reply.reply"],
  );
  reply = () => ({ status: 400, message: "no" });
  expect(await say(graph, "other", "Sum")).toMatchObject({ status: "failed" });
  expect(await next("other")).toMatchObject([
    { role: "user", content: "Sum" },
    {
      role: "assistant",
      content: expect.stringMatching(/Other calls of this turn:\n- builtin\/calculator \{"expression":"6\*7"\} → .*42/),
    },
  ]);
  const [, , question] = await next("other");
  expect(question).toMatchObject({ role: "user", content: "Did it work?" });
});
