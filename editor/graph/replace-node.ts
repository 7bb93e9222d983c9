/** Putting another type in a node's place: what fits is kept, and what goes is said. */
import { edgeEnd, type Graph, type GraphEdge, type GraphNode } from "../../runtime/graph.ts";
import type { NodeDefinition } from "../../runtime/node.ts";
import { edgeFit, type Port } from "../../runtime/port.ts";
import type { Command } from "./commands.ts";
import { edgeKey, lookup } from "./lookup.ts";
import type { PortReader } from "./ports.ts";

export interface Replacement {
  definition: NodeDefinition;
  next: GraphNode;
  /** By key of the old edge. */
  edges: ReadonlyMap<string, GraphEdge>;
  lost: { edges: GraphEdge[]; settings: string[] };
}

/** What putting this type in the node's place would keep and lose. */
export function planReplacement(
  graph: Graph,
  reader: PortReader,
  node: GraphNode,
  definition: NodeDefinition,
): Replacement {
  const { config, lost: settings } = keptConfig(node, definition);
  const next: GraphNode = { ...node, type: definition.type, version: definition.version, config };
  const ports = reader.ports(next);
  const at = lookup(graph);
  const edges = new Map<string, GraphEdge>();
  const lost: GraphEdge[] = [];
  const takenInputs = new Set<string>();
  for (const edge of at.into(node.id)) {
    const source = at.node(edgeEnd(edge.from).node);
    const output = source && reader.ports(source).outputs.find((port) => port.id === edgeEnd(edge.from).port);
    const old = edgeEnd(edge.to).port;
    const port = best(ports.inputs, old, (one) =>
      takenInputs.has(one.id) && !one.many ? "no" : output ? edgeFit(output.kind, one.kind) : "no",
    );
    if (!port) lost.push(edge);
    else {
      takenInputs.add(port.id);
      edges.set(edgeKey(edge), { ...edge, to: `${node.id}.${port.id}` });
    }
  }
  for (const edge of at.outOf(node.id)) {
    const target = at.node(edgeEnd(edge.to).node);
    const input = target && reader.ports(target).inputs.find((port) => port.id === edgeEnd(edge.to).port);
    const port = best(ports.outputs, edgeEnd(edge.from).port, (one) => (input ? edgeFit(one.kind, input.kind) : "no"));
    if (port) edges.set(edgeKey(edge), { ...edge, from: `${node.id}.${port.id}` });
    else lost.push(edge);
  }
  return { definition, next, edges, lost: { edges: lost, settings } };
}

/** Every other type, those that keep the most edges first. Notes stand for nothing in a run and are left out. */
export function replacementsFor(
  graph: Graph,
  reader: PortReader,
  node: GraphNode,
  definitions: readonly NodeDefinition[],
): Replacement[] {
  return definitions
    .filter((one) => one.type !== node.type && one.role !== "annotation")
    .map((one) => planReplacement(graph, reader, node, one))
    .sort((a, b) => a.lost.edges.length - b.lost.edges.length || a.lost.settings.length - b.lost.settings.length);
}

/** Does what was planned, as one step. Edges that came since the plan was made and do not stand in it go too. */
export function replaceNode({ next, edges }: Pick<Replacement, "next" | "edges">): Command {
  return {
    label: "replaceNode",
    run(graph) {
      if (!lookup(graph).node(next.id)) return graph;
      const seen = new Set<string>();
      const kept = graph.edges.flatMap((edge) => {
        const ours = edgeEnd(edge.from).node === next.id || edgeEnd(edge.to).node === next.id;
        const made = ours ? edges.get(edgeKey(edge)) : edge;
        if (!made || seen.has(edgeKey(made))) return [];
        seen.add(edgeKey(made));
        return [made];
      });
      return { ...graph, nodes: graph.nodes.map((node) => (node.id === next.id ? next : node)), edges: kept };
    },
  };
}

/** The port of the same name where it fits, else one of the very kind, else one that a value gets into without loss. */
function best(ports: readonly Port[], old: string, how: (port: Port) => "same" | "convert" | "no"): Port | undefined {
  const fitting = ports.filter((port) => how(port) !== "no");
  return (
    fitting.find((port) => port.id === old) ??
    fitting.find((port) => how(port) === "same" && port.kind !== "any") ??
    fitting[0]
  );
}

/** The settings that the other type knows and takes. */
function keptConfig(node: GraphNode, definition: NodeDefinition): { config: Record<string, unknown>; lost: string[] } {
  const old = typeof node.config === "object" && node.config !== null ? (node.config as Record<string, unknown>) : {};
  let config: Record<string, unknown> = {};
  const lost: string[] = [];
  for (const [key, value] of Object.entries(old)) {
    const tried = { ...config, [key]: value };
    const read = definition.config.safeParse(tried);
    if (read.success && Object.hasOwn(read.data as object, key)) config = tried;
    else lost.push(key);
  }
  return { config, lost };
}
