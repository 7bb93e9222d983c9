/** Adds a node to the canvas: alone, on an open end, or into an edge. */
import { edgeEnd, type Graph, type GraphNode } from "../../runtime/graph.ts";
import type { NodeDefinition } from "../../runtime/node.ts";
import { reaches, throughPorts } from "../graph/can-connect.ts";
import { CARD, freePosition, positionOf } from "../graph/card-size.ts";
import { addNode, type Command, freeId, insertOnEdge } from "../graph/commands.ts";
import { edgeKey, lookup } from "../graph/lookup.ts";
import type { PendingEdge } from "./pending-edge.ts";
import type { Workbench } from "./workbench.ts";

/** The data type of a node type that is dragged from the palette. */
export const DRAG_TYPE = "application/x-patchbay-node";

export type OpenEnd = NonNullable<PendingEdge["from"]>;

export function newNode(workbench: Workbench, definition: NodeDefinition): GraphNode {
  const taken = new Set(workbench.graph().nodes.map((node) => node.id));
  return {
    id: freeId(definition.defaultId ?? definition.type, taken),
    type: definition.type,
    version: definition.version,
    config: {},
  };
}

export interface Placement {
  /** In the canvas's own coordinates: the new card's top left corner. */
  position: { x: number; y: number };
  openEnd?: OpenEnd;
  /** Edge key. */
  edge?: string;
}

/** Adds a node at a placement, wires it where it can, and chooses it. Gives its id. */
export function addNodeAt(workbench: Workbench, definition: NodeDefinition, placement: Placement): string {
  const node = newNode(workbench, definition);
  workbench.apply(addCommand(workbench, node, placement));
  workbench.selection.choose([node.id]);
  return node.id;
}

function addCommand(workbench: Workbench, node: GraphNode, { position: place, openEnd, edge }: Placement): Command {
  const graph = workbench.graph();
  const { reader } = workbench.reader.getState();
  const ports = reader.ports(node);
  if (edge !== undefined) {
    const old = graph.edges.find((one) => edgeKey(one) === edge);
    const kinds = old && edgeKinds(workbench, old);
    const way = kinds && throughPorts(ports, kinds.from, kinds.to);
    if (old && way) {
      const room = makeRoom(graph, old, place);
      return insertOnEdge(edge, node, room.place, way, room.moved);
    }
  }
  if (openEnd?.side === "out") {
    const port = throughPorts({ inputs: ports.inputs, outputs: [{ id: "", kind: "any" }] }, openEnd.kind, "any")?.input;
    if (port !== undefined)
      return addNode(node, place, [{ from: `${openEnd.node}.${openEnd.port}`, to: `${node.id}.${port}` }]);
  }
  if (openEnd?.side === "in") {
    const port = throughPorts(
      { inputs: [{ id: "", kind: "any" }], outputs: ports.outputs },
      "any",
      openEnd.kind,
    )?.output;
    if (port !== undefined)
      return addNode(node, place, [{ from: `${node.id}.${port}`, to: `${openEnd.node}.${openEnd.port}` }]);
  }
  return addNode(node, place);
}

export function edgeKinds(workbench: Workbench, edge: { from: string; to: string }) {
  const at = lookup(workbench.graph());
  const { reader } = workbench.reader.getState();
  const from = edgeEnd(edge.from);
  const to = edgeEnd(edge.to);
  const source = at.node(from.node);
  const target = at.node(to.node);
  const output = source && reader.ports(source).outputs.find((port) => port.id === from.port);
  const input = target && reader.ports(target).inputs.find((port) => port.id === to.port);
  return output && input ? { from: output.kind, to: input.kind } : undefined;
}

/** Beside the chosen node, or at the given middle of what is seen. */
export function newNodePosition(workbench: Workbench, middle: { x: number; y: number }): { x: number; y: number } {
  const graph = workbench.graph();
  const [chosen] = workbench.selection.getState().nodes;
  const beside = chosen === undefined ? undefined : positionOf(graph, chosen);
  return freePosition(
    graph,
    beside ? { x: beside.x + CARD.width + 72, y: beside.y } : { x: middle.x - CARD.width / 2, y: middle.y - 70 },
  );
}

const GAP = 72;

/** Where a card goes between the two ends of an edge, and where what comes after it moves so that it fits in. */
function makeRoom(graph: Graph, edge: { from: string; to: string }, wanted: { x: number; y: number }) {
  const from = positionOf(graph, edgeEnd(edge.from).node);
  const to = positionOf(graph, edgeEnd(edge.to).node);
  if (to.x <= from.x) return { place: wanted, moved: {} };
  const least = from.x + CARD.width + GAP;
  const most = to.x - CARD.width - GAP;
  const x = Math.max(least, Math.min(wanted.x, most));
  const shift = Math.max(0, x + CARD.width + GAP - to.x);
  const moved: Record<string, { x: number; y: number }> = {};
  if (shift > 0)
    for (const node of graph.nodes) {
      const place = positionOf(graph, node.id);
      if (place.x >= to.x && reaches(graph, edgeEnd(edge.to).node, node.id))
        moved[node.id] = { x: place.x + shift, y: place.y };
    }
  return { place: { x: Math.round(x), y: Math.round(wanted.y) }, moved };
}
