import { describe, expect, it } from "vitest";
import { nodes } from "../nodes/index.ts";
import { proposePatch, readPatch } from "./build-by-chat.ts";
import { checkGraph } from "./check.ts";
import { diffGraphs, diffWords } from "./diff.ts";
import { emptyGraph, type Graph, serializeGraph } from "./graph.ts";
import { applyPatch, type PatchPart } from "./patch.ts";
import { graphOf } from "./testing/play.ts";
import { scriptedHost } from "./testing/scripted-host.ts";

const base = () =>
  graphOf({ ask: "input", p: ["prompt", { template: "Say {{q}} kindly." }], reply: "output" }, [
    "ask.message p.q",
    "p.text reply.reply",
  ]);

describe("diffGraphs", () => {
  it("separates content from layout, and compares prompts by words and configs by key", () => {
    const before = base();
    const after = structuredClone(before);
    after.nodes[1]!.config = { template: "Say {{q}} very kindly." };
    after.nodes.push({ id: "hint", type: "note", version: 1, config: { text: "x" } });
    after.edges.pop();
    after.layout.ask = { x: 5, y: 5 };
    after.settings = { ...after.settings, greeting: "Hi" };
    expect(diffGraphs(before, after, nodes)).toEqual({
      nodes: [
        { id: "ask", type: "input", change: "moved", values: [] },
        {
          id: "p",
          type: "prompt",
          change: "changed",
          values: [
            {
              path: "/config/template",
              before: "Say {{q}} kindly.",
              after: "Say {{q}} very kindly.",
              words: [{ text: "Say {{q}} " }, { text: "very ", change: "added" }, { text: "kindly." }],
            },
          ],
        },
        { id: "hint", type: "note", change: "added", values: [] },
      ],
      edges: [{ change: "removed", from: "p.text", to: "reply.reply" }],
      about: [{ path: "/settings/greeting", before: "", after: "Hi", words: [{ text: "Hi", change: "added" }] }],
      looksOnly: false,
    });
    expect(diffGraphs(before, before, nodes)).toEqual({ nodes: [], edges: [], about: [], looksOnly: true });
  });
  it("compares Chinese by words", () => {
    expect(diffWords("请用中文回答问题", "请用英文回答问题").filter((run) => run.change)).toEqual([
      { text: "中", change: "removed" },
      { text: "英", change: "added" },
    ]);
  });
});

const build: PatchPart[] = [
  { do: "add-node", id: "ask", type: "input", config: {} },
  { do: "add-node", id: "p", type: "prompt", config: { template: "Hello {{who}}" } },
  { do: "add-node", id: "reply", type: "output", config: {} },
  { do: "add-edge", from: "ask.message", to: "p.who" },
  { do: "add-edge", from: "p.text", to: "reply.reply" },
];

describe("applyPatch", () => {
  it("builds a valid graph and does not change the given one", () => {
    const empty = emptyGraph("New");
    const text = serializeGraph(empty);
    const { graph, left } = applyPatch(empty, build, nodes);
    expect(left).toEqual([]);
    expect(checkGraph(graph, nodes)).toEqual([]);
    expect(serializeGraph(empty)).toBe(text);
  });
  it("leaves out parts that do not apply, with a reason", () => {
    const { graph, left } = applyPatch(
      base(),
      [
        { do: "add-node", id: "ask", type: "input", config: {} },
        { do: "add-node", id: "x", type: "teleport", config: {} },
        { do: "set-config", id: "p", config: { nonsense: 1 } },
        { do: "add-edge", from: "p.nothing", to: "reply.reply" },
        { do: "remove-edge", from: "a.b", to: "c.d" },
        { do: "set-settings", settings: { language: "xx" } },
        { do: "remove-node", id: "ghost" },
      ],
      nodes,
    );
    expect(left.map(({ part }) => part)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(left.map(({ code, about }) => `${code}: ${about}`)).toEqual([
      "node-there: ask",
      "no-type: teleport",
      'bad-config: p: Unrecognized key: "nonsense"',
      "no-port: p.nothing",
      "no-edge: a.b → c.d",
      expect.stringMatching(/^bad-settings: ./),
      "no-node: ghost",
    ]);
    expect(serializeGraph(graph)).toBe(serializeGraph(base()));
  });
  it("without a rejected part only the parts that need it fail", () => {
    const { graph, left } = applyPatch(
      emptyGraph("New"),
      build.filter((_, index) => index !== 1),
      nodes,
    );
    expect(left.map(({ reason }) => reason)).toEqual(['There is no node "p".', 'There is no node "p".']);
    expect(graph.nodes).toHaveLength(2);
  });
});

describe("proposePatch", () => {
  const request = {
    model: "default",
    graph: emptyGraph("New"),
    conversation: [{ role: "user" as const, content: "greet me" }],
    resources: { tools: [], knowledge: [], models: [], agents: [] },
  };
  const good = JSON.stringify({ summary: "Greets.", parts: build });
  const signal = new AbortController().signal;
  const check = (graph: Graph) => checkGraph(graph, nodes);

  it("repairs a reply that is not a patch or has issues, then proposes", async () => {
    const host = scriptedHost({
      answers: ["Sure!", JSON.stringify({ summary: "", parts: build.slice(0, 3) }), `Here: ${good}`],
    });
    const proposal = await proposePatch(host, request, nodes, check, signal);
    expect(proposal.issues).toEqual([]);
    expect(proposal.patch.summary).toBe("Greets.");
    expect(host.requests[2]!.messages.at(-1)!.content).toContain("needs a value at");
  });
  it("fails with an explanation without any patch, and for the demo model", async () => {
    await expect(
      proposePatch(scriptedHost({ answers: ["a", "b", "c"] }), request, nodes, check, signal),
    ).rejects.toMatchObject({ code: "bad_response" });
    await expect(
      proposePatch(scriptedHost({ models: { "demo/offline": { demo: true } } }), request, nodes, check, signal),
    ).rejects.toMatchObject({ code: "model_missing" });
  });
  it("reads a patch from fences and other text", () => {
    expect(readPatch(`Fine.\n\`\`\`json\n${good}\n\`\`\``)).toHaveProperty("patch");
    expect(readPatch('{"summary":1}')).toMatchObject({ fault: expect.stringContaining("summary") });
  });
});
