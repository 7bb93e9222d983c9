/** The agent file: its schema, and the stable form in which it is written. */
import { z } from "zod";
import { Approval } from "./tool.ts";

export const FORMAT = "patchbay/1";
export const NODE_ID = /^[a-z][a-z0-9-]{0,63}$/;

/** An object that refuses unknown keys, except those that begin with `x-`, which are kept. */
function closed<T extends z.ZodRawShape>(shape: T): z.ZodType<z.output<z.ZodObject<T>>, z.input<z.ZodObject<T>>> {
  const schema = z.looseObject(shape).superRefine((value, context) => {
    for (const key of Object.keys(value))
      if (!(key in shape) && !key.startsWith("x-"))
        context.addIssue({
          code: "custom",
          message: `Unknown key "${key}".`,
          path: [key],
          params: { unknownKey: key },
        });
  });
  // The type without extensions: they change nothing in a run.
  return schema as never;
}

export const Retry = closed({
  /** Tries after the first, 0 to 10. */
  times: z.number().int().min(0).max(10),
  /** Before the first retry; doubled for each next one. */
  waitMs: z.number().int().min(0).max(600_000).default(1000),
});
export type Retry = z.infer<typeof Retry>;

export const GraphNode = closed({
  id: z.string().regex(NODE_ID, "A node id is a-z, then up to 63 of a-z, 0-9 and -."),
  type: z.string().min(1).max(64),
  version: z.number().int().min(1),
  title: z.string().max(200).optional(),
  retry: Retry.optional(),
  onError: z.enum(["fail", "branch"]).optional(),
  /** Switched off: it does not run, and its main input passes to its main output (`bypass.ts`). */
  bypass: z.literal(true).optional(),
  config: z.unknown().default({}),
});
export type GraphNode = z.infer<typeof GraphNode>;

export const GraphEdge = closed({
  from: z.string().regex(/^[^.]+\.[^.]+$/, 'An edge end is "node.port".'),
  to: z.string().regex(/^[^.]+\.[^.]+$/, 'An edge end is "node.port".'),
});
export type GraphEdge = z.infer<typeof GraphEdge>;

/** Limits of a run. Absent: the server's default. */
export const Budget = closed({
  steps: z.number().int().min(1).max(1000).optional(),
  toolCalls: z.number().int().min(0).max(1000).optional(),
  tokens: z.number().int().min(1).optional(),
  costUsd: z.number().min(0).optional(),
  seconds: z.number().min(1).max(86_400).optional(),
});
export type Budget = z.infer<typeof Budget>;

export const Settings = closed({
  greeting: z.string().max(4000).default(""),
  suggestions: z.array(z.string().max(500)).max(12).default([]),
  /** Language of the replies: `auto` follows the user. */
  language: z.enum(["auto", "en", "zh"]).default("auto"),
  /** By tool name or `mcp/<server>/*`. Overrides the tool nodes. */
  approvals: z.record(z.string(), Approval).default({}),
  budget: Budget.default({}),
  /** What the hosted chat completions do with `system` and `developer` text. */
  systemText: z.enum(["ignore", "refuse"]).optional(),
});
export type Settings = z.infer<typeof Settings>;

/** A frame around nodes; canvas only. */
export const Group = closed({
  id: z.string().min(1).max(64),
  title: z.string().max(200).default(""),
  nodes: z.array(z.string()),
  color: z.string().max(32).optional(),
});
export type Group = z.infer<typeof Group>;

/** A test message, stored with the agent. */
export const GraphTest = closed({
  name: z.string().max(200),
  input: z.record(z.string(), z.unknown()),
  expect: z.record(z.string(), z.unknown()).optional(),
});
export type GraphTest = z.infer<typeof GraphTest>;

export const NodePosition = closed({
  x: z.number(),
  y: z.number(),
  width: z.number().optional(),
  height: z.number().optional(),
});
export type NodePosition = z.infer<typeof NodePosition>;

export const MAX_NODES = 5000;
export const MAX_EDGES = 20_000;

/** An agent's graph as data. */
export const Graph = closed({
  format: z.literal(FORMAT),
  name: z.string().min(1).max(200),
  description: z.string().max(4000).default(""),
  settings: Settings.prefault({}),
  nodes: z.array(GraphNode).max(MAX_NODES, `A graph has at most ${MAX_NODES} nodes.`),
  edges: z.array(GraphEdge).max(MAX_EDGES, `A graph has at most ${MAX_EDGES} edges.`),
  groups: z.array(Group).default([]),
  tests: z.array(GraphTest).default([]),
  layout: z.record(z.string(), NodePosition).default({}),
});
export type Graph = z.infer<typeof Graph>;

/** A graph that passed the check and can run. Opaque: made by `compile.ts`, read only by the executor. */
export interface RunnableGraph {
  readonly graph: Graph;
  /** SHA-256 (hex) of the graph's identity. */
  readonly hash: string;
}

/** A graph without nodes. */
export function emptyGraph(name: string): Graph {
  return Graph.parse({ format: FORMAT, name, nodes: [], edges: [] });
}

/** Splits "node.port". */
export function edgeEnd(end: string): { node: string; port: string } {
  const dot = end.indexOf(".");
  return { node: end.slice(0, dot), port: end.slice(dot + 1) };
}

const ORDER: Record<string, string[]> = {
  graph: ["format", "name", "description", "settings", "nodes", "edges", "groups", "tests", "layout"],
  settings: ["greeting", "suggestions", "language", "approvals", "budget", "systemText"],
  node: ["id", "type", "version", "title", "retry", "onError", "bypass", "config"],
  edge: ["from", "to"],
};

/**
 * The graph as the text of an agent file: the contract's key order, two-space indent, a newline at the end.
 * Parsing and serializing again gives the same bytes.
 */
export function serializeGraph(graph: Graph): string {
  const ordered = inOrder(graph, ORDER.graph!);
  ordered.settings = inOrder(graph.settings, ORDER.settings!);
  ordered.nodes = graph.nodes.map((node) => inOrder(node, ORDER.node!));
  ordered.edges = graph.edges.map((edge) => inOrder(edge, ORDER.edge!));
  return `${JSON.stringify(ordered, null, 2)}\n`;
}

/** JSON with sorted keys and no white space, so that equal values are equal texts. */
export function canonicalJson(value: unknown, dropExtensions = false): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null";
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item, dropExtensions)).join(",")}]`;
  const members = Object.entries(value)
    .filter(([key, member]) => member !== undefined && !(dropExtensions && key.startsWith("x-")))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member, dropExtensions)}`);
  return `{${members.join(",")}}`;
}

function inOrder(value: object, order: string[]): Record<string, unknown> {
  const source = value as Record<string, unknown>;
  const result: Record<string, unknown> = {};
  for (const key of order) if (source[key] !== undefined) result[key] = source[key];
  for (const key of Object.keys(source))
    if (!order.includes(key) && source[key] !== undefined) result[key] = source[key];
  return result;
}
