import Elk from "elkjs/lib/elk.bundled.js";
import fc from "fast-check";
import { expect, it } from "vitest";
import { emptyGraph, type Graph } from "../../runtime/graph.ts";
import { graphHash } from "../../runtime/identity.ts";
import { smallGraph } from "../e2e/graphs.ts";
import { elkGraph, layoutPositions } from "./auto-layout.ts";
import { nodeSize } from "./card-size.ts";
import { setLayout } from "./commands.ts";
import { definitions, table } from "./node-types.ts";
import { createPortReader, drawnPorts } from "./ports.ts";

/** Nodes of any type, some with a position, and edges between any of their ports, also invalid edges and cycles. */
const anyGraph = fc
  .record({
    types: fc.array(fc.constantFrom(...definitions.map((one) => one.type)), { minLength: 1, maxLength: 12 }),
    connections: fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat(), fc.nat()), { maxLength: 20 }),
    places: fc.array(fc.option(fc.record({ x: fc.integer({ min: -2000, max: 2000 }), y: fc.nat(2000) })), {
      maxLength: 12,
    }),
  })
  .map(({ types, connections, places }): Graph => {
    const graph = emptyGraph("any");
    const reader = createPortReader(table);
    graph.nodes = types.map((type, index) => ({ id: `n${index}`, type, version: 1, config: {} }));
    const ports = graph.nodes.map((node) => reader.ports(node));
    const edges = connections.flatMap(([a, b, out, into]) => {
      const [from, to] = [a % types.length, b % types.length];
      const output = ports[from]!.outputs[out % Math.max(1, ports[from]!.outputs.length)];
      const input = ports[to]!.inputs[into % Math.max(1, ports[to]!.inputs.length)];
      return output && input ? [{ from: `n${from}.${output.id}`, to: `n${to}.${input.id}` }] : [];
    });
    graph.edges = [...new Map(edges.map((edge) => [`${edge.from} ${edge.to}`, edge])).values()];
    graph.layout = Object.fromEntries(
      types.flatMap((_, index) => (places[index] ? [[`n${index}`, places[index]]] : [])),
    );
    return graph;
  });

it("changes positions only, and no card overlaps another", async () => {
  const elk = new Elk();
  const reader = createPortReader(table);
  await fc.assert(
    fc.asyncProperty(anyGraph, async (graph) => {
      const places = await layoutPositions(graph, reader, undefined, elk);
      const arranged = setLayout(places).run(graph);
      expect(graphHash(arranged, table)).toBe(graphHash(graph, table));
      expect({ ...arranged, layout: graph.layout }).toEqual(graph);
      const boxes = graph.nodes
        .filter((node) => node.type !== "note")
        .map((node) => ({ id: node.id, ...places[node.id]!, ...nodeSize(node, drawnPorts(graph, node, reader)) }));
      for (const a of boxes)
        for (const b of boxes)
          if (a.id < b.id)
            expect(
              a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height,
              `${a.id} and ${b.id}`,
            ).toBe(false);
    }),
    { numRuns: 60 },
  );
});

it("passes ports to the engine in their order, and leaves out notes and edges without a node", () => {
  const graph = smallGraph();
  const elk = elkGraph(
    {
      ...graph,
      nodes: [...graph.nodes, { id: "memo", type: "note", version: 1, config: {} }],
      edges: [...graph.edges, { from: "ask.message", to: "nobody.in" }],
    },
    createPortReader(table),
  );
  expect(elk.children?.map((child) => child.id)).toEqual(["ask", "brief", "kit", "brain", "reply"]);
  const ports = new Set(elk.children?.flatMap((child) => child.ports?.map((port) => port.id) ?? []));
  for (const edge of elk.edges ?? [])
    for (const end of [...edge.sources, ...edge.targets]) expect(ports).toContain(end);
});
