/** Nodes and edges by id. Built once per graph object and collected with it. */
import { edgeEnd, type Graph, type GraphEdge, type GraphNode } from "../../runtime/graph.ts";
import { type Issue, parsePointer } from "../../runtime/issue.ts";

export interface Lookup {
  node(id: string): GraphNode | undefined;
  /** Index in `graph.nodes`, for JSON pointers; -1 for an unknown node. */
  position(id: string): number;
  /** Edges into and out of a node, in edge order. */
  into(id: string): readonly GraphEdge[];
  outOf(id: string): readonly GraphEdge[];
  /** Edges at one input or output. */
  at(id: string, port: string, side: "in" | "out"): readonly GraphEdge[];
}

const NONE: readonly GraphEdge[] = [];
const known = new WeakMap<Graph, Lookup>();

export function lookup(graph: Graph): Lookup {
  const found = known.get(graph);
  if (found) return found;
  const made = build(graph);
  known.set(graph, made);
  return made;
}

function build(graph: Graph): Lookup {
  const nodes = new Map<string, GraphNode>();
  const positions = new Map<string, number>();
  graph.nodes.forEach((node, index) => {
    if (nodes.has(node.id)) return;
    nodes.set(node.id, node);
    positions.set(node.id, index);
  });
  const into = Map.groupBy(graph.edges, (edge) => edgeEnd(edge.to).node);
  const outOf = Map.groupBy(graph.edges, (edge) => edgeEnd(edge.from).node);
  return {
    node: (id) => nodes.get(id),
    position: (id) => positions.get(id) ?? -1,
    into: (id) => into.get(id) ?? NONE,
    outOf: (id) => outOf.get(id) ?? NONE,
    at: (id, port, side) => {
      const end = `${id}.${port}`;
      return side === "in"
        ? (into.get(id) ?? NONE).filter((edge) => edge.to === end)
        : (outOf.get(id) ?? NONE).filter((edge) => edge.from === end);
    },
  };
}

/** A node and all nodes downstream of it (`out`), or upstream (`in`). */
export function reach(graph: Graph, node: string, way: "in" | "out"): Set<string> {
  const at = lookup(graph);
  const seen = new Set([node]);
  for (const id of seen)
    if (way === "out") for (const edge of at.outOf(id)) seen.add(edgeEnd(edge.to).node);
    else for (const edge of at.into(id)) seen.add(edgeEnd(edge.from).node);
  return seen;
}

/** The edge that an issue's path points at. */
export function edgeOf(graph: Graph, issue: Issue): GraphEdge | undefined {
  const [root, index] = parsePointer(issue.path ?? "");
  return root === "edges" ? graph.edges[Number(index)] : undefined;
}

/** An edge's id on the canvas: its two ends. A graph has an edge once; a second is the issue `duplicate-edge`. */
export function edgeKey(edge: GraphEdge): string {
  return `${edge.from}>${edge.to}`;
}
