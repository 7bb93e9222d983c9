import { describe, expect, it } from "vitest";
import { nodes } from "../nodes/index.ts";
import { emptyGraph, type Graph } from "./graph.ts";
import { graphHash as hashOf } from "./identity.ts";

const graphHash = (graph: Graph) => hashOf(graph, nodes);
const node = (id: string, type: string, config: unknown = {}) => ({ id, type, version: 1, config });
const note = node("note", "note", { text: "Look" });
const looks = { layout: { ask: { x: 1, y: 2 } }, groups: [{ id: "group-1", nodes: ["ask"], title: "All" }] };

describe("the identity of a graph", () => {
  const body = (title: string, change: object = {}) => ({
    ...emptyGraph("Each"),
    nodes: [{ ...node("ask", "input"), title }],
    ...change,
  });
  const graph = (inner: object | null, change: Partial<Graph> = {}): Graph => ({
    ...emptyGraph("Around"),
    nodes: [node("each", "map", { body: inner })],
    ...change,
  });

  it("does not depend on positions, groups, notes and extensions, also those of a body", () => {
    const plain = graphHash(graph(body("In")));
    expect(graphHash(graph(body("In"), looks))).toBe(plain);
    expect(graphHash(graph(body("In", { ...looks, "x-mine": 1 })))).toBe(plain);
    expect(graphHash(graph(body("In", { nodes: [...body("In").nodes, note] })))).toBe(plain);
    expect(graphHash(graph(body("Other")))).not.toBe(plain);
    expect(graphHash(graph(null))).not.toBe(plain);
  });

  it("exists for a draft whose body is anything", () => {
    for (const inner of [{ nodes: [null, 1] }, { nodes: "?" }, "body", [null]])
      expect(graphHash(graph(inner as object))).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe("the hash of a published version never changes", () => {
  const ask = node("ask", "input");
  const reply = node("reply", "output");
  const edges = [{ from: "ask.message", to: "reply.reply" }];
  const inner = { ...emptyGraph("Each"), nodes: [ask, note, reply], edges, layout: looks.layout };
  const graphs: Record<string, Graph> = {
    empty: emptyGraph("Empty"),
    notes: {
      ...emptyGraph("Notes"),
      description: "d",
      ...{ "x-mine": 1 },
      nodes: [ask, note, reply],
      edges,
      groups: [{ id: "g", title: "All", nodes: ["ask"] }],
      tests: [{ name: "t", input: { message: "hi" } }],
      layout: looks.layout,
    },
    body: {
      ...emptyGraph("Body"),
      nodes: [
        ask,
        node("each", "map", { body: inner }),
        node("again", "loop", { body: { agent: "other", version: 2 } }),
        reply,
      ],
      edges: [{ from: "ask.message", to: "each.items" }],
    },
    unknown: {
      ...emptyGraph("Unknown"),
      nodes: [{ ...node("later", "no-such-type", { body: inner, text: "x" }), version: 3 }],
    },
  };

  // Computed when versions were first published; a data folder holds such hashes.
  it.each([
    ["empty", "bfa1625efa6c721963d6d306d177f8dbce44e278760c810262a14614b16c1bd4"],
    ["notes", "e20912706348d05dde60121f7a5d343357eddd917b919905543cec393e2e8ec6"],
    ["body", "059d6341ec8ec025315f3d07ca14cd220650b5b3455e10d4c07f32ba005b6a44"],
    ["unknown", "5c5429fcdd05a936d31a7676cc4642a181fd638b29e8b5cb51c097148d8c5f17"],
  ])("%s", (name, hash) => {
    expect(graphHash(graphs[name]!)).toBe(hash);
  });
});
