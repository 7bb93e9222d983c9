/** What a run looks like while it lives: a pure fold of its events and deltas. The graph's cards, the conversation and the timeline read it. */
import type { ErrorData } from "../../runtime/error.ts";
import { type Delta, type EventOf, type Rests, type RunEvent, type RunInput, type RunOutput, scopeKey, type Usage, type Wait } from "../../runtime/event.ts";
import type { ToolCall } from "../../runtime/message.ts";
import type { ToolResult } from "../../runtime/tool.ts";

export type NodeStatus = "running" | "waiting" | "done" | "failed" | "skipped";

export interface NodeLife {
  node: string;
  /** "" on the graph itself; else the path through containers, as `scopeKey` writes it. */
  scope: string;
  status: NodeStatus;
  startedAt?: number;
  endedAt?: number;
  /** Text of the step that runs now, or of the last one. */
  text: string;
  reasoning: string;
  /** The text is part of the run's answer. */
  answers: boolean;
  outputs?: Record<string, unknown>;
  error?: ErrorData;
  /** It failed and is tried again. */
  retrying?: boolean;
  pinned?: boolean;
  rests?: Rests;
  usage?: Usage;
  prompt?: EventOf<"prompt-built">;
  retrieval?: EventOf<"retrieval">;
  /** Items or turns of a container that have been begun. */
  inner?: number;
}

export interface Span {
  key: string;
  node: string;
  scope: string;
  what: "node" | "step" | "tool" | "retrieval";
  /** Step number from 1, or the tool's name. */
  step?: number;
  tool?: string;
  model?: string;
  startedAt: number;
  endedAt?: number;
  failed?: boolean;
  call?: ToolCall;
  result?: ToolResult;
}

export interface RunLife {
  run: string;
  status: "running" | "waiting" | "done" | "failed" | "cancelled";
  input?: RunInput;
  session?: string;
  startedAt: number;
  endedAt?: number;
  /** Highest `seq` seen; -1 before the first event. */
  seq: number;
  nodes: ReadonlyMap<string, NodeLife>;
  spans: readonly Span[];
  waits: readonly Wait[];
  output?: RunOutput;
  error?: ErrorData;
  failedNode?: string;
  usage: Usage & { steps: number; toolCalls: number };
  /** Models that spoke. */
  models: readonly string[];
}

/** The key of a node's life: its id on the graph itself, and with its scope inside containers. */
export function lifeKey(node: string, scope = ""): string {
  return scope === "" ? node : `${scope}/${node}`;
}

export function newLife(run: string, at: number): RunLife {
  return {
    run,
    status: "running",
    startedAt: at,
    seq: -1,
    nodes: new Map(),
    spans: [],
    waits: [],
    usage: { inputTokens: 0, outputTokens: 0, steps: 0, toolCalls: 0 },
    models: [],
  };
}

/** Events and deltas in the order in which they came. An event that was seen before (a reconnect) changes nothing. */
export function foldAll(life: RunLife, items: readonly (RunEvent | Delta)[]): RunLife {
  if (items.length === 0) return life;
  const draft: Draft = { ...life, nodes: new Map(life.nodes), spans: [...life.spans] };
  for (const item of items) {
    if (!("seq" in item)) foldDelta(draft, item);
    else if (item.seq > draft.seq) {
      draft.seq = item.seq;
      foldEvent(draft, item);
    }
  }
  return draft;
}

type Draft = Omit<RunLife, "nodes" | "spans"> & { nodes: Map<string, NodeLife>; spans: Span[] };

function foldDelta(life: Draft, delta: Delta): void {
  const scope = scopeKey(delta.scope);
  const old = life.nodes.get(lifeKey(delta.node, scope));
  const before = old?.[delta.kind] ?? "";
  // An offset of 0 begins a new step; a gap (a dropped delta) is left as it is until the finished message closes it.
  const text = delta.offset <= before.length ? before.slice(0, delta.offset) + delta.text : before + delta.text;
  change(life, delta.node, scope, { [delta.kind]: text, answers: delta.answer });
}

function foldEvent(life: Draft, event: RunEvent): void {
  switch (event.type) {
    case "run-start":
      life.run = event.run;
      life.startedAt = event.at;
      life.input = event.input;
      life.session = event.session;
      return;
    case "run-wait":
      life.status = "waiting";
      life.waits = event.waits;
      for (const wait of event.waits) change(life, wait.node, scopeKey(wait.scope), { status: "waiting" });
      return;
    case "run-resume": {
      life.status = "running";
      const answered = new Set(event.answers?.map((answer) => answer.wait));
      for (const wait of life.waits) if (answered.has(wait.wait)) change(life, wait.node, scopeKey(wait.scope), { status: "running" });
      life.waits = life.waits.filter((wait) => !answered.has(wait.wait));
      return;
    }
    case "run-end":
      finish(life, "done", event.at);
      life.output = event.output;
      return;
    case "run-fail":
      finish(life, "failed", event.at);
      life.error = event.error;
      life.failedNode = event.node;
      return;
    case "run-cancel":
      finish(life, "cancelled", event.at);
      return;
    default:
      foldNodeEvent(life, event);
  }
}

type NodeEvent = Exclude<RunEvent, { type: "run-start" | "run-wait" | "run-resume" | "run-end" | "run-fail" | "run-cancel" }>;

function foldNodeEvent(life: Draft, event: NodeEvent): void {
  const { node } = event;
  const scope = scopeKey(event.scope);
  const key = lifeKey(node, scope);
  const outer = event.scope?.at(0);
  switch (event.type) {
    case "node-start":
      life.nodes.set(key, { node, scope, status: "running", startedAt: event.at, text: "", reasoning: "", answers: false });
      life.spans.push({ key: `node ${key}`, node, scope, what: "node", startedAt: event.at });
      if (outer) change(life, outer.node, "", { inner: Math.max(life.nodes.get(outer.node)?.inner ?? 0, (outer.item ?? outer.turn ?? 0) + 1) });
      return;
    case "node-end":
      close(life, `node ${key}`, event.at);
      change(life, node, scope, { status: "done", endedAt: event.at, outputs: event.outputs, pinned: event.pinned, rests: event.rests, retrying: false });
      return;
    case "node-skip":
      change(life, node, scope, { status: "skipped" });
      return;
    case "node-fail":
      if (event.next !== "retry") close(life, `node ${key}`, event.at, true);
      change(life, node, scope, { status: event.next === "retry" ? "running" : "failed", endedAt: event.at, error: event.error, retrying: event.next === "retry" });
      return;
    case "retrieval":
      change(life, node, scope, { retrieval: event });
      return;
    case "prompt-built":
      change(life, node, scope, { prompt: event, text: "", reasoning: "" });
      life.spans.push({ key: `step ${key} ${event.step}`, node, scope, what: "step", step: event.step, model: event.model, startedAt: event.at });
      return;
    case "message": {
      const stepKey = `step ${key} ${event.step}`;
      if (!life.spans.some((span) => span.key === stepKey))
        life.spans.push({ key: stepKey, node, scope, what: "step", step: event.step, model: event.model, startedAt: event.at - event.ms });
      close(life, stepKey, event.at, event.reason === "error" || event.reason === "refused");
      change(life, node, scope, { text: event.message.content, reasoning: event.message.reasoning ?? life.nodes.get(key)?.reasoning ?? "" });
      life.usage = { ...life.usage, steps: life.usage.steps + 1 };
      if (!life.models.includes(event.model)) life.models = [...life.models, event.model];
      return;
    }
    case "usage": {
      const usage = addUsage(life.nodes.get(key)?.usage, event);
      change(life, node, scope, { usage });
      life.usage = { ...life.usage, ...addUsage(life.usage, event) };
      return;
    }
    case "tool-start":
      life.spans.push({ key: `tool ${key} ${event.call.id}`, node, scope, what: "tool", step: event.step, tool: event.tool ?? event.call.name, call: event.call, startedAt: event.at });
      life.usage = { ...life.usage, toolCalls: life.usage.toolCalls + 1 };
      return;
    case "tool-end":
      close(life, `tool ${key} ${event.call}`, event.at, event.result.error === true, event.result);
  }
}

function addUsage(sum: Usage | undefined, more: Usage): Usage {
  const costUsd = sum?.costUsd === undefined && more.costUsd === undefined ? undefined : (sum?.costUsd ?? 0) + (more.costUsd ?? 0);
  return {
    inputTokens: (sum?.inputTokens ?? 0) + more.inputTokens,
    outputTokens: (sum?.outputTokens ?? 0) + more.outputTokens,
    ...(costUsd === undefined ? {} : { costUsd }),
  };
}

function change(life: Draft, node: string, scope: string, more: Partial<NodeLife>): void {
  const key = lifeKey(node, scope);
  const old = life.nodes.get(key) ?? { node, scope, status: "running" as const, text: "", reasoning: "", answers: false };
  life.nodes.set(key, { ...old, ...more });
}

function close(life: Draft, key: string, at: number, failed = false, result?: ToolResult): void {
  const index = life.spans.findLastIndex((span) => span.key === key && span.endedAt === undefined);
  const span = life.spans[index];
  if (span) life.spans[index] = { ...span, endedAt: at, ...(failed ? { failed } : {}), ...(result ? { result } : {}) };
}

function finish(life: Draft, status: RunLife["status"], at: number): void {
  life.status = status;
  life.endedAt = at;
  life.waits = [];
  // Whatever was still under way ended with the run.
  life.spans = life.spans.map((span) => (span.endedAt === undefined ? { ...span, endedAt: at } : span));
  for (const [key, node] of life.nodes)
    if (node.status === "running" || node.status === "waiting") life.nodes.set(key, { ...node, status: status === "failed" ? "failed" : "skipped", endedAt: at });
}
