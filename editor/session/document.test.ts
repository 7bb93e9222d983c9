import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { edgeEnd, type Graph, serializeGraph } from "../../runtime/graph.ts";
import { graphOf } from "../e2e/graphs.ts";
import type { Command } from "../graph/commands.ts";
import * as commands from "../graph/commands.ts";
import { copyText, duplicate, pasteText } from "../graph/fragment.ts";
import { edgeKey } from "../graph/lookup.ts";
import { definitions, table } from "../graph/node-types.ts";
import { createPortReader } from "../graph/ports.ts";
import { planReplacement, replaceNode } from "../graph/replace-node.ts";
import { replaceText } from "../graph/text-search.ts";
import { createDocument } from "./document.ts";

const start = () =>
  graphOf(
    "Start",
    [
      ["ask", "input", {}],
      ["brief", "prompt", { template: "About {{topic}}" }],
      ["brain", "llm", {}],
      ["reply", "output", {}],
    ],
    [
      "ask.message > brief.topic",
      "brief.text > brain.instructions",
      "ask.message > brain.message",
      "brain.text > reply.reply",
    ],
    { ask: [0, 0], brief: [300, 0], brain: [600, 0], reply: [900, 0] },
    { groups: [{ id: "g", title: "Think", nodes: ["brief", "brain"] }] },
  );

/** Any command for the current graph: the numbers select nodes and edges. */
const anyCommand = fc
  .tuple(fc.nat({ max: 20 }), fc.nat({ max: 1000 }), fc.nat({ max: 1000 }), fc.string({ maxLength: 12 }))
  .map(([what, a, b, text]) => (graph: Graph): Command => {
    const node = graph.nodes[a % Math.max(1, graph.nodes.length)]?.id ?? "none";
    const other = graph.nodes[b % Math.max(1, graph.nodes.length)]?.id ?? "none";
    const edge = graph.edges[b % Math.max(1, graph.edges.length)];
    const fresh = commands.freeId("node", new Set(graph.nodes.map((one) => one.id)));
    const made = { id: fresh, type: "prompt", version: 1, config: {} };
    switch (what) {
      case 0:
        return commands.addNode(made, { x: a, y: b });
      case 1:
        return commands.remove(new Set([node]));
      case 2:
        return commands.remove(new Set(), new Set(edge ? [edgeKey(edge)] : []));
      case 3:
        return commands.move({ [node]: { x: a - 500, y: b - 500 } }, "drag");
      case 4:
        return commands.setConfig(node, "template", text);
      case 5:
        return commands.setConfig(node, "template", undefined);
      case 6:
        return commands.setWholeConfig(node, { text });
      case 7:
        return commands.setNode(node, { title: text, onError: a % 2 ? "branch" : undefined });
      case 8:
        return commands.connect({ from: `${node}.text`, to: `${other}.message` }, new Set(edge ? [edgeKey(edge)] : []));
      case 9:
        return edge ? commands.reconnect(edgeKey(edge), { from: edge.from, to: `${node}.x` }) : commands.move({});
      case 10:
        return edge
          ? commands.insertOnEdge(
              edgeKey(edge),
              made,
              { x: a, y: b },
              { input: "in", output: "text" },
              { [node]: { x: b, y: a } },
            )
          : commands.move({});
      case 11:
        return commands.setSettings({ greeting: text });
      case 12:
        return commands.setAbout({ name: text, description: text });
      case 13:
        return commands.group(`g${a}`, [node, other], text);
      case 14:
        return duplicate(graph, new Set([node, other])).command;
      case 15: {
        const pasted = pasteText(graph, copyText(graph, new Set([node, other])), { x: a, y: b });
        return "command" in pasted ? pasted.command : commands.move({});
      }
      case 16:
        return commands.setWholeConfig(node, { text });
      case 17:
        return replaceText({ text: text.slice(0, 1), matchCase: a % 2 === 0, wholeWord: b % 2 === 0 }, text);
      case 18: {
        const old = graph.nodes[a % Math.max(1, graph.nodes.length)];
        const definition = definitions[b % definitions.length]!;
        return old ? replaceNode(planReplacement(graph, createPortReader(table), old, definition)) : commands.move({});
      }
      default:
        return commands.setLayout({ [node]: { x: a, y: b }, [other]: { x: b, y: a } });
    }
  });

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}

describe("the document", () => {
  it("returns to the same bytes after any commands and as many undos, and after as many redos", () => {
    fc.assert(
      fc.property(fc.array(anyCommand, { maxLength: 25 }), (makers) => {
        const first = deepFreeze(start());
        let time = 0;
        const document = createDocument(first, () => (time += 100));
        for (const make of makers) {
          document.apply(make(document.getState().graph));
          deepFreeze(document.getState().graph);
        }
        const after = serializeGraph(document.getState().graph);
        const steps = document.getState().past.length;
        for (let n = 0; n < steps; n++) document.undo();
        expect(serializeGraph(document.getState().graph)).toBe(serializeGraph(first));
        expect(document.getState().past).toHaveLength(0);
        for (let n = 0; n < steps; n++) document.redo();
        expect(serializeGraph(document.getState().graph)).toBe(after);
      }),
      { numRuns: 200 },
    );
  });

  it("keeps every graph valid: unique ids and edges; edges and groups of existing nodes", () => {
    fc.assert(
      fc.property(fc.array(anyCommand, { maxLength: 25 }), (makers) => {
        const document = createDocument(start());
        for (const make of makers) document.apply(make(document.getState().graph));
        const { graph } = document.getState();
        const ids = graph.nodes.map((node) => node.id);
        expect(new Set(ids).size).toBe(ids.length);
        const keys = graph.edges.map(edgeKey);
        expect(new Set(keys).size).toBe(keys.length);
        for (const edge of graph.edges)
          for (const end of [edge.from, edge.to]) expect(ids).toContain(edgeEnd(end).node);
        for (const one of graph.groups) for (const id of one.nodes) expect(ids).toContain(id);
        expect(graph.name).not.toBe("");
      }),
      { numRuns: 100 },
    );
  });

  it("joins keystrokes in one field into one step, until a pause or another field", () => {
    let now = 0;
    const document = createDocument(start(), () => now);
    for (const text of ["H", "He", "Hel"]) {
      now += 200;
      document.apply(commands.setConfig("brief", "template", text));
    }
    expect(document.getState().past).toHaveLength(1);
    now += 5000;
    document.apply(commands.setConfig("brief", "template", "Help"));
    document.apply(commands.setNode("brief", { title: "Brief" }));
    expect(document.getState().past.map((step) => step.label)).toEqual(["config", "config", "title"]);
    document.seal();
    document.apply(commands.setNode("brief", { title: "Briefer" }));
    expect(document.getState().past).toHaveLength(4);
  });

  it("adds no step when nothing changes, and clears the undone steps after a new one", () => {
    const document = createDocument(start());
    document.apply(commands.move({ ask: { x: 0, y: 0 } }));
    document.apply(commands.remove(new Set(["nobody"])));
    expect(document.getState().past).toHaveLength(0);
    document.apply(commands.setAbout({ description: "one" }));
    document.undo();
    document.apply(commands.setAbout({ description: "two" }));
    expect(document.getState().future).toHaveLength(0);
  });

  it("does not group or connect nodes that do not exist", () => {
    const document = createDocument(start());
    document.apply(commands.group("none", ["nobody"], "Nobody"));
    document.apply(commands.connect({ from: "ask.message", to: "nobody.message" }));
    document.apply(commands.reconnect("brain.text>reply.reply", { from: "nobody.text", to: "reply.reply" }));
    expect(document.getState().past).toHaveLength(0);
    document.apply(commands.group("some", ["ask", "nobody", "ask"], "Some"));
    expect(document.getState().graph.groups.at(-1)).toEqual({ id: "some", title: "Some", nodes: ["ask"] });
  });

  it("changes nothing while it is frozen", () => {
    const document = createDocument(start());
    document.freeze(true);
    document.apply(commands.setAbout({ description: "no" }));
    expect(document.getState().graph.description).toBe("");
  });
});

describe("copy and paste", () => {
  it("pastes with new ids, the edges between the copied nodes, groups and positions", () => {
    const graph = start();
    const pasted = pasteText(graph, copyText(graph, new Set(["brief", "brain"])), { x: 1000, y: 500 });
    if (!("command" in pasted)) throw new Error("it was refused");
    const next = pasted.command.run(graph);
    expect(pasted.ids).toEqual(["brief-2", "brain-2"]);
    expect(next.edges.slice(graph.edges.length)).toEqual([{ from: "brief-2.text", to: "brain-2.instructions" }]);
    expect(next.layout["brief-2"]).toEqual({ x: 1000, y: 500 });
    expect(next.groups.map((one) => one.nodes)).toEqual([
      ["brief", "brain"],
      ["brief-2", "brain-2"],
    ]);
  });

  it.each([
    ["nothing", "", "bad-json"],
    ["prose", "Hello there", "bad-json"],
    ["half a file", '{ "format": "patchbay/1", "nodes": [', "bad-json"],
    ["another tool's flow", '{ "nodes": [{ "id": "llmAgentflow_0", "data": {} }], "edges": [] }', "bad-value"],
    [
      "a prototype",
      '{ "format": "patchbay/1", "name": "x", "nodes": [], "edges": [], "__proto__": {} }',
      "unknown-key",
    ],
    ["a newer format", '{ "format": "patchbay/9", "nodes": [], "edges": [] }', "newer-format"],
  ])("refuses %s and says why", (_what, text, code) => {
    const pasted = pasteText(start(), text, { x: 0, y: 0 });
    expect("issues" in pasted && pasted.issues[0]?.code).toBe(code);
  });
});
