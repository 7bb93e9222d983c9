import { describe, expect, it } from "vitest";
import { nodes } from "../nodes/index.ts";
import { checkGraph } from "./check.ts";
import { type Graph, serializeGraph } from "./graph.ts";
import { graphHash } from "./identity.ts";
import { parseAgentFile } from "./parse.ts";
import { graphOf, play } from "./testing/play.ts";

const off = { bypass: true } as const;
const errors = (graph: Graph) => checkGraph(graph, nodes).filter((issue) => issue.severity === "error");

/** Input, two prompts and an output; `change` says which of the prompts is off. */
const line = (first: object, second: object) =>
  graphOf(
    {
      ask: "input",
      a: ["prompt", { template: "A({{x}})" }, first],
      b: ["prompt", { template: "B({{x}})" }, second],
      reply: "output",
    },
    ["ask.message a.x", "a.text b.x", "b.text reply.reply"],
  );

describe("a bypassed node", () => {
  it.each([
    ["none", {}, {}, "B(A(hi))"],
    ["the first", off, {}, "B(hi)"],
    ["the second", {}, off, "A(hi)"],
    ["both", off, off, "hi"],
  ])("passes its main input on (%s)", async (_which, first, second, reply) => {
    const { outcome, lines } = await play(line(first, second), nodes, {}, { input: "hi" });
    expect(outcome).toEqual({ status: "done", output: { reply } });
    expect(lines().filter((text) => / [ab]$/.test(text))).toEqual([
      ...("bypass" in first ? [] : ["node-start a", "node-end a"]),
      ...("bypass" in second ? [] : ["node-start b", "node-end b"]),
    ]);
  });

  it("asks no model, and needs none", async () => {
    const graph = graphOf(
      {
        ask: "input",
        kit: ["tool", { tools: ["builtin/none"] }, off],
        brain: ["llm", { model: "gone" }, off],
        reply: "output",
      },
      ["ask.message brain.message", "kit.tools brain.tools", "brain.text reply.reply"],
    );
    expect(checkGraph(graph, nodes, { hasModel: () => false, tools: () => [] })).toEqual([]);
    const { outcome, host } = await play(graph, nodes, {}, { input: "hi" });
    expect(outcome.output).toEqual({ reply: "hi" });
    expect(host.events.some((event) => event.type === "message")).toBe(false);
  });

  it("passes the value of the branch that was taken, on the first way out of a router", async () => {
    const routed = (more: object) =>
      graphOf(
        {
          ask: "input",
          which: ["router", { cases: [{ name: "x", rule: { op: "contains", value: "x" } }] }, more],
          yes: ["prompt", { template: "yes {{v}}" }],
          no: ["prompt", { template: "no {{v}}" }],
          join: ["prompt", { template: "[{{v}}]" }, more],
          reply: "output",
        },
        [
          "ask.message which.value",
          "which.x yes.v",
          "which.else no.v",
          "yes.text join.v",
          "no.text join.v",
          "join.text reply.reply",
        ],
      );
    expect((await play(routed({}), nodes, {}, { input: "abc" })).outcome.output).toEqual({ reply: "[no abc]" });
    // Bypassed, the router gives `no` nothing. The check says so, and names the router.
    expect(errors(routed(off)).map(({ code, node, port, message }) => [code, node, port, message])).toEqual([
      ["missing-edge", "no", "v", 'Prompt needs a value at "v", but Router is bypassed and has none to pass on.'],
      ["too-many-edges", "reply", "reply", expect.any(String)],
    ]);
    const join = {
      ...routed({}),
      nodes: routed({}).nodes.map((node) => (node.id === "join" ? { ...node, ...off } : node)),
    };
    expect((await play(join, nodes, {}, { input: "abc" })).outcome.output).toEqual({ reply: "no abc" });
    expect((await play(join, nodes, {}, { input: "xyz" })).outcome.output).toEqual({ reply: "yes xyz" });
  });

  it("chooses an input whose value fits behind it", async () => {
    const graph = graphOf(
      {
        ask: "input",
        facts: ["retriever", { knowledge: "k" }],
        brief: ["prompt", { template: "{{facts}} {{question}}" }, off],
        brain: "llm",
        reply: "output",
      },
      [
        "ask.message facts.query",
        "facts.documents brief.facts",
        "ask.message brief.question",
        "brief.text brain.message",
        "brain.text reply.reply",
      ],
    );
    expect(errors(graph)).toEqual([]);
    const { of, outcome } = await play(
      graph,
      nodes,
      { answers: ["Because."], knowledge: { k: [] } },
      { input: "why?" },
    );
    expect(outcome.output).toEqual({ reply: "Because." });
    expect(of("message").map(({ message }) => message.role)).toEqual(["assistant"]);
    expect(of("node-start").map((event) => event.node)).not.toContain("brief");
  });

  it("may have a config, a type or ports that are wrong", () => {
    const broken: Graph = {
      ...line(off, {}),
      nodes: line(off, {}).nodes.map((node) => (node.id === "a" ? { ...node, config: { template: 7 } } : node)),
    };
    expect(errors(broken)).toEqual([]);
    const future = {
      ...broken,
      nodes: broken.nodes.map((node) => (node.id === "a" ? { ...node, type: "from-the-future" } : node)),
    };
    // Nobody knows what it would pass on.
    expect(errors(future).map((issue) => issue.code)).toEqual(["missing-edge"]);
  });

  it("is part of the file and of the version, and an input or output cannot be one", () => {
    const graph = line(off, {});
    expect(parseAgentFile(serializeGraph(graph)).graph).toEqual(graph);
    expect(graphHash(graph, nodes)).not.toBe(graphHash(line({}, {}), nodes));
    const ends = graphOf({ ask: ["input", {}, off], reply: ["output", {}, off] }, ["ask.message reply.reply"]);
    expect(errors(ends)).toEqual([]);
  });
});
