import { expect, it } from "vitest";
import { emptyGraph, type Graph, type GraphNode } from "../../runtime/graph.ts";
import { hasUnpublishedChanges } from "./unpublished.ts";

const agent = (name: string, version: number | null): GraphNode => ({
  id: "helper",
  type: "agent",
  version: 1,
  config: { agent: name, version },
});
const ask: GraphNode = { id: "ask", type: "input", version: 1, config: {} };
const each = (body: object): GraphNode => ({ id: "each", type: "map", version: 1, config: { body } });
const graph = (nodes: GraphNode[], change: Partial<Graph> = {}): Graph => ({ ...emptyGraph("A"), nodes, ...change });
const slugOf = (name: string) => (name === "agent-1" ? "helper" : undefined);
const ahead = (draft: Graph, version: Graph) => hasUnpublishedChanges(draft, version, slugOf);

it("is true for a change of behaviour, not of the layout", () => {
  const version = graph([ask]);
  expect(ahead(graph([ask], { layout: { ask: { x: 5, y: 5 } }, tests: [] }), version)).toBe(false);
  expect(ahead({ ...version, "x-pins": { ask: { message: "Hi" } } } as Graph, version)).toBe(false);
  expect(ahead(graph([{ ...ask, title: "Question" }]), version)).toBe(true);
  expect(ahead(graph([]), version)).toBe(true);
});

it("is false for a called agent whose version publishing fixed, on the graph or in a body", () => {
  const inBody = (nodes: GraphNode[]) => graph([each(graph(nodes))]);
  for (const around of [graph, inBody]) {
    const version = around([ask, agent("helper", 3)]);
    expect(ahead(around([agent("helper", null), ask]), around([agent("helper", 3), ask]))).toBe(false);
    expect(ahead(around([ask, agent("agent-1", null)]), version)).toBe(false);
    expect(ahead(around([ask, agent("helper", 2)]), version)).toBe(true);
    expect(ahead(around([ask, agent("another", null)]), version)).toBe(true);
  }
  expect(ahead(graph([each({ agent: "agent-1" })]), graph([each({ agent: "helper", version: 2 })]))).toBe(false);
});
