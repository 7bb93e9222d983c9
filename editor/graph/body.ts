/** The body of a container as a graph of its own, and the commands of that graph as commands of the graph around it. */
import { type Field, fieldPorts } from "../../runtime/field.ts";
import { emptyGraph, Graph, type GraphNode } from "../../runtime/graph.ts";
import { type Command, setConfig } from "./commands.ts";
import { lookup } from "./lookup.ts";
import { freshOf, roleOf, table } from "./node-types.ts";

/** The body in a container's config: a called agent, a nested graph, or neither. */
export type BodyState =
  | { is: "none" }
  | { is: "agent"; ref: { agent: string; version?: number } }
  | { is: "graph"; graph: Graph }
  | { is: "bad" };

/** The ports that every input node has. */
export const INPUT_PORTS = ["message", "history", "files"];

export const isContainer = (node: Pick<GraphNode, "type">): boolean => roleOf(node) === "container";

/** The unit that a container counts. */
export const eachOf = (type: string | undefined): "item" | "turn" =>
  (type !== undefined && table.get(type)?.body?.each) || "item";

const read = new WeakMap<object, Graph | null>();

/** The same body (by reference) returns the same graph, so that unchanged parts are not rendered again. */
export function bodyOf(node: Pick<GraphNode, "config">): BodyState {
  const raw = (node.config as { body?: unknown } | null)?.body;
  if (typeof raw !== "object" || raw === null) return { is: "none" };
  if ("agent" in raw) {
    const { agent, version } = raw as { agent: unknown; version?: unknown };
    if (typeof agent !== "string") return { is: "bad" };
    return { is: "agent", ref: { agent, ...(typeof version === "number" ? { version } : {}) } };
  }
  let graph = read.get(raw);
  if (graph === undefined) {
    const parsed = Graph.safeParse(raw);
    graph = parsed.success ? (parsed.data as Graph) : null;
    read.set(raw, graph);
  }
  return graph ? { is: "graph", graph } : { is: "bad" };
}

export function setBody(node: string, body: Graph): Command {
  read.set(body, body);
  const { group: _alone, ...command } = setConfig(node, "body", body);
  return { ...command, label: "body" };
}

/** A command on the body of `node`, as a command on the outer graph. Changes nothing when the node has no nested graph. */
export function withinBody(node: string, command: Command): Command {
  return {
    label: command.label,
    group: command.group === undefined ? undefined : `${node}/${command.group}`,
    run(graph) {
      const container = lookup(graph).node(node);
      const body = container && bodyOf(container);
      if (body?.is !== "graph") return graph;
      const next = command.run(body.graph);
      return next === body.graph ? graph : setBody(node, next).run(graph);
    },
  };
}

/** The inputs of a container's body besides `message`: those of the node type, and those that the author declared. */
export function bodyFields(node: Pick<GraphNode, "type" | "config">): Field[] {
  const own = table.get(node.type)?.body?.fields ?? [];
  const declared = (node.config as { inputs?: unknown } | null)?.inputs;
  const shared = Array.isArray(declared) ? (declared as Field[]) : [];
  const taken = new Set([...INPUT_PORTS, ...own.map((field) => field.name)]);
  return [
    ...own,
    ...shared.flatMap((field) =>
      typeof field?.name === "string" && !taken.has(field.name)
        ? [{ name: field.name, kind: fieldPorts([field])[0]?.kind ?? "text", required: false }]
        : [],
    ),
  ];
}

/** A new body: the input is connected to the output, and each value of the container is a port of the input. */
export function startBody(node: Pick<GraphNode, "type" | "config">, name: string): Graph {
  return {
    ...emptyGraph(name),
    nodes: [
      { id: "ask", ...freshOf("input"), config: { fields: bodyFields(node) } },
      { id: "reply", ...freshOf("output") },
    ],
    edges: [{ from: "ask.message", to: "reply.reply" }],
    layout: { ask: { x: 0, y: 0 }, reply: { x: 420, y: 0 } },
  };
}
