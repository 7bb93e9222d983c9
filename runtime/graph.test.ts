import { describe, expect, it } from "vitest";
import { graphHash } from "./compile.ts";
import { emptyGraph, type Graph } from "./graph.ts";

describe("the identity of a graph", () => {
  const looks = { layout: { ask: { x: 1, y: 2 } }, groups: [{ id: "group-1", nodes: ["ask"], title: "All" }] };
  const body = (title: string, change: object = {}) => ({
    ...emptyGraph("Each"),
    nodes: [{ id: "ask", type: "input", version: 1, title, config: {} }],
    ...change,
  });
  const graph = (inner: object | null, change: Partial<Graph> = {}): Graph => ({
    ...emptyGraph("Around"),
    nodes: [{ id: "each", type: "map", version: 1, config: { body: inner } }],
    ...change,
  });

  it("is the same however its nodes stand, also those of a body", () => {
    const plain = graphHash(graph(body("In")));
    expect(graphHash(graph(body("In"), looks))).toBe(plain);
    expect(graphHash(graph(body("In", { ...looks, "x-mine": 1 })))).toBe(plain);
    const note = { id: "note", type: "note", version: 1, config: { text: "Look" } };
    expect(graphHash(graph(body("In", { nodes: [...body("In").nodes, note] })))).toBe(plain);
    expect(graphHash(graph(body("Other")))).not.toBe(plain);
    expect(graphHash(graph(null))).not.toBe(plain);
  });

  it("is told of a draft whose body is anything", () => {
    for (const inner of [{ nodes: [null, 1] }, { nodes: "?" }, "body", [null]])
      expect(graphHash(graph(inner as object))).toMatch(/^[0-9a-f]{64}$/);
  });
});
