/** Adds a node to the canvas: alone, on an open end, or into an edge. */
import { edgeEnd, type Graph, type GraphNode } from "../../runtime/graph.ts";
import type { NodeDefinition } from "../../runtime/node.ts";
import { fittingPort, throughPorts } from "../graph/can-connect.ts";
import { CARD, freePosition, positionOf } from "../graph/card-size.ts";
import { addNode, type Command, freeId, insertOnEdge } from "../graph/commands.ts";
import { edgeKey, reach } from "../graph/lookup.ts";
import { portAt } from "../graph/ports.ts";
import type { PendingEdge } from "./pending-edge.ts";
import type { Workbench } from "./workbench.ts";

/** The data type of a node that is dragged from the palette. The data is the node type. */
export const DRAG_TYPE = "application/x-patchbay-node";

export type OpenEnd = NonNullable<PendingEdge["from"]>;

function newNode(workbench: Workbench, definition: NodeDefinition): GraphNode {
  const taken = new Set(workbench.graph().nodes.map((node) => node.id));
  return {
    id: freeId(definition.defaultId ?? definition.type, taken),
    type: definition.type,
    version: definition.version,
    config: {},
  };
}

export interface Placement {
  /** The top left corner of the new card, in canvas pixels. */
  position: { x: number; y: number };
  openEnd?: OpenEnd;
  /** Edge key. */
  edge?: string;
}

/** Adds a node, connects it if a port fits, and selects it. Returns its id. */
export function addNodeAt(workbench: Workbench, definition: NodeDefinition, placement: Placement): string {
  const node = newNode(workbench, definition);
  workbench.apply(addCommand(workbench, node, placement));
  workbench.selection.select([node.id]);
  return node.id;
}

function addCommand(workbench: Workbench, node: GraphNode, { position, openEnd, edge }: Placement): Command {
  const graph = workbench.graph();
  const { reader } = workbench.reader.getState();
  const ports = reader.ports(node);
  if (edge !== undefined) {
    const old = graph.edges.find((one) => edgeKey(one) === edge);
    const output = old && portAt(graph, reader, old.from, "out");
    const input = old && portAt(graph, reader, old.to, "in");
    const through = output && input && throughPorts(ports, output.kind, input.kind);
    if (old && through) {
      const room = makeRoom(graph, old, position);
      return insertOnEdge(edge, node, room.position, through, room.moved);
    }
  }
  const side = openEnd?.side === "out" ? "in" : "out";
  const port = openEnd && fittingPort(ports, openEnd.kind, side);
  if (!port) return addNode(node, position);
  const [own, other] = [`${node.id}.${port.id}`, `${openEnd.node}.${openEnd.port}`];
  return addNode(node, position, [side === "in" ? { from: other, to: own } : { from: own, to: other }]);
}

/** Right of the selected node; without one, around `middle`, the middle of the visible canvas. */
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

/** The position of a card between the two ends of an edge, and the new positions of the nodes behind it. */
function makeRoom(graph: Graph, edge: { from: string; to: string }, wanted: { x: number; y: number }) {
  const from = positionOf(graph, edgeEnd(edge.from).node);
  const to = positionOf(graph, edgeEnd(edge.to).node);
  if (to.x <= from.x) return { position: wanted, moved: {} };
  const least = from.x + CARD.width + GAP;
  const most = to.x - CARD.width - GAP;
  const x = Math.max(least, Math.min(wanted.x, most));
  const shift = Math.max(0, x + CARD.width + GAP - to.x);
  const moved: Record<string, { x: number; y: number }> = {};
  const downstream = reach(graph, edgeEnd(edge.to).node, "out");
  if (shift > 0)
    for (const { id } of graph.nodes) {
      const position = positionOf(graph, id);
      if (position.x >= to.x && downstream.has(id)) moved[id] = { x: position.x + shift, y: position.y };
    }
  return { position: { x: Math.round(x), y: Math.round(wanted.y) }, moved };
}
