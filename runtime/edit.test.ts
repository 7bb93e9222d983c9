import { expect, test } from "vitest";
import { addNode, canAdd, changeNode, connect, remove } from "./edit.ts";
import { emptyGraph, type GraphNode } from "./graph.ts";
import { applyPatch } from "./patch.ts";

const node = (id: string): GraphNode => ({ id, type: "code", version: 1, config: {} });
const two = connect(addNode(addNode(emptyGraph("Two"), node("a"), { x: 0, y: 0 }), node("b"), { x: 300, y: 0 }), {
  from: "a.value",
  to: "b.value",
});
const graph = {
  ...two,
  groups: [
    { id: "g", title: "Both", nodes: ["a", "b"] },
    { id: "h", title: "One", nodes: ["a"] },
  ],
};

test("removing a node removes its edges, its position and groups that become empty, also by a patch", () => {
  const removed = remove(graph, new Set(["a"]));
  expect(removed).toMatchObject({ edges: [], layout: { b: { x: 300 } }, groups: [{ id: "g", nodes: ["b"] }] });
  expect(removed.groups).toHaveLength(1);
  expect(removed.layout).not.toHaveProperty("a");
  expect(applyPatch(graph, [{ do: "remove-node", id: "a" }], new Map()).graph).toEqual(removed);
});

test("an edit that changes nothing returns the same graph", () => {
  expect(remove(graph, new Set(["x"]), () => false)).toBe(graph);
  expect(changeNode(graph, "x", () => node("x"))).toBe(graph);
  expect(changeNode(graph, "a", (one) => one)).toBe(graph);
  expect(connect(graph, { from: "a.value", to: "b.value" })).toBe(graph);
  expect(connect(graph, { from: "a.value", to: "x.value" })).toBe(graph);
  expect(canAdd(graph, { from: "b.value", to: "a.value" })).toBe(true);
  expect(remove(graph, undefined, (edge) => edge.from === "a.value").nodes).toBe(graph.nodes);
});
