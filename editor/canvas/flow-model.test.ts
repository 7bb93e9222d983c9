import { describe, expect, it } from "vitest";
import { smallGraph } from "../e2e/graphs.ts";
import { cardHeight } from "../graph/card-size.ts";
import { table } from "../graph/node-types.ts";
import { createPortReader } from "../graph/ports.ts";
import { createFlowModel } from "./flow-model.ts";
import { handles } from "./handles.ts";

describe("the flow model", () => {
  const reader = createPortReader(table);
  const nothing = { nodes: new Set<string>(), edges: new Set<string>() };

  it("returns the same objects for unchanged nodes and edges", () => {
    const model = createFlowModel();
    const graph = smallGraph();
    const first = model.sync(graph, reader, nothing);
    const withTemplate = (template: string) => ({
      ...graph,
      nodes: graph.nodes.map((node) => (node.id === "brief" ? { ...node, config: { template } } : node)),
    });
    const typed = withTemplate("{{topic}} again");
    const second = model.sync(typed, reader, nothing, first.nodes);
    const changed = second.nodes.filter((node, index) => node !== first.nodes[index]).map((node) => node.id);
    expect(changed).toEqual(["brief"]);
    expect(second.edges.every((edge, index) => edge === first.edges[index])).toBe(true);
    const third = model.sync(
      { ...typed, settings: { ...typed.settings, greeting: "Hi" } },
      reader,
      nothing,
      second.nodes,
    );
    expect(third.nodes.every((node, index) => node === second.nodes[index])).toBe(true);
  });

  it("gives an edge another route only when a card is in its way, and keeps that while nothing moves", () => {
    const model = createFlowModel();
    const graph = smallGraph();
    const first = model.sync(graph, reader, nothing);
    const routed = (flow: typeof first) => flow.edges.filter((edge) => edge.data?.route).map((edge) => edge.id);
    // It would run below both cards of the second column.
    expect(routed(first)).toEqual(["ask.message>brain.message"]);
    const moved = { ...graph, layout: { ...graph.layout, brief: { x: 320, y: -600 }, kit: { x: 320, y: 900 } } };
    expect(routed(model.sync(moved, reader, nothing, first.nodes))).toEqual([]);
    const back = model.sync(graph, reader, nothing, first.nodes);
    expect(back.edges.map((edge) => edge.data?.route)).toEqual(first.edges.map((edge) => edge.data?.route));
  });

  it("places every handle inside its card, so that React Flow does not have to measure", () => {
    const { nodes } = createFlowModel().sync(smallGraph(), reader, nothing);
    for (const node of nodes) {
      if (node.type !== "card") continue;
      expect(node.measured?.height).toBe(cardHeight(node.data.node.type, node.data.ports));
      for (const handle of handles(node.data.ports)) expect(handle.y + 12).toBeLessThan(node.measured!.height!);
    }
  });
});
