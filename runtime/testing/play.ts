/** Playing a graph against a script: graph in, events out. */

import type { Limits } from "../budget.ts";
import { type CompiledGraph, compile } from "../compile.ts";
import type { EventOf, EventType, RunEvent, RunInput, WaitDecision } from "../event.ts";
import { execute } from "../execute.ts";
import type { ExecuteOptions, Execution, RunOutcome } from "../execution.ts";
import { emptyGraph, type Graph, type GraphNode } from "../graph.ts";
import type { NodeTable } from "../node.ts";
import { parseGraph } from "../parse.ts";
import { type Script, type ScriptedHost, scriptedHost } from "./scripted-host.ts";

/** A graph in few words: `{ ask: "input", brain: ["llm", { maxSteps: 3 }] }` and `["ask.message brain.message"]`. */
export function graphOf(
  nodes: Record<string, string | [type: string, config: unknown, more?: Partial<GraphNode>]>,
  edges: string[],
  settings: Partial<Graph["settings"]> = {},
): Graph {
  const parsed = parseGraph({
    ...emptyGraph("Test"),
    settings,
    nodes: Object.entries(nodes).map(([id, node]) => {
      const [type, config, more] = typeof node === "string" ? [node, {}] : node;
      return { id, type, version: 1, config, ...more };
    }),
    edges: edges.map((edge) => {
      const [from, to] = edge.split(" ");
      return { from, to };
    }),
  });
  if (!parsed.graph) throw new Error(parsed.issues.map((issue) => `${issue.path}: ${issue.message}`).join("\n"));
  return parsed.graph;
}

export interface Played {
  outcome: RunOutcome;
  host: ScriptedHost;
  events: RunEvent[];
  /** Events of one type, in order. */
  of<T extends EventType>(type: T): EventOf<T>[];
  /** One line an event, for comparing whole runs: `node-end brain`, with the scope before the node (`each[0]/brain`). */
  lines(): string[];
}

export interface PlayOptions {
  input?: Partial<RunInput> | string;
  signal?: AbortSignal;
  past?: RunEvent[];
  decisions?: WaitDecision[];
  limits?: Partial<Limits>;
  start?: Partial<ExecuteOptions["start"]>;
  host?: ScriptedHost;
  /** Called with the live run, to answer or watch it. */
  live?: (execution: Execution, host: ScriptedHost) => void;
}

/** Compiles (where need be) and runs a graph to its end or until it is parked. */
export async function play(
  graph: Graph | CompiledGraph,
  nodes: NodeTable,
  script: Script = {},
  options: PlayOptions = {},
): Promise<Played> {
  const compiled = "hash" in graph ? graph : compile(graph, nodes);
  const host = options.host ?? scriptedHost({ idsFrom: (options.past?.length ?? 0) * 100, ...script });
  const input = typeof options.input === "string" ? { message: options.input } : { message: "hello", ...options.input };
  const execution = execute({
    run: "run-1",
    graph: compiled,
    nodes,
    host,
    signal: options.signal ?? new AbortController().signal,
    start: { agent: { name: compiled.graph.name, graph: compiled.hash }, input, ...options.start },
    ...(options.past ? { past: options.past } : {}),
    ...(options.decisions ? { decisions: options.decisions } : {}),
    ...(options.limits ? { limits: options.limits } : {}),
  });
  options.live?.(execution, host);
  const outcome = await execution.outcome;
  const events = [...(options.past ?? []), ...host.events];
  return {
    outcome,
    host,
    events,
    of: (type) => events.filter((event) => event.type === type) as never,
    lines: () => events.map(line),
  };
}

/** An event as a line: its type, its scope and node. */
export function line(event: RunEvent): string {
  if (!("node" in event) || event.node === undefined) return event.type;
  const scope = ("scope" in event ? (event.scope ?? []) : [])
    .map((part) => `${part.node}[${part.item ?? part.turn ?? part.call ?? ""}]/`)
    .join("");
  return `${event.type} ${scope}${event.node}`;
}
