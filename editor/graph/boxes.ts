/** Boxes on the canvas, in canvas pixels. */
import type { Graph, GraphNode } from "../../runtime/graph.ts";
import { nodeSize, positionOf } from "./card-size.ts";
import { drawnPorts, type PortReader } from "./ports.ts";

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/**
 * The smallest box around boxes or points; undefined when there are none. React Flow's `getNodesBounds` needs React
 * and rendered nodes.
 */
export function boundsOf(boxes: Iterable<Pick<Box, "x" | "y"> & Partial<Box>>): Box | undefined {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const box of boxes) {
    left = Math.min(left, box.x);
    top = Math.min(top, box.y);
    right = Math.max(right, box.x + (box.width ?? 0));
    bottom = Math.max(bottom, box.y + (box.height ?? 0));
  }
  return right < left ? undefined : { x: left, y: top, width: right - left, height: bottom - top };
}

/** The box of a node's card. */
export function cardBox(graph: Graph, node: GraphNode, reader: PortReader): Box {
  const { x, y, ...size } = positionOf(graph, node.id);
  return { x, y, ...nodeSize(node, drawnPorts(graph, node, reader), { x, y, ...size }) };
}

/** The smallest box around the cards of these nodes; undefined when the graph has none of them. */
export function boundsOfNodes(graph: Graph, ids: Iterable<string>, reader: PortReader): Box | undefined {
  const wanted = new Set(ids);
  return boundsOf(graph.nodes.filter((node) => wanted.has(node.id)).map((node) => cardBox(graph, node, reader)));
}

/** The space that a new card keeps to others. */
const ROOM = 24;

/** The position nearest to `wanted`, straight above or below it, where a card of its size covers none of `taken`. */
export function freePosition(taken: readonly Box[], wanted: Box): { x: number; y: number } {
  const column = taken.filter((box) => box.x < wanted.x + wanted.width + ROOM && wanted.x < box.x + box.width + ROOM);
  const move = (step: (box: Box) => number) => {
    let { y } = wanted;
    for (;;) {
      const covered = column.find((box) => box.y < y + wanted.height + ROOM && y < box.y + box.height + ROOM);
      if (!covered) return y;
      y = step(covered);
    }
  };
  const below = move((box) => box.y + box.height + ROOM);
  const above = move((box) => box.y - wanted.height - ROOM);
  return {
    x: Math.round(wanted.x),
    y: Math.round(below - wanted.y <= wanted.y - above ? below : above),
  };
}
