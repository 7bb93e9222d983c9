/** A run as one view: a pure fold over its events. Trace, cost, reply and the state of each node come from here. */
import type { ErrorData } from "./error.ts";
import {
  type EventOf,
  type Grounding,
  nodeKey,
  type RunEvent,
  type RunOutput,
  type RunUsage,
  type Scope,
  scopeKey,
  type Wait,
  type WaitDecision,
} from "./event.ts";
import { addUsage, emptyUsage } from "./usage.ts";

export type RunStatus = "queued" | "running" | "waiting" | "uncertain" | "done" | "failed" | "cancelled";

export interface NodeView {
  node: string;
  scope?: Scope;
  status: "running" | "waiting" | "done" | "failed" | "skipped";
  startedAt: number;
  endedAt?: number;
  /** Start of the current wait for a person, and the total time of earlier waits. */
  waitsSince?: number;
  waitedMs?: number;
  attempts: number;
  outputs?: Record<string, unknown>;
  pinned?: boolean;
  error?: ErrorData;
  grounding?: Grounding;
  /** In order of time. */
  retrievals: EventOf<"retrieval">[];
  prompts: EventOf<"prompt-built">[];
  messages: EventOf<"message">[];
  tools: ToolView[];
  usages: EventOf<"usage">[];
  inputTokens: number;
  outputTokens: number;
  costUsd?: number;
}

export interface ToolView {
  call: string;
  start: EventOf<"tool-start">;
  end?: EventOf<"tool-end">;
}

export interface RunView {
  id: string;
  status: RunStatus;
  start?: EventOf<"run-start">;
  startedAt: number;
  endedAt?: number;
  output?: RunOutput;
  error?: ErrorData;
  /** The node whose failure ended the run. */
  failedNode?: string;
  /** Waits without a decision, oldest first. */
  waits: Wait[];
  decisions: WaitDecision[];
  usage: RunUsage;
  /** By `nodeKey(scope, node)`, in order of start. A view is replaced on change, so it can be compared by reference. */
  nodes: Map<string, NodeView>;
  /** `seq` of the last event; -1 before the first. */
  seq: number;
}

export function emptyRun(id: string): RunView {
  return {
    id,
    status: "queued",
    startedAt: 0,
    waits: [],
    decisions: [],
    usage: emptyUsage(),
    nodes: new Map(),
    seq: -1,
  };
}

/** Folds a whole log. */
export function foldRun(events: Iterable<RunEvent>): RunView {
  let view: RunView | undefined;
  for (const event of events) {
    view ??= emptyRun(event.run);
    applyEvent(view, event);
  }
  return view ?? emptyRun("");
}

/** Adds one event to `view`, in place. An event that is already in it is ignored. */
export function applyEvent(view: RunView, event: RunEvent): void {
  if (event.seq <= view.seq) return;
  view.seq = event.seq;
  addUsage(view.usage, event);
  switch (event.type) {
    case "run-start":
      view.start = event;
      view.startedAt = event.at;
      view.status = "running";
      return;
    case "run-wait":
      view.waits = [...view.waits, ...event.waits];
      view.status = waitStatus(view.waits);
      for (const wait of event.waits)
        updateNode(view, wait.scope, wait.node, event.at, (node) => ({
          status: "waiting",
          waitsSince: node.waitsSince ?? event.at,
        }));
      return;
    case "run-resume": {
      const decisions = event.answers ?? [];
      const decided = new Set(decisions.map((decision) => decision.wait));
      const over = view.waits.filter((wait) => decided.has(wait.wait));
      view.waits = view.waits.filter((wait) => !decided.has(wait.wait));
      for (const wait of over)
        if (!view.waits.some((open) => sameNode(open, wait)))
          updateNode(view, wait.scope, wait.node, event.at, (node) => ({
            status: "running",
            ...endWait(node, event.at),
          }));
      view.decisions = [...view.decisions, ...decisions];
      view.status = view.waits.length > 0 ? waitStatus(view.waits) : "running";
      return;
    }
    case "run-end":
      view.output = event.output;
      endRun(view, event.at, "done");
      return;
    case "run-fail":
      view.error = event.error;
      if (event.node !== undefined) view.failedNode = event.node;
      endRun(view, event.at, "failed");
      return;
    case "run-cancel":
      endRun(view, event.at, "cancelled");
      return;
    case "node-start":
      updateNode(view, event.scope, event.node, event.at, {
        status: "running",
        attempts: event.attempt ?? 1,
        error: undefined,
      });
      return;
    case "node-end":
      updateNode(view, event.scope, event.node, event.at, {
        status: "done",
        endedAt: event.at,
        outputs: event.outputs,
        ...(event.pinned ? { pinned: true } : {}),
        ...(event.grounding ? { grounding: event.grounding } : {}),
      });
      return;
    case "node-skip":
      updateNode(view, event.scope, event.node, event.at, { status: "skipped", endedAt: event.at });
      return;
    case "node-fail":
      updateNode(view, event.scope, event.node, event.at, {
        error: event.error,
        ...(event.next === "retry" ? {} : { status: "failed", endedAt: event.at }),
      });
      return;
    case "retrieval":
      updateNode(view, event.scope, event.node, event.at, (node) => ({ retrievals: [...node.retrievals, event] }));
      return;
    case "prompt-built":
      updateNode(view, event.scope, event.node, event.at, (node) => ({ prompts: [...node.prompts, event] }));
      return;
    case "message":
      updateNode(view, event.scope, event.node, event.at, (node) => ({ messages: [...node.messages, event] }));
      return;
    case "usage":
      updateNode(view, event.scope, event.node, event.at, (node) => ({
        usages: [...node.usages, event],
        inputTokens: node.inputTokens + event.inputTokens,
        outputTokens: node.outputTokens + event.outputTokens,
        ...(event.costUsd === undefined ? {} : { costUsd: (node.costUsd ?? 0) + event.costUsd }),
      }));
      return;
    case "tool-start":
      updateNode(view, event.scope, event.node, event.at, (node) => ({
        tools: [...node.tools.filter((tool) => tool.call !== event.call.id), { call: event.call.id, start: event }],
      }));
      return;
    case "tool-end":
      updateNode(view, event.scope, event.node, event.at, (node) => ({
        tools: node.tools.map((tool) => (tool.call === event.call ? { ...tool, end: event } : tool)),
      }));
      return;
    default:
      event satisfies never;
  }
}

function updateNode(
  view: RunView,
  scope: Scope | undefined,
  node: string,
  at: number,
  part: Partial<NodeView> | ((node: NodeView) => Partial<NodeView>),
): void {
  const key = nodeKey(scope, node);
  const old: NodeView = view.nodes.get(key) ?? {
    node,
    ...(scope?.length ? { scope } : {}),
    status: "running",
    startedAt: at,
    attempts: 1,
    retrievals: [],
    prompts: [],
    messages: [],
    tools: [],
    usages: [],
    inputTokens: 0,
    outputTokens: 0,
  };
  view.nodes.set(key, { ...old, ...(typeof part === "function" ? part(old) : part) });
}

function endRun(view: RunView, at: number, status: RunStatus): void {
  view.status = status;
  view.endedAt = at;
  view.waits = [];
  for (const [key, node] of view.nodes)
    if (node.status === "running" || node.status === "waiting")
      view.nodes.set(key, { ...node, status: "failed", endedAt: at, ...endWait(node, at) });
}

const sameNode = (a: Wait, b: Wait): boolean => a.node === b.node && scopeKey(a.scope) === scopeKey(b.scope);

/** The end of an open wait, added to the time of earlier waits. */
function endWait(node: NodeView, at: number): Pick<NodeView, "waitsSince" | "waitedMs"> {
  if (node.waitsSince === undefined) return {};
  return { waitsSince: undefined, waitedMs: (node.waitedMs ?? 0) + at - node.waitsSince };
}

/** Working time of an ended node in milliseconds, without waits for a person. */
export const workedMs = (node: NodeView): number | undefined =>
  node.endedAt === undefined ? undefined : node.endedAt - node.startedAt - (node.waitedMs ?? 0);

function waitStatus(waits: Wait[]): RunStatus {
  return waits.some((wait) => wait.kind === "uncertain") ? "uncertain" : "waiting";
}
