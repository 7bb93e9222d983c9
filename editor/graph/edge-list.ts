/** Small things that taking apart and putting together share. */
import type { GraphEdge, NodePosition } from "../../runtime/graph.ts";
import type { Issue } from "../../runtime/issue.ts";
import { edgeKey } from "./lookup.ts";

/** Edges in order, each once. */
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

/** The corners of the top left points of cards. */
export function boxOf(places: readonly NodePosition[]): { left: number; top: number; right: number; bottom: number } {
  const xs = places.map((place) => place.x);
  const ys = places.map((place) => place.y);
  return { left: Math.min(...xs), top: Math.min(...ys), right: Math.max(...xs), bottom: Math.max(...ys) };
}

/** Errors that were not there before. What was wrong with a node already may stay wrong with it. */
export function newErrors(before: readonly Issue[], after: readonly Issue[]): Issue[] {
  const key = ({ code, node, port }: Issue) => `${code} ${node} ${port}`;
  const known = new Set(before.map(key));
  return after.filter((issue) => issue.severity === "error" && !known.has(key(issue)));
}
