/**
 * Edits of a graph, for the editor's commands and for patches. Pure. An edit that changes nothing returns the same graph,
 * and unchanged parts keep their identity.
 */
import { edgeEnd, type Graph, type GraphEdge, type GraphNode, type NodePosition } from "./graph.ts";

/** Adds a node and its edges. */
export function addNode(graph: Graph, node: GraphNode, position: NodePosition, edges: GraphEdge[] = []): Graph {
  return {
    ...graph,
    nodes: [...graph.nodes, node],
    edges: edges.length > 0 ? [...graph.edges, ...edges] : graph.edges,
    layout: { ...graph.layout, [node.id]: position },
  };
}

const NONE: ReadonlySet<string> = new Set();

/** Removes nodes with their edges, positions and group memberships, and other edges. An empty group is removed too. */
export function remove(
  graph: Graph,
  nodes: ReadonlySet<string> = NONE,
  isRemoved: (edge: GraphEdge) => boolean = () => false,
): Graph {
  const keptNodes = graph.nodes.filter((node) => !nodes.has(node.id));
  const keptEdges = graph.edges.filter(
    (edge) => !isRemoved(edge) && !nodes.has(edgeEnd(edge.from).node) && !nodes.has(edgeEnd(edge.to).node),
  );
  const edges = keptEdges.length === graph.edges.length ? graph.edges : keptEdges;
  if (keptNodes.length === graph.nodes.length) return edges === graph.edges ? graph : { ...graph, edges };
  const groups = graph.groups.some((group) => group.nodes.some((id) => nodes.has(id)))
    ? graph.groups
        .map((group) => ({ ...group, nodes: group.nodes.filter((id) => !nodes.has(id)) }))
        .filter((group) => group.nodes.length > 0)
    : graph.groups;
  const layout = Object.fromEntries(Object.entries(graph.layout).filter(([id]) => !nodes.has(id)));
  return { ...graph, nodes: keptNodes, edges, layout, groups };
}

export function changeNode(graph: Graph, id: string, change: (node: GraphNode) => GraphNode): Graph {
  const old = graph.nodes.find((node) => node.id === id);
  const next = old && change(old);
  return next === old ? graph : { ...graph, nodes: graph.nodes.map((node) => (node === old ? next! : node)) };
}

/** Adds an edge, unless it exists or one of its nodes does not. */
export function connect(graph: Graph, edge: GraphEdge): Graph {
  return canAdd(graph, edge) ? { ...graph, edges: [...graph.edges, edge] } : graph;
}

/** Whether both nodes exist and the edge does not. */
export function canAdd(graph: Graph, edge: GraphEdge): boolean {
  const ends = [edgeEnd(edge.from).node, edgeEnd(edge.to).node];
  return ends.every((id) => graph.nodes.some((node) => node.id === id)) && !graph.edges.some((one) => same(one, edge));
}

export function same(a: GraphEdge, b: GraphEdge): boolean {
  return a.from === b.from && a.to === b.to;
}
