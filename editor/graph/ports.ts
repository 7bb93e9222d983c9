/** The current ports of a node, as the canvas draws them. Computed once per node object. */
import { edgeEnd, type Graph, type GraphEdge, type GraphNode } from "../../runtime/graph.ts";
import type { NodeDefinition, NodeTable, PortContext } from "../../runtime/node.ts";
import { ERROR_PORT, type Port, type Ports } from "../../runtime/port.ts";
import { upgradeConfig } from "../../runtime/resolve.ts";
import { lookup } from "./lookup.ts";

export interface PortReader {
  definition(node: GraphNode): NodeDefinition | undefined;
  /**
   * Inputs and outputs by the node's config. While the config does not parse, the last valid ones; for an unknown type,
   * none (its edges still show, see `drawnPorts`).
   */
  ports(node: GraphNode): Ports;
  /** The config with its defaults, or undefined while it does not parse. */
  config(node: GraphNode): Record<string, unknown> | undefined;
}

const NO_PORTS: Ports = { inputs: [], outputs: [] };

/** Create a new reader when `context`, the catalogue's data, changes. */
export function createPortReader(table: NodeTable, context: PortContext = {}): PortReader {
  const known = new WeakMap<GraphNode, { ports: Ports; config?: Record<string, unknown> }>();
  const lastValid = new Map<string, Ports>();
  const read = (node: GraphNode) => {
    const facts = known.get(node) ?? compute(node);
    known.set(node, facts);
    return facts;
  };
  const compute = (node: GraphNode): { ports: Ports; config?: Record<string, unknown> } => {
    const definition = table.get(node.type);
    const key = `${node.type} ${node.id}`;
    if (!definition || node.version > definition.version) return { ports: NO_PORTS };
    const parsed = definition.config.safeParse(upgradeConfig(definition, node.version, node.config));
    if (!parsed.success) return { ports: lastValid.get(key) ?? freshPorts(definition, context) };
    const ports = withError(definition.ports(parsed.data, context), node);
    lastValid.set(key, ports);
    return { ports, config: parsed.data as Record<string, unknown> };
  };
  return {
    definition: (node) => table.get(node.type),
    ports: (node) => read(node).ports,
    config: (node) => read(node).config,
  };
}

function freshPorts(definition: NodeDefinition, context: PortContext): Ports {
  const fresh = definition.config.safeParse({});
  return fresh.success ? definition.ports(fresh.data, context) : NO_PORTS;
}

function withError(ports: Ports, node: GraphNode): Ports {
  if (node.onError !== "branch" || ports.outputs.some((port) => port.id === ERROR_PORT.id)) return ports;
  return { ...ports, outputs: [...ports.outputs, ERROR_PORT] };
}

/** The port at an end of an edge ("node.port"); undefined when the node does not exist or does not have it. */
export function portAt(graph: Graph, reader: PortReader, end: string, side: "in" | "out"): Port | undefined {
  const { node: id, port } = edgeEnd(end);
  const node = lookup(graph).node(id);
  const ports = node && reader.ports(node);
  return (side === "in" ? ports?.inputs : ports?.outputs)?.find((one) => one.id === port);
}

export interface DrawnPort extends Port {
  /** An edge names it, but the node does not have it: drawn so that the edge is visible and can be fixed. */
  missing?: boolean;
  connected: boolean;
}

/** The ports of a node together with those that only its edges name. */
export function drawnPorts(
  graph: Graph,
  node: GraphNode,
  reader: PortReader,
): { inputs: DrawnPort[]; outputs: DrawnPort[] } {
  const at = lookup(graph);
  const ports = reader.ports(node);
  return {
    inputs: draw(ports.inputs, at.into(node.id), (edge) => edge.to, node.id, ports.open),
    outputs: draw(ports.outputs, at.outOf(node.id), (edge) => edge.from, node.id, ports.open),
  };
}

function draw(
  ports: Port[],
  edges: readonly GraphEdge[],
  end: (edge: GraphEdge) => string,
  node: string,
  open = false,
): DrawnPort[] {
  const connected = new Set(edges.map((edge) => end(edge).slice(node.length + 1)));
  const drawn: DrawnPort[] = ports.map((port) => ({ ...port, connected: connected.has(port.id) }));
  for (const id of connected)
    if (!ports.some((port) => port.id === id))
      drawn.push({ id, kind: "any", connected: true, ...(open ? {} : { missing: true }) });
  return drawn;
}
