/** Helpers that `encapsulate` and `unpack` share. */
import type { GraphEdge, NodePosition } from "../../runtime/graph.ts";
import type { Issue } from "../../runtime/issue.ts";
import { edgeKey } from "./lookup.ts";

/** Edges in order, without duplicates. */
export class EdgeList {
  readonly all: GraphEdge[] = [];
  readonly #seen = new Set<string>();

  add(edge: GraphEdge): void {
    const key = edgeKey(edge);
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.all.push(edge);
  }
}

/** The extent of the top left corners of cards. */
export function boxOf(positions: readonly NodePosition[]): {
  left: number;
  top: number;
  right: number;
  bottom: number;
} {
  const xs = positions.map((position) => position.x);
  const ys = positions.map((position) => position.y);
  return { left: Math.min(...xs), top: Math.min(...ys), right: Math.max(...xs), bottom: Math.max(...ys) };
}

/** Errors in `after` that `before` does not have. */
export function newErrors(before: readonly Issue[], after: readonly Issue[]): Issue[] {
  const key = ({ code, node, port }: Issue) => `${code} ${node} ${port}`;
  const known = new Set(before.map(key));
  return after.filter((issue) => issue.severity === "error" && !known.has(key(issue)));
}
