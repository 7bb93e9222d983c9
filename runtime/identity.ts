/** The identity of a graph: two graphs with the same identity are the same version. */
import { sha256Hex } from "./arguments-hash.ts";
import { canonicalJson, type Graph, type GraphNode } from "./graph.ts";
import type { NodeTable } from "./node.ts";

/**
 * Everything but `groups`, `tests`, `layout`, annotations and keys that begin with `x-`, in the graph and in the bodies
 * inside it, as canonical JSON (keys sorted). Published versions store its hash: the text must not change.
 */
export function graphIdentity(graph: Graph, nodes: NodeTable): string {
  return canonicalJson(meaningOf(graph, nodes), true);
}

/**
 * Whether two graphs differ only in `layout`, so that the issues of one are those of the other. `same` compares the
 * values of a key: by reference where unchanged parts are shared, else by their text.
 */
export function sameButLayout(
  a: Graph,
  b: Graph,
  same: (a: unknown, b: unknown) => boolean = (x, y) => canonicalJson(x) === canonicalJson(y),
): boolean {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]) as Set<keyof Graph>;
  keys.delete("layout");
  for (const key of keys) if (!same(a[key], b[key])) return false;
  return true;
}

/** SHA-256 of `graphIdentity`, in hex. */
export function graphHash(graph: Graph, nodes: NodeTable): string {
  return sha256Hex(graphIdentity(graph, nodes));
}

function meaningOf(graph: Graph, nodes: NodeTable): object {
  const { groups: _groups, tests: _tests, layout: _layout, ...meaning } = graph;
  return {
    ...meaning,
    nodes: meaning.nodes
      .filter((node) => nodes.get(node?.type)?.role !== "annotation")
      .map((node) => withBodyMeaning(node, nodes)),
  };
}

/** The body of a draft can be any value: one that is not a graph stays unchanged. */
function withBodyMeaning(node: GraphNode, nodes: NodeTable): GraphNode {
  const config = node?.config as { body?: { nodes?: unknown } | null } | null | undefined;
  const body = typeof config === "object" ? config?.body : undefined;
  return Array.isArray(body?.nodes) ? { ...node, config: { ...config, body: meaningOf(body as Graph, nodes) } } : node;
}
