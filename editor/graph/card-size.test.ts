import { describe, expect, it } from "vitest";
import { smallGraph } from "../e2e/graphs.ts";
import { positionOf } from "./card-size.ts";

describe("positions of cards", () => {
  it("puts the nodes of a file without a layout in columns, and does not move the others when one is moved", () => {
    const graph = { ...smallGraph(), layout: {} };
    const x = (id: string) => positionOf(graph, id).x;
    expect(x("ask")).toBeLessThan(x("brief"));
    expect(x("brief")).toBeLessThan(x("brain"));
    expect(x("brain")).toBeLessThan(x("reply"));
    const places = graph.nodes.map((node) => JSON.stringify(positionOf(graph, node.id)));
    expect(new Set(places).size).toBe(places.length);
    const moved = { ...graph, layout: { ask: { x: 900, y: 900 } } };
    for (const id of ["brief", "kit", "brain", "reply"]) expect(positionOf(moved, id)).toEqual(positionOf(graph, id));
  });
});
