/**
 * A run while it lives: the fold of its events (`foldRun`'s own step) together with the text on its way, which is no
 * event. The cards, the conversation and the timeline read it.
 */
import type { ErrorData } from "../../runtime/error.ts";
import { type Delta, nodeKey, type RunEvent, type RunItem, scopeKey } from "../../runtime/event.ts";
import { applyEvent, emptyRun, type NodeView, type RunView } from "../../runtime/fold-run.ts";

/** Text on its way from a node's present step; kept until the node begins its next one. */
export interface StreamedText {
  text: string;
  reasoning: string;
  /** It is part of the run's answer. */
  answer: boolean;
}

export interface RunState {
  view: RunView;
  /** By `nodeKey`. */
  streamed: ReadonlyMap<string, StreamedText>;
}

export function newRunState(at: number): RunState {
  return { view: { ...emptyRun(""), status: "running", startedAt: at }, streamed: new Map() };
}

/**
 * Events and deltas folded in order into a new state; the given one is not changed. An event
 * that was seen before (a reconnect) changes nothing. While only text comes, the view keeps its identity.
 */
export function foldAll(runState: RunState, items: readonly RunItem[]): RunState {
  if (items.length === 0) return runState;
  const view: RunView = items.some((item) => item.type !== "delta")
    ? { ...runState.view, usage: { ...runState.view.usage }, nodes: new Map(runState.view.nodes) }
    : runState.view;
  const typing = new Map(runState.streamed);
  for (const item of items) {
    if (item.type !== "delta") {
      if (item.seq > view.seq) closeText(typing, item);
      if (view.id === "") view.id = item.run;
      applyEvent(view, item);
    } else typing.set(nodeKey(item.scope, item.node), typed(typing.get(nodeKey(item.scope, item.node)), item));
  }
  return { view, streamed: typing };
}

function typed(old: StreamedText | undefined, delta: Delta): StreamedText {
  const before = old?.[delta.kind] ?? "";
  // An offset of 0 begins a new step. A gap (a dropped delta) stays until the finished message closes it.
  const text = delta.offset <= before.length ? before.slice(0, delta.offset) + delta.text : before + delta.text;
  const base =
    old && !(delta.kind === "text" && delta.offset === 0)
      ? old
      : { text: "", reasoning: old?.reasoning ?? "", answer: false };
  return { ...base, [delta.kind]: text, answer: delta.answer };
}

function closeText(typing: Map<string, StreamedText>, event: RunEvent): void {
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

/** Models that spoke in the run. */
export function models(view: RunView): string[] {
  return [...new Set([...view.nodes.values()].flatMap((node) => node.messages.map((message) => message.model)))];
}

/** Whether something is being done in a run: it has not ended, and does not only wait for people. */
export function isBusy(view: RunView): boolean {
  if (isOver(view)) return false;
  if (view.waits.length === 0) return true;
  // Whoever holds what waits has begun, and does nothing itself.
  const holders = new Set(
    view.waits.flatMap(({ scope = [] }) => scope.map((part, depth) => nodeKey(scope.slice(0, depth), part.node))),
  );
  for (const [key, node] of view.nodes) {
    if (node.status === "running" && !holders.has(key)) return true;
    if (node.status === "waiting" && node.tools.some((tool) => !tool.end && !waitsIn(view, node, tool.call)))
      return true;
  }
  return false;
}

/** The call is one that a person is asked about, or of an agent in which something waits. */
function waitsIn(view: RunView, node: NodeView, call: string): boolean {
  const own = scopeKey(node.scope);
  const inside = scopeKey([...(node.scope ?? []), { node: node.node, call }]);
  return view.waits.some(
    (wait) =>
      (wait.node === node.node && scopeKey(wait.scope) === own && wait.call?.id === call) ||
      scopeKey(wait.scope).startsWith(inside),
  );
}

/** The node that an error came from: the deepest of those that failed with it, for it ends every node around. */
export function originOf(error: ErrorData, view: RunView | undefined): NodeView | undefined {
  let found: NodeView | undefined;
  for (const node of view?.nodes.values() ?? []) {
    if (node.error?.code !== error.code || node.error.message !== error.message) continue;
    if (!found || (node.scope?.length ?? 0) > (found.scope?.length ?? 0)) found = node;
  }
  return found;
}

export const isOver = (view: RunView): boolean =>
  view.status === "done" || view.status === "failed" || view.status === "cancelled";
