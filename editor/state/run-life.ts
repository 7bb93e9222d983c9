/**
 * A run while it lives: the fold of its events (`foldRun`'s own step) together with the text on its way, which is no
 * event. The cards, the conversation and the timeline read it.
 */
import { type Delta, type RunEvent, scopeKey } from "../../runtime/event.ts";
import { applyEvent, emptyRun, type NodeView, nodeKey, type RunView } from "../../runtime/fold-run.ts";

/** Text on its way from a node's present step; kept until the node begins its next one. */
export interface Typing {
  text: string;
  reasoning: string;
  /** It is part of the run's answer. */
  answer: boolean;
}

export interface RunLife {
  view: RunView;
  /** By `nodeKey`. */
  typing: ReadonlyMap<string, Typing>;
}

export function newLife(at: number): RunLife {
  return { view: { ...emptyRun(""), status: "running", startedAt: at }, typing: new Map() };
}

/**
 * Events and deltas in the order in which they came, into a life of their own: the one given is not changed. An event
 * that was seen before (a reconnect) changes nothing. While only text comes, the view keeps its identity.
 */
export function foldAll(life: RunLife, items: readonly (RunEvent | Delta)[]): RunLife {
  if (items.length === 0) return life;
  const view: RunView = items.some((item) => "seq" in item)
    ? { ...life.view, usage: { ...life.view.usage }, nodes: new Map(life.view.nodes) }
    : life.view;
  const typing = new Map(life.typing);
  for (const item of items) {
    if ("seq" in item) {
      if (item.seq > view.seq) closeText(typing, item);
      if (view.id === "") view.id = item.run;
      applyEvent(view, item);
    } else typing.set(nodeKey(item.scope, item.node), typed(typing.get(nodeKey(item.scope, item.node)), item));
  }
  return { view, typing };
}

function typed(old: Typing | undefined, delta: Delta): Typing {
  const before = old?.[delta.kind] ?? "";
  // An offset of 0 begins a new step. A gap (a dropped delta) stays until the finished message closes it.
  const text = delta.offset <= before.length ? before.slice(0, delta.offset) + delta.text : before + delta.text;
  const base =
    old && !(delta.kind === "text" && delta.offset === 0)
      ? old
      : { text: "", reasoning: old?.reasoning ?? "", answer: false };
  return { ...base, [delta.kind]: text, answer: delta.answer };
}

function closeText(typing: Map<string, Typing>, event: RunEvent): void {
  if (event.type === "node-start") typing.delete(nodeKey(event.scope, event.node));
  if (event.type !== "message") return;
  const key = nodeKey(event.scope, event.node);
  const old = typing.get(key);
  typing.set(key, {
    text: event.message.content,
    reasoning: event.message.reasoning ?? old?.reasoning ?? "",
    answer: old?.answer ?? false,
  });
}

/** A bar of the timeline. */
export interface Span {
  key: string;
  node: string;
  /** "" on the graph itself; else the path through containers. */
  scope: string;
  what: "node" | "step" | "tool";
  /** Step number, from 1. */
  step?: number;
  /** The tool's name. */
  tool?: string;
  startedAt: number;
  endedAt?: number;
  failed?: boolean;
}

/** What took time, in order of start: a node as one bar, or its model steps and tool calls where it made any. */
export function spans(view: RunView): Span[] {
  const result: Span[] = [];
  for (const [key, node] of view.nodes) {
    if (node.status === "skipped") continue;
    const base = { node: node.node, scope: scopeKey(node.scope) };
    const inner = [...steps(key, node, base), ...tools(key, node, base)];
    if (inner.length > 0) result.push(...inner);
    else
      result.push({
        ...base,
        key,
        what: "node",
        startedAt: node.startedAt,
        endedAt: node.endedAt,
        failed: node.status === "failed",
      });
  }
  return result.sort((a, b) => a.startedAt - b.startedAt);
}

type Base = Pick<Span, "node" | "scope">;

function steps(key: string, node: NodeView, base: Base): Span[] {
  const spoken = new Map(node.messages.map((message) => [message.step, message]));
  const found: Span[] = node.messages.map((message) => ({
    ...base,
    key: `${key} step ${message.step}`,
    what: "step",
    startedAt: message.at - message.ms,
    endedAt: message.at,
    failed: message.reason === "error" || message.reason === "refused",
  }));
  const last = node.prompts.at(-1);
  // A model call that has not come back: it runs, or it ended with its node.
  if (last && !spoken.has(last.step))
    found.push({
      ...base,
      key: `${key} step ${last.step}`,
      what: "step",
      startedAt: last.at,
      endedAt: node.endedAt,
      failed: node.status === "failed",
    });
  return found.map((span, index) => ({ ...span, step: index + 1 }));
}

function tools(key: string, node: NodeView, base: Base): Span[] {
  return node.tools.map((tool) => ({
    ...base,
    key: `${key} tool ${tool.call}`,
    what: "tool",
    tool: tool.start.tool ?? tool.start.call.name,
    startedAt: tool.start.at,
    endedAt: tool.end?.at ?? node.endedAt,
    failed: tool.end?.result.error === true,
  }));
}

/** Models that spoke in the run. */
export function models(view: RunView): string[] {
  return [...new Set([...view.nodes.values()].flatMap((node) => node.messages.map((message) => message.model)))];
}

export const isOver = (view: RunView): boolean =>
  view.status === "done" || view.status === "failed" || view.status === "cancelled";
