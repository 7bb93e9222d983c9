/**
 * Which edges can be drawn. Uses the same `edgeFit` and `takenWhen` as the check of the server, so the canvas does not
 * draw an edge that the server rejects.
 */
import { pairwiseExclusive, takenWhen } from "../../runtime/exclusive.ts";
import { FIELD_NAME } from "../../runtime/field.ts";
import { edgeEnd, type Graph, type GraphEdge, type GraphNode } from "../../runtime/graph.ts";
import { topological } from "../../runtime/graph-order.ts";
import type { NodeDefinition, NodeTable } from "../../runtime/node.ts";
import { edgeFit, type Kind, type Port, type Ports } from "../../runtime/port.ts";
import { resolve } from "../../runtime/resolve.ts";
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

/**
 * The edges that this one replaces: those at its input that may bring a value in the same run. The others stay, as when a
 * router takes only one of both.
 */
export function edgesToReplace(graph: Graph, table: NodeTable, reader: PortReader, edge: GraphEdge): Set<string> {
  const to = edgeEnd(edge.to);
  const input = portAt(graph, reader, edge.to, "in");
  if (!input || input.many || lookup(graph).at(to.node, to.port, "in").length === 0) return new Set();
  const edges = [...graph.edges, edge];
  const { nodes } = resolve({ ...graph, edges }, table);
  const order = topological(nodes);
  const into = nodes.find((node) => node.id === to.node)?.incoming.filter((one) => one.toPort === to.port);
  const own = into?.find((one) => edges[one.index] === edge);
  // On a cycle, or at a node that does not resolve, nothing is certain. `check` reports these.
  if (!own || order.length < nodes.length) return new Set();
  const conditions = takenWhen(order);
  const clashes = into!.filter((one) => one !== own && !pairwiseExclusive([one, own], conditions));
  return new Set(clashes.map((one) => edgeKey(edges[one.index]!)));
}

export interface Offer {
  definition: NodeDefinition;
  /** The port that the open end would be connected to. */
  port: Port;
  /** The config that gives the new node this port. Absent: a fresh node has it. */
  config?: Record<string, unknown>;
}

/** The end of an edge that has no other end yet: the kind of its port, and the port's name. */
export interface LooseEnd {
  kind: Kind;
  port: string;
}

/**
 * Node types with a port on `side` that fits a loose end, best first: same kind, then `any`, then a conversion; required
 * inputs first. Types that take their inputs from a template, or from a tool that is not chosen yet, are included.
 */
export function fittingTypes(definitions: readonly NodeDefinition[], end: LooseEnd, side: "in" | "out"): Offer[] {
  const offers: (Offer & { rank: number })[] = [];
  definitions.forEach((definition, order) => {
    const fresh = definition.config.safeParse({});
    if (!fresh.success) return;
    const ports = definition.ports(fresh.data);
    let best: (Offer & { rank: number }) | undefined;
    for (const port of side === "in" ? ports.inputs : ports.outputs) {
      const fit = side === "in" ? edgeFit(end.kind, port.kind) : edgeFit(port.kind, end.kind);
      if (fit === "no") continue;
      const distance = port.kind === end.kind ? 0 : fit === "convert" ? 2 : end.kind === "any" ? 1 : 3;
      const rank = distance * 1000 + (port.optional ? 200 : 0) + (definition.group === "io" ? 500 : 0) + order;
      if (!best || rank < best.rank) best = { definition, port, rank };
    }
    const named = side === "in" && !best ? namedInput(definition, end) : undefined;
    if (named) best = { definition, ...named, rank: 3000 + order };
    if (best) offers.push(best);
  });
  return offers.sort((a, b) => a.rank - b.rank).map(({ rank: _rank, ...offer }) => offer);
}

/** An input named after the port at the loose end, for a type that has none until it is configured. */
function namedInput(definition: NodeDefinition, end: LooseEnd): Pick<Offer, "port" | "config"> | undefined {
  // A name such as "empty" is a literal in a template and makes no input.
  for (const name of [end.port, "value"]) {
    const config = definition.withInput?.(name) as Record<string, unknown> | undefined;
    const parsed = definition.config.safeParse(config ?? {});
    if (!parsed.success || !FIELD_NAME.test(name)) continue;
    const { inputs, open } = definition.ports(parsed.data);
    const port = inputs.find((one) => one.id === name && edgeFit(end.kind, one.kind) !== "no");
    if (port) return { port, ...(config && { config }) };
    if (open) return { port: { id: name, kind: "any" } };
  }
  return undefined;
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
