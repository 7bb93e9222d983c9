/** Thoughts and calls as models and their servers really send them, through a whole run. */
import { describe, expect, it } from "vitest";
import type { Message } from "../message.ts";
import type { ChatRequest } from "../model.ts";
import { agent, double, plain, run, tool } from "./testing/play-agent.ts";

describe("thoughts that only a closing tag ends", () => {
  const text = "The user says hi.\nI greet back.\n</think>\n\nHello!";

  it("are reasoning: in the reply, in the log and on the stream", async () => {
    const { outcome, of, host } = await run(plain(), [{ text, split: (all: string) => all.match(/[\s\S]{1,7}/g)! }]);
    expect(outcome.output?.reply).toBe("Hello!");
    expect(of("message")[0]!.message).toEqual({
      role: "assistant",
      content: "Hello!",
      reasoning: "The user says hi.\nI greet back.",
    });
    expect(host.answerText()).toBe("Hello!");
    const reasoning = host.deltas.filter((delta) => delta.kind === "reasoning").map((delta) => delta.text);
    expect(reasoning.join("")).toBe("The user says hi.\nI greet back.");
  });

  it("leave the JSON behind them to be read", async () => {
    const schema = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
    const { outcome, host } = await run(plain({ schema }), [
      'Perhaps {"city":"Bonn"}? No.\n</think>\n{"city":"Berlin"}',
    ]);
    expect(outcome.output?.reply).toBe('{"city":"Berlin"}');
    expect(host.requests).toHaveLength(1);
  });

  it("cite nothing, and are not held as the beginning of an answer", async () => {
    const { outcome, host } = await run(agent(), ["Let me look that up [1].\n</think>\nIt is 4."]);
    expect(outcome.output?.reply).toBe("It is 4.");
    expect(host.answerText()).toBe("It is 4.");
  });
});

describe("no arguments, as models write them", () => {
  const clock = tool("builtin/clock", () => "Noon", {
    parameters: { type: "object", properties: { addDays: { type: "number" } } },
  });
  const calledWith = async (args: unknown) => {
    const call = { name: "clock", arguments: args };
    const { host, outcome, of } = await run(
      agent(),
      (_request: ChatRequest, index: number) => (index === 0 ? { calls: [call] } : "done"),
      { tools: [clock] },
    );
    expect(outcome.output?.reply).toBe("done");
    return { called: host.calls.map((one) => one.arguments), stored: of("message")[0]!.message.calls![0]!.arguments };
  };
  it.each([[null], [""], [[]], ["null"], ["None"]])("%j is an empty object", async (args) => {
    expect(await calledWith(args)).toEqual({ called: [{}], stored: {} });
  });
  it.each([['{"addDays":1}'], ['"{\\"addDays\\":1}"']])("an object in a text of JSON is read: %s", async (args) => {
    expect(await calledWith(args)).toEqual({ called: [{ addDays: 1 }], stored: { addDays: 1 } });
  });
  it("what can be no object is the model's mistake, and goes back as an empty one", async () => {
    const { host } = await run(agent(), [{ calls: [{ name: "double", arguments: [1, 2] }] }, "done"], {
      tools: [double],
    });
    expect(host.calls).toEqual([]);
    expect(host.requests[1]!.messages.at(-1)).toMatchObject({
      role: "tool",
      content: expect.stringContaining("must be object"),
    });
    expect(host.requests[1]!.messages.at(-2)).toMatchObject({ calls: [{ arguments: {} }] });
  });
});

it("what a provider attached is stored, and is in the history that a later run sends", async () => {
  const providerData = { provider: "scripted", fields: { reasoning_details: [1] }, reasoning: "reasoning_content" };
  const history: Message[] = [
    { role: "user", content: "1 + 1?" },
    {
      role: "assistant",
      content: "",
      reasoning: "A sum.",
      calls: [{ id: "a", name: "double", arguments: { x: 1 }, providerData }],
      providerData,
    },
    { role: "tool", call: "a", name: "double", content: "2" },
    { role: "assistant", content: "2." },
  ];
  const { host } = await run(agent(), ["Yes."], {}, { message: "Sure?", history });
  expect(host.requests[0]!.messages.filter((message) => message.role !== "system").slice(0, 4)).toEqual(history);
});

describe("a prompt that the server finds too long", () => {
  const overflow = {
    error: { code: "context_overflow" as const, message: "The prompt is too long for m, which takes 900 tokens." },
  };
  const history: Message[] = Array.from({ length: 40 }, (_, n) => [
    { role: "user" as const, content: `Question ${n} ${"word ".repeat(20)}` },
    { role: "assistant" as const, content: `Answer ${n}` },
  ]).flat();

  it("is built anew within the limit that the refusal told", async () => {
    const models = { "scripted/model": { contextTokens: 32_768 } as { contextTokens: number } };
    const { outcome, host } = await run(
      plain(),
      (_request, index) => {
        if (index > 0) return "ok";
        models["scripted/model"].contextTokens = 900;
        return overflow;
      },
      { models },
      { message: "hi", history },
    );
    expect(outcome.output?.reply).toBe("ok");
    expect(host.requests[1]!.messages.length).toBeLessThan(host.requests[0]!.messages.length);
    expect(host.requests[1]!.messages.at(-1)).toEqual({ role: "user", content: "hi" });
    expect(host.requests[1]!.maxOutputTokens).toBeLessThanOrEqual(900);
  });

  it("and of which nothing can be left out fails with the refusal, not with a number of ours", async () => {
    const { outcome } = await run(plain(), () => overflow, {}, { message: "hi" });
    expect(outcome).toMatchObject({ status: "failed", error: overflow.error });
  });

  it("the answer gives way before the prompt does", async () => {
    const models = { "scripted/model": { contextTokens: 2000, outputTokens: 2000 } };
    const { outcome, host } = await run(plain(), ["ok"], { models }, { message: "word ".repeat(1200) });
    expect(outcome.output?.reply).toBe("ok");
    expect(host.requests[0]!.maxOutputTokens).toBeLessThan(700);
    expect(host.requests[0]!.maxOutputTokens).toBeGreaterThan(100);
  });
});
