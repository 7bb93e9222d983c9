/** Replaces a node by one of another type: keeps the edges and settings that fit, and lists those that are lost. */
import { isObject } from "../../runtime/foreign-json.ts";
import { edgeEnd, type Graph, type GraphEdge, type GraphNode } from "../../runtime/graph.ts";
import type { NodeDefinition } from "../../runtime/node.ts";
import { edgeFit, type Port } from "../../runtime/port.ts";
import type { Command } from "./commands.ts";
import { edgeKey, lookup } from "./lookup.ts";
import { type PortReader, portAt } from "./ports.ts";

export interface Replacement {
  definition: NodeDefinition;
  next: GraphNode;
  /** By key of the old edge. */
  edges: ReadonlyMap<string, GraphEdge>;
  lost: { edges: GraphEdge[]; settings: string[] };
}

/** What replacing the node by this type would keep and lose. */
export function planReplacement(
  graph: Graph,
  reader: PortReader,
  node: GraphNode,
  definition: NodeDefinition,
): Replacement {
  const { config, lost: settings } = keptConfig(node, definition);
  const next: GraphNode = { ...node, type: definition.type, version: definition.version, config };
  const ports = reader.ports(next);
  const inputs = [...ports.inputs].sort((a, b) => Number(a.optional ?? false) - Number(b.optional ?? false));
  const before = reader.ports(node);
  const at = lookup(graph);
  const edges = new Map<string, GraphEdge>();
  const lost: GraphEdge[] = [];
  const takenInputs = new Set<string>();
  for (const edge of at.into(node.id)) {
    const output = portAt(graph, reader, edge.from, "out");
    const port = best(inputs, portWithId(before.inputs, edgeEnd(edge.to).port), (one) =>
      takenInputs.has(one.id) && !one.many ? "no" : output ? edgeFit(output.kind, one.kind) : "no",
    );
    if (!port) lost.push(edge);
    else {
      takenInputs.add(port.id);
      edges.set(edgeKey(edge), { ...edge, to: `${node.id}.${port.id}` });
    }
  }
  for (const edge of at.outOf(node.id)) {
    const input = portAt(graph, reader, edge.to, "in");
    const port = best(ports.outputs, portWithId(before.outputs, edgeEnd(edge.from).port), (one) =>
      input ? edgeFit(one.kind, input.kind) : "no",
    );
    if (port) edges.set(edgeKey(edge), { ...edge, from: `${node.id}.${port.id}` });
    else lost.push(edge);
  }
  return { definition, next, edges, lost: { edges: lost, settings } };
}

/** All other types, those that keep the most edges first. Notes are left out. */
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

/** Applies a plan as one step. Edges of the node that were added after the plan are removed. */
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

function portWithId(ports: readonly Port[], id: string): Port {
  return ports.find((port) => port.id === id) ?? { id, kind: "any" };
}

/**
 * The command, and with it: when the node's ports were unknown before (`Ports.open`) and are known after, as when a tool is
 * chosen, edges to ports that it does not have move to ports that fit. Edges that fit nowhere stay, as issues.
 */
export function settlePorts(command: Command, reader: PortReader, id: string): Command {
  return {
    ...command,
    run(graph) {
      const next = command.run(graph);
      const [old, node] = [lookup(graph).node(id), lookup(next).node(id)];
      const definition = node && reader.definition(node);
      if (!old || !definition || !reader.ports(old).open || reader.ports(node).open) return next;
      const { edges } = planReplacement(next, reader, node, definition);
      return { ...next, edges: next.edges.map((edge) => edges.get(edgeKey(edge)) ?? edge) };
    },
  };
}

/** The port of the same name if it fits, else the first that carries the old port's kind, else the first that fits. */
function best(ports: readonly Port[], old: Port, how: (port: Port) => "same" | "convert" | "no"): Port | undefined {
  const fitting = ports.filter((port) => how(port) !== "no");
  return (
    fitting.find((port) => port.id === old.id) ??
    fitting.find((port) => port.kind === old.kind || port.kind === "any") ??
    fitting.find((port) => how(port) === "same") ??
    fitting[0]
  );
}

/** The settings that the other type has and accepts. */
function keptConfig(node: GraphNode, definition: NodeDefinition): { config: Record<string, unknown>; lost: string[] } {
  let config: Record<string, unknown> = {};
  const lost: string[] = [];
  for (const [key, value] of Object.entries(isObject(node.config) ? node.config : {})) {
    const tried = { ...config, [key]: value };
    const read = definition.config.safeParse(tried);
    if (read.success && Object.hasOwn(read.data as object, key)) config = tried;
    else lost.push(key);
  }
  return { config, lost };
}
