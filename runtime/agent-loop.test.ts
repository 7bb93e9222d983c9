/** The loop played whole: a graph with one `llm` node against a scripted host. Faults by their ids in the list of faults to survive. */
import { describe, expect, it } from "vitest";
import { nodes } from "../nodes/index.ts";
import type { Graph } from "./graph.ts";
import type { Document, Message } from "./message.ts";
import { graphOf, play } from "./testing/play.ts";
import type { Script, ScriptedAnswer } from "./testing/scripted-host.ts";

type ScriptTool = NonNullable<Script["tools"]>[number];

const tool = (name: string, call: ScriptTool["call"], more: Partial<ScriptTool> = {}): ScriptTool => ({
  name,
  summary: `Does ${name}`,
  parameters: { type: "object", properties: { x: { type: "number" } }, required: ["x"], additionalProperties: false },
  effect: "read",
  call,
  ...more,
});
const double = tool("builtin/double", (args) => String((args as { x: number }).x * 2));

function agent(
  config: object = {},
  tools: string[] = ["builtin/*"],
  settings: Partial<Graph["settings"]> = {},
  approve: object = {},
): Graph {
  return graphOf(
    { ask: "input", kit: ["tool", { tools, approve }], brain: ["llm", config], reply: "output" },
    ["ask.message brain.message", "kit.tools brain.tools", "brain.text reply.reply"],
    settings,
  );
}
const plain = (config: object = {}, settings: Partial<Graph["settings"]> = {}) =>
  graphOf(
    { ask: "input", brain: ["llm", config], reply: "output" },
    ["ask.message brain.message", "brain.text reply.reply"],
    settings,
  );
const call = (x: unknown, id?: string) => ({ name: "double", arguments: { x }, ...(id === undefined ? {} : { id }) });
const run = (graph: Graph, answers: Script["answers"], script: Script = {}, input = "Go") =>
  play(graph, nodes, { tools: [double], answers, ...script }, { input });
const error = (code: string) => ({ status: "failed", error: expect.objectContaining({ code }) });

describe("answering", () => {
  it("passes the text on while it comes, and ends with it", async () => {
    const { outcome, host, of } = await run(plain(), [
      { text: "Hello there, you.", split: (text: string) => text.split(/(?<= )/) },
    ]);
    expect(outcome.output?.reply).toBe("Hello there, you.");
    expect(host.answerText()).toBe("Hello there, you.");
    expect(host.deltas.length).toBeGreaterThan(2);
    expect(of("node-end").find((event) => event.node === "brain")).toMatchObject({
      outputs: {
        text: "Hello there, you.",
        json: "Hello there, you.",
        messages: [
          { role: "user", content: "Go" },
          { role: "assistant", content: "Hello there, you." },
        ],
      },
      rests: { documents: [], tools: [] },
    });
  });

  it("runs tools side by side, keeps their order, and answers from their results", async () => {
    const order: string[] = [];
    let open = () => {};
    const second = new Promise<void>((resolve) => {
      open = resolve;
    });
    const tools = [
      tool("builtin/slow", async () => {
        await second;
        order.push("slow");
        return "slow result";
      }),
      tool("builtin/quick", () => {
        order.push("quick");
        open();
        return "quick result";
      }),
    ];
    const { outcome, host, lines } = await run(
      agent(),
      [
        {
          text: "Let me see.",
          calls: [
            { name: "slow", arguments: { x: 1 } },
            { name: "quick", arguments: { x: 2 } },
          ],
        },
        "Both done.",
      ],
      { tools },
    );
    expect(outcome.output?.reply).toBe("Both done.");
    expect(order).toEqual(["quick", "slow"]);
    expect(host.requests[1]!.messages.slice(-3)).toMatchObject([
      { role: "assistant", content: "Let me see.", calls: [{ name: "slow" }, { name: "quick" }] },
      { role: "tool", name: "slow", content: "slow result" },
      { role: "tool", name: "quick", content: "quick result" },
    ]);
    expect(lines().filter((line) => line.includes("brain"))).toEqual([
      "node-start brain",
      "prompt-built brain",
      "message brain",
      "usage brain",
      "tool-start brain",
      "tool-start brain",
      "tool-end brain",
      "tool-end brain",
      "prompt-built brain",
      "message brain",
      "usage brain",
      "node-end brain",
    ]);
    // The word before the calls is no part of the answer.
    expect(host.answerText()).toBe("Both done.");
    expect(host.deltas.find((delta) => !delta.answer)?.text).toBe("Let me see.");
  });

  it("tells each prompt by what is new in it", async () => {
    const { of, host } = await run(agent(), [{ calls: [call(1)] }, { calls: [call(2)] }, "4"]);
    const built = of("prompt-built");
    expect(built.map((event) => event.keep)).toEqual([0, 2, 4]);
    expect(built.map((event) => event.tools)).toEqual([["builtin/double"], undefined, undefined]);
    let messages: Message[] = [];
    built.forEach((event, at) => {
      messages = [...messages.slice(0, event.keep), ...event.messages];
      expect(messages).toEqual(host.requests[at]!.messages);
    });
    expect(built[0]!.pieces.map((piece) => piece.name)).toEqual(["capabilities", "tools", "message"]);
    expect(built[0]!.tokens).toBe(built[0]!.pieces.reduce((sum, piece) => sum + piece.tokens, 0));
  });

  it("takes the session's conversation, a caller's, or what is wired", async () => {
    const history: Message[] = [
      { role: "user", content: "My name is Ann." },
      { role: "assistant", content: "", calls: [{ id: "c", name: "double", arguments: { x: 1 } }] },
      { role: "tool", call: "c", name: "double", content: "2" },
      { role: "assistant", content: "Hello Ann." },
    ];
    const session = await play(
      plain(),
      nodes,
      { answers: ["Ann"], history: { s: history } },
      { input: "Who am I?", start: { session: "s" } },
    );
    expect(session.host.requests[0]!.messages.slice(1, -1)).toEqual(history);
    const caller = await play(
      plain(),
      nodes,
      { answers: ["Ann"], history: { s: history } },
      { input: { message: "Who?", history: [{ role: "user", content: "I am Bo." }] }, start: { session: "s" } },
    );
    expect(caller.host.requests[0]!.messages.slice(1)).toEqual([
      { role: "user", content: "I am Bo." },
      { role: "user", content: "Who?" },
    ]);
  });

  it("gives the model's parts their names: instructions, examples, files", async () => {
    const graph = graphOf(
      {
        ask: "input",
        say: ["prompt", { template: "Be brief." }],
        brain: ["llm", { examples: [{ user: "1+1", assistant: "2" }], temperature: 0.2 }],
        reply: "output",
      },
      ["ask.message brain.message", "ask.files brain.files", "say.text brain.instructions", "brain.text reply.reply"],
    );
    const file = { id: "f1", mediaType: "image/png", name: "cat.png", bytes: 3 };
    const { host } = await play(
      graph,
      nodes,
      { answers: ["A cat."] },
      { input: { message: "What is it?", files: [file] } },
    );
    expect(host.requests[0]).toMatchObject({
      temperature: 0.2,
      messages: [
        { role: "system", content: expect.stringMatching(/^Be brief\.\n\nYou have no tools/) },
        { role: "user", content: "1+1" },
        { role: "assistant", content: "2" },
        {
          role: "user",
          content: [
            { type: "text", text: "What is it?\n[cat.png: artifact://f1]" },
            { type: "file", file },
          ],
        },
      ],
    });
  });
});

describe("mistakes of the model go back to it", () => {
  const mended = async (calls: Exclude<ScriptedAnswer, string>["calls"], expected: RegExp, code: string) => {
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

  it("L18: arguments that are no JSON", () =>
    mended([{ name: "double", raw: '{"x": 1' }], /not valid JSON: \{"x": 1/, "bad_json"));
  it("L18: arguments that break the schema", async () => {
    await mended([{ name: "double", arguments: { x: "one" } }], /"x" must be number/, "bad_arguments");
    await mended([{ name: "double", arguments: {} }], /"x" is missing/, "bad_arguments");
    await mended([{ name: "double", arguments: { x: 1, y: 2 } }], /"y" is not an argument/, "bad_arguments");
    await mended([{ name: "double", arguments: [1] }], /the value must be object/, "bad_arguments");
  });
  it("L18: arguments of 10 MB", () =>
    mended([{ name: "double", arguments: { x: "1".repeat(10_000_000) } }], /longer than 262144/, "bad_arguments"));
  it("L18: arguments nested 10,000 deep", () => {
    let deep: unknown = 1;
    for (let i = 0; i < 3000; i++) deep = { a: deep };
    return mended([{ name: "double", arguments: { x: deep } }], /nested more than 64 deep/, "bad_arguments");
  });
  it("L18: keys that reach for prototypes", () =>
    mended(
      [{ name: "double", arguments: JSON.parse('{"x": 1, "__proto__": {"y": 1}}') }],
      /"__proto__" is not allowed/,
      "bad_arguments",
    ));
  it("L18: fails after two repairs", async () => {
    const { outcome, host } = await run(agent(), () => ({ calls: [{ name: "double", raw: "{" }] }));
    expect(outcome).toMatchObject(error("bad_json"));
    expect(host.requests).toHaveLength(3);
  });
  it.each(["__proto__", "constructor", "toString", "Double", "functions.double", "delete_everything", ""])(
    "L19: the unknown tool %j is answered with the real list",
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
  it("L19: names the tool that was meant", async () => {
    const { of } = await run(agent(), [{ calls: [{ name: "functions.double", arguments: {} }] }, "I cannot."]);
    expect(of("tool-end")[0]!.result.content).toContain('Did you mean "double"?');
  });

  it("L20: ids that are missing, odd or twice are replaced", async () => {
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
  it("L20: of 200 calls at once sixteen are made, and the model is told", async () => {
    const { host, outcome } = await play(
      agent(),
      nodes,
      { tools: [double], answers: [{ calls: Array.from({ length: 200 }, (_, x) => call(x)) }, "enough"] },
      { input: "Go", limits: { toolCalls: 500 } },
    );
    expect(outcome.output?.reply).toBe("enough");
    expect(host.calls).toHaveLength(16);
    const results = host.requests[1]!.messages.filter((message) => message.role === "tool");
    expect(results).toHaveLength(200);
    expect(results[16]!.content).toMatch(/Only 16 calls are run at once/);
  });

  it("L21: the same call with the same result is refused, then ends the run", async () => {
    const { outcome, host, of } = await run(agent(), () => ({ calls: [call(1)] }));
    expect(outcome).toMatchObject(error("loop_detected"));
    expect(host.calls).toHaveLength(2);
    expect(of("tool-end").at(-1)!.error?.code).toBe("loop_detected");
  });
  it("L21: asking again while the result changes is no loop", async () => {
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
  it("L12: a connection lost in the middle of a call runs nothing", async () => {
    const { outcome, host } = await run(agent(), [
      { calls: [call(1)], error: { code: "connection_lost", message: "The connection was lost." } },
    ]);
    expect(outcome).toMatchObject(error("connection_lost"));
    expect(host.calls).toEqual([]);
  });
  it("L11: what was shown is kept and marked, and nothing is glued to it", async () => {
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
  it("L04: a model that fails before it spoke gives way to its fallback, which stays", async () => {
    const { outcome, of, host } = await run(
      agent(),
      [{ error: { code: "provider_unavailable", message: "503" } }, { calls: [call(2)] }, "4"],
      { models: { "a/one": { fallback: "a/two" }, "a/two": { fallback: "a/one" } } },
    );
    expect(outcome.output?.reply).toBe("4");
    expect(host.requests.map((request) => request.model)).toEqual(["a/one", "a/two", "a/two"]);
    expect(of("message")[0]).toMatchObject({ model: "a/two", attempts: [{ error: { code: "provider_unavailable" } }] });
  });
  it("L04: when both fail, the last failure is told; nobody goes round in circles", async () => {
    const { outcome, host } = await run(plain(), () => ({ error: { code: "provider_unavailable", message: "503" } }), {
      models: { "a/one": { fallback: "a/two" }, "a/two": { fallback: "a/one" } },
    });
    expect(outcome).toMatchObject(error("provider_unavailable"));
    expect(host.requests).toHaveLength(2);
  });
  it("L22: an empty answer is asked for twice more, then fails as what it is", async () => {
    expect((await run(plain(), ["", "Here."])).outcome.output?.reply).toBe("Here.");
    const { outcome, host } = await run(plain(), () => ({ text: "" }));
    expect(outcome).toMatchObject(error("bad_response"));
    expect(host.requests).toHaveLength(3);
  });
  it("L22: a refusal, a full output and a cut answer are told apart", async () => {
    expect((await run(plain(), [{ text: "No.", reason: "refused" }])).outcome).toMatchObject(error("refused"));
    expect((await run(plain(), [{ reasoning: "hm…", reason: "length" }])).outcome).toMatchObject(error("output_limit"));
    const cut = await run(plain(), [{ text: "As far as it", reason: "length" }]);
    expect(cut.outcome.output?.reply).toBe("As far as it");
    expect(cut.of("message")[0]!.reason).toBe("length");
  });
  it.each([
    undefined,
    { inputTokens: -1, outputTokens: 5 },
    { inputTokens: Number.NaN, outputTokens: 5 },
    { inputTokens: 1e300, outputTokens: 5 },
  ])("L23: the usage %j is estimated and flagged", async (usage) => {
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
  it("exactly as many steps as allowed are fine", async () => {
    const { outcome } = await run(agent({ maxSteps: 3 }), (_, index) =>
      index < 2 ? { calls: [call(index)] } : "done",
    );
    expect(outcome.output?.reply).toBe("done");
  });
  it("time_limit ends a model that hangs", async () => {
    const { outcome } = await run(plain({ budget: { seconds: 1 } }), [{ hang: true }]);
    expect(outcome).toMatchObject(error("time_limit"));
  });
  it("a message longer than the context is told in plain words", async () => {
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

describe("approvals", () => {
  const write = tool("builtin/write", () => "written", { effect: "write" });
  const graph = agent({}, ["builtin/write"], {}, { "builtin/write": "ask" });
  const script: Script = {
    tools: [write],
    answers: [{ calls: [{ id: "w", name: "write", arguments: { x: 1 } }] }, "Written."],
  };

  it("asks a person, bound to the exact arguments, and goes on with the answer", async () => {
    const first = await play(graph, nodes, script, { input: "Write" });
    expect(first.outcome.status).toBe("waiting");
    const [wait] = first.outcome.waits!;
    expect(wait).toMatchObject({
      kind: "approval",
      node: "brain",
      question: "May builtin/write be called with these arguments?",
      call: { id: "w", tool: "builtin/write", arguments: { x: 1 } },
      argsHash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(first.host.calls).toEqual([]);
    const then = await play(
      graph,
      nodes,
      { ...script, answers: ["Written."] },
      { input: "Write", past: first.events, answers: [{ wait: wait!.wait, choice: "approve" }] },
    );
    expect(then.outcome.output?.reply).toBe("Written.");
    expect(then.host.calls).toHaveLength(1);
    expect(then.host.requests).toHaveLength(1);
  });
  it("a rejected call goes back to the model with the reason", async () => {
    const first = await play(graph, nodes, script, { input: "Write" });
    const then = await play(
      graph,
      nodes,
      { ...script, answers: ["I did not write."] },
      {
        input: "Write",
        past: first.events,
        answers: [{ wait: first.outcome.waits![0]!.wait, choice: "reject", value: "not today" }],
      },
    );
    expect(then.outcome.output?.reply).toBe("I did not write.");
    expect(then.host.calls).toEqual([]);
    expect(then.host.requests[0]!.messages.at(-1)).toMatchObject({
      role: "tool",
      error: true,
      content: expect.stringContaining("not today"),
    });
    expect(then.of("tool-end")[0]!.error?.code).toBe("rejected");
  });
  it("the graph's settings override the node: off is not offered, auto does not ask", async () => {
    const off = await run(
      agent({}, ["builtin/write"], { approvals: { "builtin/write": "off" } }, { "builtin/write": "auto" }),
      ["I cannot."],
      { tools: [write] },
    );
    expect(off.host.requests[0]!.tools).toBeUndefined();
    const auto = await run(
      agent({}, ["builtin/write"], { approvals: { "builtin/*": "auto" } }, { "builtin/write": "ask" }),
      script.answers,
      { tools: [write] },
    );
    expect(auto.outcome.output?.reply).toBe("Written.");
  });
  it("a demo model is offered only what reads", async () => {
    const { host } = await run(agent({}, ["builtin/*"], { approvals: { "builtin/*": "auto" } }), ["hi"], {
      tools: [write, double],
      models: { "demo/offline": { demo: true } },
    });
    expect(host.requests[0]!.tools?.map((one) => one.name)).toEqual(["double"]);
  });
});

describe("resuming", () => {
  it("from any point of the log ends the same, and asks nothing twice", async () => {
    const answers: ScriptedAnswer[] = [
      { text: "First.", calls: [call(1), call(2)] },
      { calls: [{ name: "nope", arguments: {} }] },
      { calls: [call(3)] },
      "It is 12 [1].",
    ];
    const graph = agent();
    const repeatable = { ...double, repeatable: true };
    const whole = await play(graph, nodes, { tools: [repeatable], answers }, { input: "Go" });
    expect(whole.outcome.output?.reply).toBe("It is 12 [1].");
    for (let cut = 1; cut < whole.events.length; cut++) {
      const past = whole.events.slice(0, cut);
      const asked = past.filter((event) => event.type === "message").length;
      const again = await play(
        graph,
        nodes,
        { tools: [repeatable], answers: answers.slice(asked) },
        { input: "Go", past },
      );
      expect(again.outcome, `cut at ${cut}`).toEqual(whole.outcome);
      const all = [...past, ...again.events.slice(again.events[0]?.seq === 0 ? cut : 0)];
      const ended = all.filter((event) => event.type === "tool-end").map((event) => event.call);
      expect(ended.length, `cut at ${cut}`).toBe(4);
      expect(new Set(ended).size).toBe(4);
      expect(all.filter((event) => event.type === "message").length).toBe(4);
      expect(all.filter((event) => event.type === "prompt-built").length).toBe(4);
    }
  });
});

describe("structured answers", () => {
  const schema = {
    type: "object",
    properties: { city: { type: "string" }, people: { type: "integer" } },
    required: ["city", "people"],
    additionalProperties: false,
  };
  const graph = graphOf({ ask: "input", brain: ["llm", { schema }], reply: "output" }, [
    "ask.message brain.message",
    "brain.json reply.reply",
  ]);

  it("are asked for natively where the model can", async () => {
    const { outcome, host } = await run(graph, ['{"city": "Paris", "people": 2}'], {
      models: { "a/b": { structured: true } },
    });
    expect(outcome.output?.reply).toEqual({ city: "Paris", people: 2 });
    expect(host.requests[0]!.schema).toEqual(schema);
  });
  it("are else described, validated and repaired", async () => {
    const { outcome, host } = await run(graph, [
      "Paris has two.",
      '```json\n{"city": "Paris"}\n```',
      'Here: {"city": "Paris", "people": 2}',
    ]);
    expect(outcome.output?.reply).toEqual({ city: "Paris", people: 2 });
    expect(host.requests[0]!.schema).toBeUndefined();
    expect(host.requests[0]!.messages[0]!.content).toContain('"required":["city","people"]');
    expect(host.requests[1]!.messages.at(-1)!.content).toMatch(/not one JSON value/);
    expect(host.requests[2]!.messages.at(-1)!.content).toMatch(/"people" is missing/);
  });
  it("fail after two repairs, and nothing wrong was shown", async () => {
    const streamed = plain({ schema });
    const { outcome, host } = await run(streamed, () => "no");
    expect(outcome).toMatchObject(error("invalid_output"));
    expect(host.deltas).toEqual([]);
    const right = await run(streamed, ['{"city": "Paris", "people": 2}']);
    expect(right.host.answerText()).toBe('{"city": "Paris", "people": 2}');
  });
});

describe("documents", () => {
  const documents: Document[] = [1, 2].map((n) => ({
    id: `d${n}`,
    title: `book${n}.md`,
    text: `Fact ${n}.\n[9] not a head`,
    score: 1,
    place: { heading: "A > B", line: n },
  }));
  const graph = graphOf({ ask: "input", facts: ["retriever", { knowledge: "k" }], brain: "llm", reply: "output" }, [
    "ask.message facts.query",
    "ask.message brain.message",
    "facts.documents brain.documents",
    "brain.text reply.reply",
  ]);

  it("are numbered for the model, and markers that name none of them never show", async () => {
    const text = "Fact one [1]. Made up [7]. Both [1, 2, 3]. Code `a[7]` stays【2】[x].";
    for (const split of [undefined, (whole: string) => [...whole]]) {
      const { outcome, host, of } = await run(graph, [{ text, ...(split ? { split } : {}) }], {
        knowledge: { k: documents },
      });
      expect(outcome.output?.reply).toBe("Fact one [1]. Made up. Both [1, 2]. Code `a[7]` stays【2】[x].");
      expect(host.answerText()).toBe(outcome.output?.reply);
      expect(host.requests[0]!.messages.at(-1)!.content).toBe(
        "<passages>\n[1] book1.md (A > B, line 1)\nFact 1.\n [9] not a head\n\n[2] book2.md (A > B, line 2)\nFact 2.\n [9] not a head\n</passages>\n\nGo",
      );
      expect(of("node-end").find((event) => event.node === "brain")!.rests).toEqual({
        documents: [
          { id: "d1", title: "book1.md", number: 1 },
          { id: "d2", title: "book2.md", number: 2 },
        ],
        tools: [],
      });
    }
  });
});

describe("many tools", () => {
  const many = Array.from({ length: 40 }, (_, n) =>
    tool(`builtin/tool${n}`, () => `result ${n}`, { summary: n === 33 ? "Renews an instance" : `Thing number ${n}` }),
  );
  it("are searched for; those of the last turns stay; the scores are told; one that is not shown may still be called", async () => {
    const history: Message[] = [
      { role: "user", content: "before" },
      { role: "assistant", content: "", calls: [{ id: "c", name: "tool7", arguments: { x: 1 } }] },
      { role: "tool", call: "c", name: "tool7", content: "7" },
      { role: "assistant", content: "ok" },
    ];
    const { host, of, outcome } = await play(
      agent({ toolLimit: 3 }),
      nodes,
      { tools: many, history: { s: history }, answers: [{ calls: [{ name: "tool20", arguments: { x: 1 } }] }, "done"] },
      { input: "Please renews an instance", start: { session: "s" } },
    );
    expect(outcome.output?.reply).toBe("done");
    const names = host.requests[0]!.tools!.map((one) => one.name);
    expect(names).toContain("tool33");
    expect(names).toContain("tool7");
    expect(names).toHaveLength(4);
    expect(of("retrieval")).toMatchObject([
      { of: "tools", among: 40, index: 0, hits: [{ id: "builtin/tool33" }, {}, {}] },
    ]);
    expect(host.requests[0]!.messages[0]!.content).toContain("The best 4 of 40");
    expect(host.calls.map((one) => one.tool)).toEqual(["builtin/tool20"]);
  });
});

describe("large results", () => {
  it("become artifacts; the model reads the beginning, the size and the id", async () => {
    const { host, of, outcome } = await run(agent(), [{ calls: [call(1)] }, "Big."], {
      tools: [tool("builtin/double", () => "é".repeat(200_000))],
    });
    expect(outcome.output?.reply).toBe("Big.");
    const result = of("tool-end")[0]!.result;
    expect(result.content.length).toBeLessThan(40_000);
    expect(result.content).toMatch(
      /\[… 167232 more characters left out\]\n\[The whole result \(400000 bytes\) is artifact:\/\/file-1\]$/,
    );
    expect(host.files.get("file-1")!.bytes.length).toBe(400_000);
  });
  it("at the limit stay whole, one byte more do not", async () => {
    const at = async (size: number) =>
      (
        await run(agent(), [{ calls: [call(1)] }, "ok"], {
          tools: [tool("builtin/double", () => "a".repeat(size))],
          models: { "a/b": { contextTokens: 1_000_000 } },
        })
      ).of("tool-end")[0]!.result;
    expect((await at(262_144)).content).toHaveLength(262_144);
    expect((await at(262_145)).files).toHaveLength(1);
  });
  it("are cut for a small context, and that shows", async () => {
    const { host, of } = await run(agent(), [{ calls: [call(1), call(2)] }, "ok"], {
      tools: [tool("builtin/double", (args) => ((args as { x: number }).x === 1 ? "word ".repeat(20_000) : "short"))],
      models: { "a/b": { contextTokens: 4000, outputTokens: 500 } },
    });
    const [long, short] = host.requests[1]!.messages.slice(-2);
    expect(long!.content).toMatch(/\[… \d+ more characters left out\]$/);
    expect(short!.content).toBe("short");
    const built = of("prompt-built")[1]!;
    expect(built.tokens).toBeLessThanOrEqual(built.limit);
    expect(built.pieces.find((piece) => piece.name === "message")!.cut!.unit).toBe("characters");
  });
});

describe("models without native tools", () => {
  const models = (format: "hermes" | "react" | "modelscope") => ({ "a/b": { nativeTools: false, format } });
  it.each([
    ["hermes", '<tool_call>\n{"name": "double", "arguments": {"x": 21}}\n</tool_call>', "It is 42."],
    [
      "react",
      'Thought: I double it.\nAction: double\nAction Input: {"x": 21}\nObservation: 9000\nFinal Answer: 9000',
      "Thought: I know.\nFinal Answer: It is 42.",
    ],
    [
      "modelscope",
      '<|startofthink|>```JSON\n{"api_name": "double", "parameters": {"x": 21}}\n```<|endofthink|>',
      "It is 42.",
    ],
  ] as const)("%s", async (format, first, last) => {
    const { outcome, host } = await run(
      agent(),
      [
        { text: first, split: (text: string) => [...text] },
        { text: last, split: (text: string) => [...text] },
      ],
      { models: models(format) },
    );
    expect(outcome.output?.reply).toBe("It is 42.");
    expect(host.answerText()).toBe("It is 42.");
    expect(host.calls).toMatchObject([{ tool: "builtin/double", arguments: { x: 21 } }]);
    expect(host.requests[0]!.tools).toBeUndefined();
    expect(host.requests[0]!.stop?.length).toBeGreaterThan(0);
  });
  it("broken calls are sent back twice, then the user gets a plain sentence", async () => {
    const { outcome, host, of } = await run(
      agent(),
      () => ({ text: 'I call it. <tool_call>{"name": "double", "arg' }),
      { models: models("hermes") },
    );
    expect(outcome.output?.reply).toBe(
      "I am sorry, I could not finish this: the model's tool calls could not be read. Please try again, or ask in another way.",
    );
    expect(host.requests).toHaveLength(3);
    expect(host.requests[1]!.messages.at(-1)!.content).toMatch(/could not be read: \{"name": "double", "arg/);
    expect(host.deltas.map((delta) => delta.text).join("")).not.toContain("<tool_call>");
    expect(of("node-end").find((event) => event.node === "brain")!.rests).toEqual({ documents: [], tools: [] });
  });
});

describe("no tool, no claim", () => {
  it("flags an answer that says it did what it did not", async () => {
    const { of } = await run(plain(), ["I've sent the email to Anna."]);
    expect(of("node-end").find((event) => event.node === "brain")!.rests).toEqual({
      documents: [],
      tools: [],
      claim: "I've sent the email to Anna.",
    });
  });
  it("tells the model what it can do", async () => {
    const none = await run(plain({}, { language: "zh" }), ["好"]);
    expect(none.host.requests[0]!.messages[0]!.content).toBe(
      "你在这里没有任何工具：不能查询、发送、预订、保存或打开任何东西。不要说你已经做了或将要去做，请直接说明做不到的事。\n请用中文回答。",
    );
    const some = await run(agent(), ["ok"]);
    expect(some.host.requests[0]!.messages[0]!.content).toMatch(/^You can act only through these tools: double\./);
  });
});

describe("stopping", () => {
  it("a cancelled run ends its model call at once", async () => {
    const controller = new AbortController();
    const { outcome, lines } = await play(
      plain(),
      nodes,
      { answers: [{ text: "Half", hang: true }] },
      {
        input: "Go",
        signal: controller.signal,
        live: () => queueMicrotask(() => setTimeout(() => controller.abort(), 5)),
      },
    );
    expect(outcome.status).toBe("cancelled");
    expect(lines().at(-1)).toContain("run-cancel");
  });
});
