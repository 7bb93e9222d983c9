/** What took time in a run, as bars within bars: nodes, their model steps and tool calls, and what ran inside of them. Pure. */
import { nodeKey, type Scope, type ScopePart, scopeKey } from "../../runtime/event.ts";
import type { NodeView, RunView } from "../../runtime/fold-run.ts";

export interface Span {
  key: string;
  /** `part`: one item or turn of the node. A node that asked a model is its steps and tool calls. */
  what: "node" | "part" | "step" | "tool";
  node: string;
  /** Where the node ran, from the agent's own graph; of a part, with the part. */
  scope: Scope;
  part?: ScopePart;
  /** Step number, from 1. */
  step?: number;
  /** The tool's name. */
  tool?: string;
  startedAt: number;
  endedAt?: number;
  status: NodeView["status"];
  /** Of the node, or of all that ran inside; on the first bar of a node alone. */
  tokens: number;
  costUsd?: number;
  /** In order of start. */
  children: Span[];
}

/** `depth`: how many parts of a scope lead to the graph that is looked at; what ran around it is left out. */
export function spansOf(view: RunView, depth = 0): Span[] {
  const top: Span[] = [];
  const holders = new Map<string, Span>();
  const open: { span: Span; place: Scope }[] = [];
  for (const node of view.nodes.values()) {
    if (node.status === "skipped") continue;
    for (const span of barsOf(node)) {
      open.push({ span, place: (node.scope ?? []).slice(depth) });
      const inner = span.what === "tool" ? [{ node: node.node, call: span.key.split(" tool ")[1]! }] : undefined;
      if (inner) holders.set(scopeKey([...(node.scope ?? []).slice(depth), ...inner]), span);
      else if (!holders.has(nodeKey((node.scope ?? []).slice(depth), node.node)))
        holders.set(nodeKey((node.scope ?? []).slice(depth), node.node), span);
    }
  }
  const around = (place: Scope, scope: Scope): Span | undefined => {
    const last = place.at(-1);
    if (!last) return undefined;
    const key = scopeKey(place);
    const known = holders.get(key);
    if (known) return known;
    const holder = holders.get(nodeKey(place.slice(0, -1), last.node));
    // A called agent runs once: it has no items to tell apart.
    if (!holder || (last.item === undefined && last.turn === undefined)) return holder;
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
    holders.set(key, made);
    holder.children.push(made);
    return made;
  };
  for (const { span, place } of open) (around(place, span.scope)?.children ?? top).push(span);
  for (const span of top) settle(span);
  return top.sort(inOrder);
}

/** A node as one bar, or its model steps and tool calls where it made any. */
function barsOf(node: NodeView): Span[] {
  const key = nodeKey(node.scope, node.node);
  const base = { node: node.node, scope: node.scope ?? [], tokens: 0, children: [] as Span[] };
  const bars = [...steps(key, node), ...tools(key, node)].map((bar): Span => ({ ...base, ...bar, children: [] }));
  if (bars.length === 0)
    bars.push({
      ...base,
      key,
      what: "node",
      startedAt: node.startedAt,
      endedAt: node.endedAt,
      status: node.status,
    });
  const first = bars.reduce((one, bar) => (bar.startedAt < one.startedAt ? bar : one));
  first.tokens = node.inputTokens + node.outputTokens;
  first.costUsd = node.costUsd;
  return bars;
}

type Bar = Pick<Span, "key" | "what" | "step" | "tool" | "startedAt" | "endedAt" | "status">;

function steps(key: string, node: NodeView): Bar[] {
  const spoken = new Set(node.messages.map((message) => message.step));
  const found: Bar[] = node.messages.map((message) => ({
    key: `${key} step ${message.step}`,
    what: "step",
    startedAt: message.at - message.ms,
    endedAt: message.at,
    status: message.reason === "error" || message.reason === "refused" ? "failed" : "done",
  }));
  const last = node.prompts.at(-1);
  // A model call that has not come back: it runs, or it ended with its node.
  if (last && !spoken.has(last.step))
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

/** Items and turns by their number, everything else by when it began. */
const inOrder = (a: Span, b: Span) => (numberOf(a) ?? a.startedAt) - (numberOf(b) ?? b.startedAt);
const numberOf = ({ part }: Span) => part?.item ?? part?.turn;
const GRAVEST: NodeView["status"][] = ["waiting", "running", "failed"];

/** Puts what is inside in order, and adds it up: tokens and cost, and the time and the state of an item. */
function settle(span: Span): void {
  for (const one of span.children) settle(one);
  span.children.sort(inOrder);
  for (const one of span.children) {
    span.tokens += one.tokens;
    if (one.costUsd !== undefined) span.costUsd = (span.costUsd ?? 0) + one.costUsd;
  }
  // A node that holds what waits waits, too.
  if (span.status === "running" && span.children.some((one) => one.status === "waiting")) span.status = "waiting";
  if (span.what !== "part") return;
  span.startedAt = Math.min(...span.children.map((one) => one.startedAt));
  span.status = GRAVEST.find((status) => span.children.some((one) => one.status === status)) ?? "done";
  if (span.children.every((one) => one.endedAt !== undefined))
    span.endedAt = Math.max(...span.children.map((one) => one.endedAt!));
}

/** When something last began or ended; 0 where nothing has. */
export const lastTime = (spans: readonly Span[]): number =>
  spans.reduce((last, span) => Math.max(last, span.startedAt, span.endedAt ?? 0, lastTime(span.children)), 0);

/** A line of the list: those inside of an open bar follow it. */
export interface SpanLine {
  span: Span;
  level: number;
}

/** `open`: keys of the bars that are unfolded. */
export function spanLines(spans: readonly Span[], open: ReadonlySet<string>, level = 0): SpanLine[] {
  return spans.flatMap((span) => [
    { span, level },
    ...(open.has(span.key) ? spanLines(span.children, open, level + 1) : []),
  ]);
}
