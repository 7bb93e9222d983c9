/** The loop played whole: a graph with one `llm` node against a scripted host. */
import { describe, expect, it } from "vitest";
import { nodes } from "../../nodes/index.ts";
import { compile } from "../compile.ts";
import type { RunInput } from "../event.ts";
import type { Graph } from "../graph.ts";
import type { Document, Message } from "../message.ts";
import { graphOf, play } from "../testing/play.ts";
import { agent, call, error, plain, run, tool } from "./testing/play-agent.ts";

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
      grounding: { documents: [], tools: [] },
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
    // The text before the calls is not part of the reply.
    expect(host.answerText()).toBe("Both done.");
    expect(host.deltas.find((delta) => !delta.answer)?.text).toBe("Let me see.");
  });

  it("stores only the new messages of each prompt", async () => {
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

  it("uses the session's conversation, or the caller's", async () => {
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

  it("uses the conversation in another agent too, when that agent gives the reply", async () => {
    const history: Message[] = [{ role: "user", content: "My name is Ann." }];
    const agents = { other: compile(plain(), nodes) };
    const asked = async (graph: Graph, input: Partial<RunInput>, answers: string[]) => {
      const script = { answers, agents, history: { s: history } };
      const { host } = await play(graph, nodes, script, { input, start: { session: "s" } });
      return host.requests[0]!.messages.slice(1);
    };
    const outer = (edges: string[]) =>
      graphOf({ ask: "input", sub: ["agent", { agent: "other" }], brain: "llm", reply: "output" }, edges);
    const speaks = graphOf({ ask: "input", sub: ["agent", { agent: "other" }], reply: "output" }, [
      "ask.message sub.message",
      "sub.reply reply.reply",
    ]);
    const who: Message = { role: "user", content: "Who?" };
    expect(await asked(speaks, { message: "Who?" }, ["Ann"])).toEqual([...history, who]);
    const brought: Message[] = [{ role: "user", content: "I am Bo." }];
    expect(await asked(speaks, { message: "Who?", history: brought }, ["Bo"])).toEqual([...brought, who]);
    const helps = outer(["ask.message sub.message", "sub.reply brain.message", "brain.text reply.reply"]);
    expect(await asked(helps, { message: "Who?" }, ["Somebody", "Ann"])).toEqual([who]);
  });

  it("puts instructions, examples and files into the prompt", async () => {
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

  it("takes the instructions from its own field, with inputs for the names in it", async () => {
    const graph = (edges: string[]) =>
      graphOf(
        {
          ask: ["input", { fields: [{ name: "tone", kind: "text" }] }],
          other: ["prompt", { template: "From the port." }],
          brain: ["llm", { instructions: "Be {{tone}}. Asked: {{message}}" }],
          reply: "output",
        },
        ["ask.message brain.message", "ask.tone brain.tone", "brain.text reply.reply", ...edges],
      );
    const system = async (edges: string[]) => {
      const input = { message: "Who are you, {{tone}}?", tone: "brief" };
      const { host } = await play(graph(edges), nodes, { answers: ["I."] }, { input });
      return String(host.requests[0]!.messages[0]!.content).split("\n")[0];
    };
    expect(await system([])).toBe("Be brief. Asked: Who are you, {{tone}}?");
    expect(await system(["other.text brain.instructions"])).toBe("From the port.");
  });

  it.each(["{% if tone %}", "{{documents}}", "{{tools}}", "{{instructions}}"])(
    "refuses the instructions %j",
    (instructions) => {
      const llm = nodes.get("llm")!;
      expect(llm.check!(llm.config.parse({ instructions }))).toMatchObject([
        { severity: "error", code: "bad-template", path: "/instructions" },
      ]);
    },
  );

  it("passes its sampling options on; without them the model's own count", async () => {
    const asked = async (config: object) => {
      const graph = graphOf({ ask: "input", brain: ["llm", config], reply: "output" }, [
        "ask.message brain.message",
        "brain.text reply.reply",
      ]);
      return (await play(graph, nodes, { answers: ["Hi."] })).host.requests[0]!;
    };
    expect(await asked({ topP: 0.9, effort: "low", outputTokens: 99, stop: ["END", ""] })).toMatchObject({
      topP: 0.9,
      effort: "low",
      maxOutputTokens: 99,
      stop: ["END"],
    });
    const plain = await asked({});
    expect(Object.keys(plain).sort()).toEqual(["maxOutputTokens", "messages", "model"]);
    expect(plain.maxOutputTokens).toBe(4096);
  });
});

describe("documents", () => {
  const documents: Document[] = [1, 2].map((n) => ({
    id: `d${n}`,
    title: `book${n}.md`,
    text: `Fact ${n}.\n[9] not a head`,
    score: 1,
    source: { heading: "A > B", line: n },
  }));
  const graph = graphOf({ ask: "input", facts: ["retriever", { knowledge: "k" }], brain: "llm", reply: "output" }, [
    "ask.message facts.query",
    "ask.message brain.message",
    "facts.documents brain.documents",
    "brain.text reply.reply",
  ]);

  it("are numbered for the model, and false markers never show", async () => {
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
      expect(of("node-end").find((event) => event.node === "brain")!.grounding).toEqual({
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
  it("are searched; those of the last turns stay; the search is an event; a hidden one can be called", async () => {
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
    expect(names).toHaveLength(3);
    expect(of("retrieval")).toMatchObject([{ of: "tools", among: 40, index: 0, hits: [{ id: "builtin/tool33" }] }]);
    expect(host.requests[0]!.messages[0]!.content).toContain("The best 3 of 40");
    expect(host.calls.map((one) => one.tool)).toEqual(["builtin/tool20"]);
  });

  it("are never all hidden: a question without a match gets the first ones", async () => {
    const { host } = await play(
      agent({ toolLimit: 3 }),
      nodes,
      { tools: many, answers: ["ok"] },
      { input: "完全不同的语言" },
    );
    expect(host.requests[0]!.tools!.map((one) => one.name)).toEqual(["tool0", "tool1", "tool2"]);
  });
});

describe("large results", () => {
  it("become artifacts; the model gets the beginning, the size and the id", async () => {
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
  it("are passed on by id, as text", async () => {
    const read = tool("builtin/read", (args) => JSON.stringify(args), {
      parameters: { type: "object", properties: { text: { type: "string" }, deep: { type: "object" } } },
    });
    const big = tool("builtin/double", () => "é".repeat(200_000));
    const args = { text: "artifact://file-1", deep: { list: ["artifact://file-1", "see artifact://file-1", 1] } };
    const { host, of } = await run(
      agent(),
      [
        { calls: [call(1)] },
        { calls: [{ name: "read", arguments: args }] },
        { calls: [{ name: "read", arguments: { text: "artifact://none" } }] },
        "ok",
      ],
      { tools: [big, read] },
    );
    const text = "é".repeat(200_000);
    expect(host.calls[1]!.arguments).toEqual({ text, deep: { list: [text, "see artifact://file-1", 1] } });
    expect(of("tool-start")[1]!.call.arguments).toEqual(args);
    expect(host.calls).toHaveLength(2);
    expect(of("tool-end")[2]!.result).toEqual({ content: 'There is no file "none".', error: true });
  });
  it("at the limit are not changed; one byte more becomes an artifact", async () => {
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
  it("are cut for a small context, with a marker", async () => {
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

describe("structured replies", () => {
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

  it("use the schema of models that support it", async () => {
    const { outcome, host } = await run(graph, ['{"city": "Paris", "people": 2}'], {
      models: { "a/b": { structured: true } },
    });
    expect(outcome.output?.reply).toEqual({ city: "Paris", people: 2 });
    expect(host.requests[0]!.schema).toEqual(schema);
  });
  it("are otherwise described, validated and repaired", async () => {
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
  it("fail after two repairs, and nothing invalid was shown", async () => {
    const streamed = plain({ schema });
    const { outcome, host } = await run(streamed, () => "no");
    expect(outcome).toMatchObject(error("invalid_output"));
    expect(host.deltas).toEqual([]);
    const right = await run(streamed, ['{"city": "Paris", "people": 2}']);
    expect(right.host.answerText()).toBe('{"city": "Paris", "people": 2}');
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
  it("broken calls are sent back twice, then the user gets a message", async () => {
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
    expect(of("node-end").find((event) => event.node === "brain")!.grounding).toEqual({ documents: [], tools: [] });
  });
});

describe("no tool, no claim", () => {
  it("flags a reply that claims an action that was not taken", async () => {
    const { of } = await run(plain(), ["I've sent the email to Anna."]);
    expect(of("node-end").find((event) => event.node === "brain")!.grounding).toEqual({
      documents: [],
      tools: [],
      claim: "I've sent the email to Anna.",
    });
  });
  it("lists the abilities in the prompt", async () => {
    const none = await run(plain({}, { language: "zh" }), ["好"]);
    expect(none.host.requests[0]!.messages[0]!.content).toBe(
      "你在这里没有任何工具：不能查询、发送、预订、保存或打开任何东西。不要说你已经做了或将要去做，请直接说明做不到的事。\n请用中文回答。",
    );
    const some = await run(agent(), ["ok"]);
    expect(some.host.requests[0]!.messages[0]!.content).toMatch(/^You can act only through these tools: double\./);
  });
});
