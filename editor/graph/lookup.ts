/** Nodes and edges by id. Built once per graph object and collected with it. */
import { edgeEnd, type Graph, type GraphEdge, type GraphNode } from "../../runtime/graph.ts";

export interface Lookup {
  node(id: string): GraphNode | undefined;
  /** Position in `graph.nodes`, for JSON pointers. */
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
  const into = new Map<string, GraphEdge[]>();
  const outOf = new Map<string, GraphEdge[]>();
  for (const edge of graph.edges) {
    push(outOf, edgeEnd(edge.from).node, edge);
    push(into, edgeEnd(edge.to).node, edge);
  }
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

function push(map: Map<string, GraphEdge[]>, id: string, edge: GraphEdge): void {
  const list = map.get(id);
  if (list) list.push(edge);
  else map.set(id, [edge]);
}

/** An edge's id on the canvas: its two ends. A graph holds an edge once (`duplicate-edge` otherwise). */
export function edgeKey(edge: GraphEdge): string {
  return `${edge.from}>${edge.to}`;
}
