/** Mistakes and failures of models, and their outcome. */
import { describe, expect, it } from "vitest";
import { nodes } from "../../nodes/index.ts";
import type { Message } from "../message.ts";
import { graphOf, play } from "../testing/play.ts";
import type { ScriptedAnswer } from "../testing/scripted-host.ts";
import { agent, call, double, error, plain, run, tool } from "./testing/play-agent.ts";

describe("mistakes of the model go back to it", () => {
  const corrected = async (calls: Exclude<ScriptedAnswer, string>["calls"], expected: RegExp, code: string) => {
    const { outcome, host, of } = await run(agent(), [{ calls }, "Sorry, done."]);
    expect(outcome.output?.reply).toBe("Sorry, done.");
    expect(host.calls).toEqual([]);
    expect(host.requests[1]!.messages.at(-1)).toMatchObject({
      role: "tool",
      error: true,
      content: expect.stringMatching(expected),
    });
    expect(of("tool-end")[0]).toMatchObject({ error: { code }, result: { error: true } });
    return of;
  };

  it("arguments that are not JSON", () =>
    corrected([{ name: "double", raw: '{"x": 1' }], /not valid JSON: \{"x": 1/, "bad_json"));
  it("arguments that break the schema", async () => {
    await corrected([{ name: "double", arguments: { x: "one" } }], /"x" must be number/, "bad_arguments");
    await corrected([{ name: "double", arguments: {} }], /"x" is missing/, "bad_arguments");
    await corrected([{ name: "double", arguments: { x: 1, y: 2 } }], /"y" is not an argument/, "bad_arguments");
    await corrected([{ name: "double", arguments: [1] }], /the value must be object/, "bad_arguments");
  });
  it("arguments of 10 MB", () =>
    corrected([{ name: "double", arguments: { x: "1".repeat(10_000_000) } }], /longer than 262144/, "bad_arguments"));
  it("arguments nested 10,000 deep", () => {
    let deep: unknown = 1;
    for (let i = 0; i < 3000; i++) deep = { a: deep };
    return corrected([{ name: "double", arguments: { x: deep } }], /nested more than 64 deep/, "bad_arguments");
  });
  it("keys that change prototypes", () =>
    corrected(
      [{ name: "double", arguments: JSON.parse('{"x": 1, "__proto__": {"y": 1}}') }],
      /"__proto__" is not allowed/,
      "bad_arguments",
    ));
  it("fails after two repairs", async () => {
    const { outcome, host } = await run(agent(), () => ({ calls: [{ name: "double", raw: "{" }] }));
    expect(outcome).toMatchObject(error("bad_json"));
    expect(host.requests).toHaveLength(3);
  });
  it.each(["__proto__", "constructor", "toString", "Double", "functions.double", "delete_everything", ""])(
    "the result for the unknown tool %j lists the tools",
    async (name) => {
      const { outcome, host, of } = await run(agent(), [{ calls: [{ name, arguments: {} }] }, "I cannot."]);
      expect(outcome.output?.reply).toBe("I cannot.");
      expect(host.calls).toEqual([]);
      expect(of("tool-end")[0]).toMatchObject({
        error: { code: "tool_not_allowed" },
        result: { content: expect.stringMatching(/There is no tool.*The tools are: double\./) },
      });
    },
  );
  it("suggests the tool that was meant", async () => {
    const { of } = await run(agent(), [{ calls: [{ name: "functions.double", arguments: {} }] }, "I cannot."]);
    expect(of("tool-end")[0]!.result.content).toContain('Did you mean "double"?');
  });

  it("missing, invalid and duplicate ids are replaced", async () => {
    const { of, host, outcome } = await run(agent(), [
      { calls: [call(1, "a"), call(2, "a"), call(3, ""), call(4, "no good!")] },
      { calls: [call(5, "a")] },
      "done",
    ]);
    expect(outcome.status).toBe("done");
    const ids = of("message").flatMap((event) => event.message.calls?.map((one) => one.id) ?? []);
    expect(ids[0]).toBe("a");
    expect(new Set(ids).size).toBe(5);
    for (const id of ids) expect(id).toMatch(/^[\w-]{1,64}$/);
    expect(
      host.requests[1]!.messages.filter((message) => message.role === "tool").map((message) => message.content),
    ).toEqual(["2", "4", "6", "8"]);
  });
  it("of 200 calls at once sixteen are made; the results of the others say so", async () => {
    const { host, outcome } = await play(
      agent(),
      nodes,
      { tools: [double], answers: [{ calls: Array.from({ length: 200 }, (_, x) => call(x)) }, "enough"] },
      { input: "Go" },
    );
    expect(outcome.output?.reply).toBe("enough");
    expect(host.calls).toHaveLength(16);
    const results = host.requests[1]!.messages.filter((message) => message.role === "tool");
    expect(results).toHaveLength(200);
    expect(results[16]!.content).toMatch(/Only 16 calls are run at once/);
  });

  it("the same call with the same result is refused, then ends the run", async () => {
    const { outcome, host, of } = await run(agent(), () => ({ calls: [call(1)] }));
    expect(outcome).toMatchObject(error("loop_detected"));
    expect(host.calls).toHaveLength(2);
    expect(of("tool-end").at(-1)!.error?.code).toBe("loop_detected");
  });
  it("a repeated call with a changing result is not a loop", async () => {
    let n = 0;
    const { outcome } = await run(agent(), (_, index) => (index < 6 ? { calls: [call(1)] } : "ready"), {
      tools: [tool("builtin/double", () => `${++n}0 %`)],
    });
    expect(outcome.output?.reply).toBe("ready");
  });

  it("a tool that fails says so to the model, and the run goes on", async () => {
    const { outcome, host } = await run(agent(), [{ calls: [call(1)] }, "It failed."], {
      tools: [tool("builtin/double", () => ({ content: "503 from upstream", error: true }))],
    });
    expect(outcome.output?.reply).toBe("It failed.");
    expect(host.requests[1]!.messages.at(-1)).toMatchObject({ content: "503 from upstream", error: true });
  });
});

describe("how an answer may end", () => {
  it("a connection lost in the middle of a call runs nothing", async () => {
    const { outcome, host } = await run(agent(), [
      { calls: [call(1)], error: { code: "connection_lost", message: "The connection was lost." } },
    ]);
    expect(outcome).toMatchObject(error("connection_lost"));
    expect(host.calls).toEqual([]);
  });
  it("what was shown is kept and marked, and nothing is glued to it", async () => {
    const { outcome, of, host } = await run(
      plain(),
      [{ text: "The first half", error: { code: "connection_lost", message: "The connection was lost." } }],
      {
        models: { "a/one": { fallback: "a/two" }, "a/two": {} },
      },
    );
    expect(outcome).toMatchObject(error("connection_lost"));
    expect(of("message")).toMatchObject([{ message: { content: "The first half" }, reason: "error" }]);
    expect(host.requests).toHaveLength(1);
  });
  it("a model that fails before its first text is replaced by its fallback", async () => {
    const { outcome, of, host } = await run(
      agent(),
      [{ error: { code: "provider_unavailable", message: "503" } }, { calls: [call(2)] }, "4"],
      { models: { "a/one": { fallback: "a/two" }, "a/two": { fallback: "a/one" } } },
    );
    expect(outcome.output?.reply).toBe("4");
    expect(host.requests.map((request) => request.model)).toEqual(["a/one", "a/two", "a/two"]);
    expect(of("message")[0]).toMatchObject({ model: "a/two", attempts: [{ error: { code: "provider_unavailable" } }] });
  });
  it("when both fail, the run fails with the last failure and does not try again", async () => {
    const { outcome, host } = await run(plain(), () => ({ error: { code: "provider_unavailable", message: "503" } }), {
      models: { "a/one": { fallback: "a/two" }, "a/two": { fallback: "a/one" } },
    });
    expect(outcome).toMatchObject(error("provider_unavailable"));
    expect(host.requests).toHaveLength(2);
  });
  it("an empty reply is requested twice more, then fails", async () => {
    expect((await run(plain(), ["", "Here."])).outcome.output?.reply).toBe("Here.");
    const { outcome, host } = await run(plain(), () => ({ text: "" }));
    expect(outcome).toMatchObject(error("bad_response"));
    expect(host.requests).toHaveLength(3);
  });
  it("a refusal, an output limit and a cut reply are different", async () => {
    expect((await run(plain(), [{ text: "No.", reason: "refused" }])).outcome).toMatchObject(error("refused"));
    expect((await run(plain(), [{ reasoning: "hm…", reason: "length" }])).outcome).toMatchObject(error("output_limit"));
    const own = graphOf({ ask: "input", brain: ["llm", { outputTokens: 5 }], reply: "output" }, [
      "ask.message brain.message",
      "brain.text reply.reply",
    ]);
    expect((await run(own, [{ reasoning: "hm…", reason: "length" }])).outcome).toMatchObject({
      error: { code: "output_limit", message: expect.stringContaining('the output limit of "Language model"') },
    });
    const cut = await run(plain(), [{ text: "As far as it", reason: "length" }]);
    expect(cut.outcome.output?.reply).toBe("As far as it");
    expect(cut.of("message")[0]!.reason).toBe("length");
  });
  it.each([
    undefined,
    { inputTokens: -1, outputTokens: 5 },
    { inputTokens: Number.NaN, outputTokens: 5 },
    { inputTokens: 1e300, outputTokens: 5 },
  ])("the usage %j is estimated and flagged", async (usage) => {
    const { of } = await play(
      plain(),
      nodes,
      { models: { "a/b": { prices: { input: 1, output: 2 } } }, answers: [{ text: "Fine.", usage: usage as never }] },
      { input: "Go" },
    );
    const event = of("usage")[0]!;
    if (usage) expect(event.estimated).toBe(true);
    expect(event.inputTokens).toBeGreaterThan(0);
    expect(event.inputTokens).toBeLessThan(1000);
    expect(event.costUsd).toBeGreaterThan(0);
  });
});

describe("limits", () => {
  const more = (_: unknown, index: number): ScriptedAnswer => ({ calls: [call(index)] });
  it.each([
    ["step_limit", { maxSteps: 3 }, 3],
    ["step_limit", { budget: { steps: 2 } }, 2],
    ["tool_call_limit", { budget: { toolCalls: 2 } }, 3],
    ["token_limit", { budget: { tokens: 40 } }, 3],
    ["cost_limit", { budget: { costUsd: 0.00004 } }, 3],
  ])("%s by %j", async (code, config, requests) => {
    const { outcome, host } = await run(agent(config), more, {
      models: { "a/b": { prices: { input: 1, output: 1 } } },
    });
    expect(outcome).toMatchObject(error(code));
    expect(host.requests).toHaveLength(requests);
  });
  it("exactly as many steps as allowed succeed", async () => {
    const { outcome } = await run(agent({ maxSteps: 3 }), (_, index) =>
      index < 2 ? { calls: [call(index)] } : "done",
    );
    expect(outcome.output?.reply).toBe("done");
  });
  it("time_limit ends a model that hangs", async () => {
    const { outcome } = await run(plain({ budget: { seconds: 1 } }), [{ hang: true }]);
    expect(outcome).toMatchObject(error("time_limit"));
  });
  it("a message longer than the context fails with an explanation", async () => {
    const { outcome, host } = await run(
      plain(),
      ["never"],
      { models: { "a/b": { contextTokens: 1000, outputTokens: 200 } } },
      "word ".repeat(3000),
    );
    expect(outcome).toMatchObject({
      error: {
        code: "context_overflow",
        message: expect.stringMatching(/too long for this model: about \d+ tokens.*Shorten the message/),
      },
    });
    expect(host.requests).toEqual([]);
  });
});

describe("corrections without the model", () => {
  const precise = tool("builtin/double", (args) => JSON.stringify(args), {
    parameters: {
      type: "object",
      properties: {
        x: { type: "integer" },
        on: { type: "boolean" },
        list: { type: "array" },
        box: { type: "object" },
        name: { type: "string" },
      },
      required: ["x"],
    },
  });
  it("text values are converted to the types of the schema if nothing is lost", async () => {
    const args = { x: "10", on: "true", list: "[1, 2]", box: '{"a": 1}', name: "7" };
    const { host, of } = await run(agent(), [{ calls: [{ name: "double", arguments: args }] }, "ok"], {
      tools: [precise],
    });
    expect(host.calls[0]!.arguments).toEqual({ x: 10, on: true, list: [1, 2], box: { a: 1 }, name: "7" });
    expect(of("message")[0]!.message.calls![0]!.arguments).toEqual(args);
    for (const x of ["ten", "1.5", "0x10", "1e3", "", "9".repeat(30)]) {
      const wrong = await run(agent(), [{ calls: [{ name: "double", arguments: { x } }] }, "ok"], { tools: [precise] });
      expect(wrong.host.calls, x).toEqual([]);
    }
  });

  it("a prompt that is too long for the endpoint is sent once more, shorter", async () => {
    const history: Message[] = Array.from(
      { length: 40 },
      (_, n) => ({ role: n % 2 ? "assistant" : "user", content: `${n} ${"word ".repeat(100)}` }) as Message,
    );
    const overflow: ScriptedAnswer = { error: { code: "context_overflow", message: "too long" } };
    const { outcome, host, of } = await play(
      plain(),
      nodes,
      { answers: [overflow, "Short enough."], history: { s: history } },
      { input: "Go", start: { session: "s" } },
    );
    expect(outcome.output?.reply).toBe("Short enough.");
    expect(host.requests[1]!.messages.length).toBeLessThan(host.requests[0]!.messages.length);
    expect(host.requests[1]!.messages.at(-1)!.content).toBe("Go");
    expect(of("prompt-built")).toHaveLength(2);
    expect(of("prompt-built")[1]!.limit).toBeLessThan(of("prompt-built")[0]!.limit);
    expect(of("message")[0]!.attempts).toMatchObject([{ error: { code: "context_overflow" } }]);
    const never = await play(plain(), nodes, { answers: () => overflow }, { input: "Go" });
    expect(never.outcome).toMatchObject(error("context_overflow"));
  });

  it("a fallback does not count as a step", async () => {
    const { outcome } = await run(
      plain({ maxSteps: 1 }),
      [{ error: { code: "provider_unavailable", message: "503" } }, "Here."],
      {
        models: { "a/one": { fallback: "a/two" }, "a/two": {} },
      },
    );
    expect(outcome.output?.reply).toBe("Here.");
  });

  it("a retry of the node asks again and keeps finished work", async () => {
    const graph = agent({ schema: { type: "object", required: ["x"] } });
    const retried = {
      ...graph,
      nodes: graph.nodes.map((node) => (node.id === "brain" ? { ...node, retry: { times: 1, waitMs: 10 } } : node)),
    };
    const { outcome, host } = await run(retried, [{ calls: [call(1)] }, "no", "no", "no", '{"x": 1}']);
    expect(outcome.status).toBe("done");
    expect(host.calls).toHaveLength(1);
    expect(host.requests).toHaveLength(5);
  });
});

describe("the usage of an aborted call is counted", () => {
  const models = { "test/model": { prices: { input: 1, output: 2 } } };
  /** Plays a model that sends a part of a text and hangs until it is aborted. */
  const broken = (graph: ReturnType<typeof plain>) => {
    const controller = new AbortController();
    const answers = () => {
      setImmediate(() => controller.abort());
      return { text: "This far it came", hang: true };
    };
    return play(graph, nodes, { models, answers }, { signal: controller.signal });
  };
  const expectCounted = ({ of, events }: Awaited<ReturnType<typeof play>>, node: string) => {
    const [used, ...more] = of("usage");
    expect(used).toMatchObject({ node, step: 0, estimated: true });
    expect(used!.inputTokens).toBeGreaterThan(0);
    expect(used!.outputTokens).toBeGreaterThan(0);
    expect(used!.costUsd).toBeCloseTo((used!.inputTokens + used!.outputTokens * 2) / 1e6, 12);
    expect(more).toEqual([]);
    expect(events.map((event) => event.seq)).toEqual(events.map((_, at) => at));
  };

  it("by a cancel, and nothing follows the run's end", async () => {
    const played = await broken(plain());
    expect(played.outcome.status).toBe("cancelled");
    expect(played.events.at(-1)!.type).toBe("run-cancel");
    expectCounted(played, "brain");
  });

  it("of a router's question", async () => {
    const graph = graphOf(
      { ask: "input", route: ["router", { by: "model", cases: [{ name: "a", when: "it is a" }] }], reply: "output" },
      ["ask.message route.value", "route.a reply.reply"],
    );
    expectCounted(await broken(graph), "route");
  });
});
