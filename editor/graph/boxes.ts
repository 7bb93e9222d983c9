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
