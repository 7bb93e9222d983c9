/**
 * Which edges can be drawn. Uses the same `edgeFit` and `checkGraph` as the server, so the canvas does not draw an edge
 * that the server rejects.
 */
import { checkGraph } from "../../runtime/check.ts";
import { edgeEnd, type Graph, type GraphEdge, type GraphNode } from "../../runtime/graph.ts";
import type { NodeDefinition, NodeTable } from "../../runtime/node.ts";
import { edgeFit, type Kind, type Port, type Ports } from "../../runtime/port.ts";
import { edgeKey, lookup, reach } from "./lookup.ts";
import { type PortReader, portAt } from "./ports.ts";

export type Refusal = "kind" | "cycle" | "self" | "missing" | "connected";

export type Verdict = { fits: true; how: "same" | "convert" } | { fits: false; why: Refusal };

/** Whether an edge can be drawn. Fast: called while the pointer moves over ports. */
export function canConnect(graph: Graph, reader: PortReader, edge: GraphEdge): Verdict {
  const from = edgeEnd(edge.from).node;
  const to = edgeEnd(edge.to).node;
  if (from === to) return { fits: false, why: "self" };
  const how = endsFit(graph, reader, edge.from, edge.to);
  if (how !== "same" && how !== "convert") return { fits: false, why: how };
  if (reach(graph, to, "out").has(from)) return { fits: false, why: "cycle" };
  return { fits: true, how };
}

/** How two ends fit; does not look for cycles. */
function endsFit(graph: Graph, reader: PortReader, fromEnd: string, toEnd: string): "same" | "convert" | Refusal {
  const output = portAt(graph, reader, fromEnd, "out");
  const input = portAt(graph, reader, toEnd, "in");
  if (!output || !input) return "missing";
  const how = edgeFit(output.kind, input.kind);
  if (how === "no") return "kind";
  const others = lookup(graph).outOf(edgeEnd(fromEnd).node);
  return others.some((other) => other.from === fromEnd && other.to === toEnd) ? "connected" : how;
}

/** The edges that this one replaces: an input has one edge, unless `check` proves that only one of several is taken. */
export function edgesToReplace(graph: Graph, table: NodeTable, reader: PortReader, edge: GraphEdge): Set<string> {
  const to = edgeEnd(edge.to);
  const input = portAt(graph, reader, edge.to, "in");
  const there = lookup(graph).at(to.node, to.port, "in");
  if (!input || input.many || there.length === 0) return new Set();
  const both = { ...graph, edges: [...graph.edges, edge] };
  const clash = checkGraph(both, table).some(
    (issue) => issue.code === "too-many-edges" && issue.node === to.node && issue.port === to.port,
  );
  return clash ? new Set(there.map(edgeKey)) : new Set();
}

export interface Offer {
  definition: NodeDefinition;
  /** The port that the open end would be connected to. */
  port: Port;
}

/** Node types that fit an open end, best first: same kind, then `any`, then a conversion; required inputs first. */
export function fittingTypes(definitions: readonly NodeDefinition[], kind: Kind, side: "in" | "out"): Offer[] {
  const offers: (Offer & { rank: number })[] = [];
  definitions.forEach((definition, order) => {
    const fresh = definition.config.safeParse({});
    if (!fresh.success) return;
    const ports = definition.ports(fresh.data);
    let best: (Offer & { rank: number }) | undefined;
    for (const port of side === "in" ? ports.inputs : ports.outputs) {
      const fit = side === "in" ? edgeFit(kind, port.kind) : edgeFit(port.kind, kind);
      if (fit === "no") continue;
      const distance = port.kind === kind ? 0 : fit === "convert" ? 2 : kind === "any" ? 1 : 3;
      const rank = distance * 1000 + (port.optional ? 200 : 0) + (definition.group === "io" ? 500 : 0) + order;
      if (!best || rank < best.rank) best = { definition, port, rank };
    }
    if (best) offers.push(best);
  });
  return offers.sort((a, b) => a.rank - b.rank).map(({ definition, port }) => ({ definition, port }));
}

export interface ConnectablePort {
  node: GraphNode;
  port: Port;
  /** "node.port" */
  end: string;
}

/** Ports of other nodes that a port can be connected to, nearest kind first: for connecting by keyboard. */
export function connectablePorts(
  graph: Graph,
  reader: PortReader,
  id: string,
  port: string,
  side: "in" | "out",
): ConnectablePort[] {
  const found: (ConnectablePort & { rank: number })[] = [];
  const node = lookup(graph).node(id);
  const ends = node !== undefined && reader.definition(node)?.role === "output";
  // An edge to one of these would be a cycle.
  const behind = reach(graph, id, side === "in" ? "out" : "in");
  for (const node of graph.nodes) {
    if (behind.has(node.id)) continue;
    const ports = reader.ports(node);
    for (const other of side === "in" ? ports.outputs : ports.inputs) {
      const mine = `${id}.${port}`;
      const end = `${node.id}.${other.id}`;
      const how = side === "in" ? endsFit(graph, reader, end, mine) : endsFit(graph, reader, mine, end);
      if (how !== "same" && how !== "convert") continue;
      const connected = side === "out" && lookup(graph).at(node.id, other.id, "in").length > 0;
      const sameName = other.id === port ? -2 : 0;
      // A reply is more likely to come from a model than from the input.
      const likelyReply = ends && reader.definition(node)?.group === "think" && other.kind === "text" ? -3 : 0;
      found.push({
        node,
        port: other,
        end,
        rank: (how === "same" ? 0 : 1) + (other.kind === "any" ? 1 : 0) + (connected ? 2 : 0) + sameName + likelyReply,
      });
    }
  }
  return found.sort((a, b) => a.rank - b.rank).map(({ node, port: other, end }) => ({ node, port: other, end }));
}

/** The port of a new node that takes (`in`) or gives (`out`) a kind: the first of the same kind, else the first that fits. */
export function fittingPort(ports: Ports, kind: Kind, side: "in" | "out"): Port | undefined {
  const fitting =
    side === "in"
      ? ports.inputs.filter((port) => edgeFit(kind, port.kind) !== "no")
      : ports.outputs.filter((port) => edgeFit(port.kind, kind) !== "no");
  return fitting.find((port) => port.kind === kind) ?? fitting[0];
}

/** The input and the output by which a node can be inserted into an edge, or undefined. */
export function throughPorts(ports: Ports, from: Kind, to: Kind): { input: string; output: string } | undefined {
  const input = fittingPort(ports, from, "in");
  const output = fittingPort(ports, to, "out");
  return input && output ? { input: input.id, output: output.id } : undefined;
}
