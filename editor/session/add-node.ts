/** Adds a node to the canvas: alone, on an open end, or into an edge. */
import { edgeEnd, type Graph, type GraphNode } from "../../runtime/graph.ts";
import type { NodeDefinition } from "../../runtime/node.ts";
import { cardBox, freePosition } from "../graph/boxes.ts";
import { edgesToReplace, fittingTypes, throughPorts } from "../graph/can-connect.ts";
import { CARD, nodeSize, positionOf } from "../graph/card-size.ts";
import { addNode, freeId, insertOnEdge, remove } from "../graph/commands.ts";
import { edgeKey, reach } from "../graph/lookup.ts";
import { table } from "../graph/node-types.ts";
import { drawnPorts, portAt } from "../graph/ports.ts";
import { applyDrawing, type Drawn } from "./draw-edge.ts";
import type { PendingEdge } from "./pending-edge.ts";
import type { Workbench } from "./workbench.ts";

/** The data type of a node that is dragged from the palette. The data is the node type. */
export const DRAG_TYPE = "application/x-patchbay-node";

export type OpenEnd = NonNullable<PendingEdge["from"]>;

function newNode(workbench: Workbench, definition: NodeDefinition, config: Record<string, unknown> = {}): GraphNode {
  const taken = new Set(workbench.graph().nodes.map((node) => node.id));
  return {
    id: freeId(definition.defaultId ?? definition.type, taken),
    type: definition.type,
    version: definition.version,
    config,
  };
}

export interface Placement {
  /** The top left corner of the new card, in canvas pixels. */
  position: { x: number; y: number };
  openEnd?: OpenEnd;
  /** Edge key. */
  edge?: string;
}

/**
 * Adds a node, connects it if a port fits, and selects it. The canvas then brings it into view and focuses it. Returns how
 * it was connected to the open end.
 */
export function addNodeAt(workbench: Workbench, definition: NodeDefinition, placement: Placement): Drawn | undefined {
  const { openEnd } = placement;
  const offer = openEnd && fittingTypes([definition], openEnd, openEnd.side === "out" ? "in" : "out")[0];
  const node = newNode(workbench, definition, offer?.config);
  const drawn = apply(workbench, node, placement, offer?.port.id);
  workbench.selection.select([node.id]);
  const { overlays } = workbench;
  overlays.setState({ added: node.id, fresh: new Set([...overlays.getState().fresh, node.id]) });
  return drawn;
}

/** `port`: the port of the new node that is connected to the open end. */
function apply(
  workbench: Workbench,
  node: GraphNode,
  { position, openEnd, edge }: Placement,
  port?: string,
): Drawn | undefined {
  const graph = workbench.graph();
  const { reader } = workbench.reader.getState();
  if (edge !== undefined) {
    const old = graph.edges.find((one) => edgeKey(one) === edge);
    const output = old && portAt(graph, reader, old.from, "out");
    const input = old && portAt(graph, reader, old.to, "in");
    const through = output && input && throughPorts(reader.ports(node), output.kind, input.kind);
    if (old && through) {
      const room = makeRoom(graph, old, position);
      workbench.apply(insertOnEdge(edge, node, room.position, through, room.moved));
      return undefined;
    }
  }
  if (!openEnd || port === undefined) {
    workbench.apply(addNode(node, position));
    return undefined;
  }
  const [own, other] = [`${node.id}.${port}`, `${openEnd.node}.${openEnd.port}`];
  const made = openEnd.side === "out" ? { from: other, to: own } : { from: own, to: other };
  const command = addNode(node, position, [made]);
  const instead = edgesToReplace(addNode(node, position).run(graph), table, reader, made);
  return applyDrawing(
    workbench,
    { ...command, run: (before) => command.run(remove(new Set(), instead).run(before)) },
    made,
    instead,
  );
}

/** Where there is room for a new card: right of the selected node, or around `middle`, the middle of the visible canvas. */
export function newNodePosition(
  workbench: Workbench,
  definition: NodeDefinition,
  middle: { x: number; y: number },
): { x: number; y: number } {
  const graph = workbench.graph();
  const { reader } = workbench.reader.getState();
  const node = newNode(workbench, definition);
  const size = nodeSize(node, drawnPorts(graph, node, reader));
  const [chosen] = workbench.selection.getState().nodes;
  const beside = chosen === undefined ? undefined : positionOf(graph, chosen);
  const wanted = beside
    ? { x: beside.x + CARD.width + GAP, y: beside.y }
    : { x: middle.x - size.width / 2, y: middle.y - size.height / 2 };
  const taken = graph.nodes.map((one) => cardBox(graph, one, reader));
  return freePosition(taken, { ...wanted, ...size });
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
