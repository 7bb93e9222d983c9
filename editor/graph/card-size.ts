/**
 * Sizes and positions on a card, in pixels. The card's styles use these numbers, so ports and edges are in place before
 * a card is rendered: a large graph opens without measuring its nodes.
 */
import { edgeEnd, type Graph, type GraphNode, type NodePosition } from "../../runtime/graph.ts";
import { lookup } from "./lookup.ts";
import { roleOf, table } from "./node-types.ts";
import type { DrawnPort } from "./ports.ts";

export const CARD = { width: 232, head: 38, row: 22, pad: 6, handle: 12, line: 17, bodyPad: 8 } as const;
export const NOTE = { width: 260, height: 132, minWidth: 140, minHeight: 64 } as const;

/** Lines of preview text in a card. */
export const bodyLines = (type: string): 2 | 3 => table.get(type)?.previewLines ?? 2;

export interface CardPorts {
  inputs: DrawnPort[];
  outputs: DrawnPort[];
}

export function cardHeight(type: string, ports: CardPorts): number {
  const rows = Math.max(ports.inputs.length, ports.outputs.length);
  const rowsHeight = rows === 0 ? 0 : rows * CARD.row + 2 * CARD.pad;
  return CARD.head + rowsHeight + 1 + 2 * CARD.bodyPad + bodyLines(type) * CARD.line;
}

export function nodeSize(
  node: GraphNode,
  ports: CardPorts,
  position?: NodePosition,
): { width: number; height: number } {
  if (roleOf(node) === "annotation")
    return { width: position?.width ?? NOTE.width, height: position?.height ?? NOTE.height };
  return { width: CARD.width, height: cardHeight(node.type, ports) };
}

export interface PortBox {
  id: string;
  side: "in" | "out";
  /** From the card's top left corner. */
  x: number;
  y: number;
  width: number;
  height: number;
}

/** The boxes of a card's ports: inputs on the left edge, outputs on the right, in their order. */
export function portBoxes(ports: CardPorts): PortBox[] {
  const { handle: size, head, pad, row, width } = CARD;
  const boxes = (side: PortBox["side"], x: number) =>
    ports[side === "in" ? "inputs" : "outputs"].map(({ id }, index) => ({
      id,
      side,
      x: x - size / 2,
      y: head + pad + index * row + (row - size) / 2,
      width: size,
      height: size,
    }));
  return [...boxes("in", 0), ...boxes("out", width)];
}

const columns = new WeakMap<Graph, ReadonlyMap<string, NodePosition>>();

/** A node's stored position, else (in a file without a layout) one in the column of its distance from the start. */
export function positionOf(graph: Graph, id: string): NodePosition {
  const own = graph.layout[id];
  if (own) return own;
  const found = columns.get(graph) ?? inColumns(graph);
  columns.set(graph, found);
  return found.get(id) ?? { x: 0, y: 0 };
}

/**
 * Positions in columns along the edges; nodes on a cycle stay in the first column. Storing the position of one node does
 * not move the others.
 */
function inColumns(graph: Graph): ReadonlyMap<string, NodePosition> {
  const at = lookup(graph);
  const open = new Map(graph.nodes.map((node) => [node.id, at.into(node.id).length]));
  const depth = new Map(graph.nodes.map((node) => [node.id, 0]));
  const queue = graph.nodes.filter((node) => open.get(node.id) === 0).map((node) => node.id);
  for (const id of queue)
    for (const edge of at.outOf(id)) {
      const next = edgeEnd(edge.to).node;
      const left = open.get(next);
      if (left === undefined) continue;
      depth.set(next, Math.max(depth.get(next) ?? 0, (depth.get(id) ?? 0) + 1));
      open.set(next, left - 1);
      if (left === 1) queue.push(next);
    }
  const rows = new Map<number, number>();
  const result = new Map<string, NodePosition>();
  for (const node of graph.nodes) {
    const column = depth.get(node.id) ?? 0;
    const row = rows.get(column) ?? 0;
    rows.set(column, row + 1);
    result.set(node.id, { x: column * (CARD.width + 88), y: row * 220 });
  }
  return result;
}
