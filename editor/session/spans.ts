/** The spans of a run for the timeline: nodes, their model steps and tool calls, and the spans inside them. Pure. */
import { nodeKey, type Scope, type ScopePart, scopeKey } from "../../runtime/event.ts";
import type { NodeView, RunView } from "../../runtime/fold-run.ts";

export interface Span {
  key: string;
  /** `part`: one item or turn of the node. A node that calls a model has spans for its steps and tool calls instead of its own. */
  what: "node" | "part" | "step" | "tool";
  node: string;
  /** The scope of the node; of a part, including the part. */
  scope: Scope;
  part?: ScopePart;
  /** Step number, from 1. */
  step?: number;
  /** The tool's name. */
  tool?: string;
  startedAt: number;
  endedAt?: number;
  status: NodeView["status"];
  /** Of this step or call, and of the spans inside. */
  tokens: number;
  costUsd?: number;
  /** In order of start. */
  children: Span[];
}

/** `depth`: the number of scope parts of the displayed graph. Nodes of the graphs around it have no spans. */
export function spansOf(view: RunView, depth = 0): Span[] {
  const top: Span[] = [];
  /** Spans that contain others, by the scope inside them or by the key of their node. */
  const parents = new Map<string, Span>();
  const all: { span: Span; path: Scope }[] = [];
  for (const node of view.nodes.values()) {
    if (node.status === "skipped") continue;
    const path = (node.scope ?? []).slice(depth);
    const key = nodeKey(path, node.node);
    for (const span of spansOfNode(node)) {
      all.push({ span, path });
      if (span.what === "tool")
        parents.set(scopeKey([...path, { node: node.node, call: span.key.split(" tool ")[1]! }]), span);
      else if (!parents.has(key)) parents.set(key, span);
    }
  }
  const parentOf = (path: Scope, scope: Scope): Span | undefined => {
    const last = path.at(-1);
    if (!last) return undefined;
    const key = scopeKey(path);
    const known = parents.get(key);
    if (known) return known;
    const parent = parents.get(nodeKey(path.slice(0, -1), last.node));
    // A called agent runs once and has no items.
    if (!parent || (last.item === undefined && last.turn === undefined)) return parent;
    const made: Span = {
      key,
      what: "part",
      node: last.node,
      scope,
      part: last,
      startedAt: Number.POSITIVE_INFINITY,
      status: "done",
      tokens: 0,
      children: [],
    };
    parents.set(key, made);
    parent.children.push(made);
    return made;
  };
  for (const { span, path } of all) (parentOf(path, span.scope)?.children ?? top).push(span);
  for (const span of top) settle(span);
  return top.sort(inOrder);
}

/** The spans of a node's model steps and tool calls; without any, one span for the node. */
function spansOfNode(node: NodeView): Span[] {
  const key = nodeKey(node.scope, node.node);
  const { startedAt, endedAt, status } = node;
  const bars = [...steps(key, node), ...tools(key, node)];
  if (bars.length === 0) bars.push({ key, what: "node", startedAt, endedAt, status });
  const base = { node: node.node, scope: node.scope ?? [], tokens: 0 };
  const spans = bars.map((bar): Span => ({ ...base, ...bar, children: [] }));
  for (const { call, step, inputTokens, outputTokens, costUsd } of node.usages) {
    const key = `${nodeKey(node.scope, node.node)} ${call === undefined ? `step ${step}` : `tool ${call}`}`;
    const span = spans.find((one) => one.key === key) ?? spans[0]!;
    span.tokens += inputTokens + outputTokens;
    if (costUsd !== undefined) span.costUsd = (span.costUsd ?? 0) + costUsd;
  }
  return spans;
}

type Bar = Pick<Span, "key" | "what" | "step" | "tool" | "startedAt" | "endedAt" | "status">;

function steps(key: string, node: NodeView): Bar[] {
  const answered = new Set(node.messages.map((message) => message.step));
  const found: Bar[] = node.messages.map((message) => ({
    key: `${key} step ${message.step}`,
    what: "step",
    startedAt: message.at - message.ms,
    endedAt: message.at,
    status: message.reason === "error" || message.reason === "refused" ? "failed" : "done",
  }));
  const last = node.prompts.at(-1);
  // A model call without a message: it is running, or it ended with its node.
  if (last && !answered.has(last.step))
    found.push({
      key: `${key} step ${last.step}`,
      what: "step",
      startedAt: last.at,
      endedAt: node.endedAt,
      status: node.status,
    });
  return found.map((bar, index) => ({ ...bar, step: index + 1 }));
}

function tools(key: string, node: NodeView): Bar[] {
  return node.tools.map((tool) => ({
    key: `${key} tool ${tool.call}`,
    what: "tool",
    tool: tool.start.tool ?? tool.start.call.name,
    startedAt: tool.start.at,
    endedAt: tool.end?.at ?? node.endedAt,
    status: tool.end ? (tool.end.result.error ? "failed" : "done") : node.status,
  }));
}

/** Items and turns by index, others by start time. */
const inOrder = (a: Span, b: Span) => (numberOf(a) ?? a.startedAt) - (numberOf(b) ?? b.startedAt);
const numberOf = ({ part }: Span) => part?.item ?? part?.turn;
/** A part has the first of these states that one of its children has, else it is done. */
const STATUS_ORDER: NodeView["status"][] = ["waiting", "running", "failed"];

/** Sorts the children and adds up their tokens and cost; a part also gets their times and status. */
function settle(span: Span): void {
  for (const one of span.children) settle(one);
  span.children.sort(inOrder);
  for (const one of span.children) {
    span.tokens += one.tokens;
    if (one.costUsd !== undefined) span.costUsd = (span.costUsd ?? 0) + one.costUsd;
  }
  // A node that contains a waiting one waits too.
  if (span.status === "running" && span.children.some((one) => one.status === "waiting")) span.status = "waiting";
  if (span.what !== "part") return;
  span.startedAt = Math.min(...span.children.map((one) => one.startedAt));
  span.status = STATUS_ORDER.find((status) => span.children.some((one) => one.status === status)) ?? "done";
  if (span.children.every((one) => one.endedAt !== undefined))
    span.endedAt = Math.max(...span.children.map((one) => one.endedAt!));
}

/** The latest start or end; 0 when there are no spans. */
export const lastTime = (spans: readonly Span[]): number =>
  spans.reduce((last, span) => Math.max(last, span.startedAt, span.endedAt ?? 0, lastTime(span.children)), 0);

/** A row of the list. The children of an expanded span follow it. */
export interface SpanLine {
  span: Span;
  level: number;
}

/** `open`: keys of the expanded spans. */
export function spanLines(spans: readonly Span[], open: ReadonlySet<string>, level = 0): SpanLine[] {
  return spans.flatMap((span) => [
    { span, level },
    ...(open.has(span.key) ? spanLines(span.children, open, level + 1) : []),
  ]);
}
