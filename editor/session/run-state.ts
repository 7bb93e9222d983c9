/**
 * The state of a run: the fold of its events, and the streamed text, which is not in the events. Cards, the chat and the
 * timeline read it.
 */
import type { ErrorData } from "../../runtime/error.ts";
import { type Delta, nodeKey, type RunEvent, type RunItem, scopeKey } from "../../runtime/event.ts";
import { applyEvent, emptyRun, type NodeView, type RunView } from "../../runtime/fold-run.ts";

/** The streamed text of a node's current step, until its next step starts. */
export interface StreamedText {
  text: string;
  reasoning: string;
  /** The lines that the running tool call reported. */
  progress: string;
  /** Whether it is part of the run's reply. */
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
 * Folds events and deltas in order into a new state; the given state does not change. An event that was folded before
 * (after a reconnect) has no effect. When there are only deltas, the view keeps its identity.
 */
export function foldAll(runState: RunState, items: readonly RunItem[]): RunState {
  if (items.length === 0) return runState;
  const view: RunView = items.some((item) => item.type !== "delta")
    ? { ...runState.view, usage: { ...runState.view.usage }, nodes: new Map(runState.view.nodes) }
    : runState.view;
  const streamed = new Map(runState.streamed);
  for (const item of items) {
    if (item.type !== "delta") {
      if (item.seq > view.seq) closeText(streamed, item);
      if (view.id === "") view.id = item.run;
      applyEvent(view, item);
      continue;
    }
    const key = nodeKey(item.scope, item.node);
    streamed.set(key, withDelta(streamed.get(key), item));
  }
  return { view, streamed };
}

function withDelta(old: StreamedText | undefined, delta: Delta): StreamedText {
  const before = old?.[delta.kind] ?? "";
  // An offset of 0 starts a new step. A gap (a dropped delta) stays until the finished message replaces the text.
  const text = delta.offset <= before.length ? before.slice(0, delta.offset) + delta.text : before + delta.text;
  const base =
    old && !(delta.kind === "text" && delta.offset === 0)
      ? old
      : { text: "", reasoning: old?.reasoning ?? "", progress: old?.progress ?? "", answer: false };
  return { ...base, [delta.kind]: text, answer: delta.kind === "progress" ? base.answer : delta.answer };
}

/** Removes the text of an earlier attempt, or replaces the streamed text by the finished message. */
function closeText(streamed: Map<string, StreamedText>, event: RunEvent): void {
  if (event.type === "node-start") streamed.delete(nodeKey(event.scope, event.node));
  if (event.type !== "message" && event.type !== "tool-end") return;
  const key = nodeKey(event.scope, event.node);
  const old = streamed.get(key);
  if (event.type === "tool-end") {
    if (old?.progress) streamed.set(key, { ...old, progress: "" });
    return;
  }
  streamed.set(key, {
    text: event.message.content,
    reasoning: event.message.reasoning ?? old?.reasoning ?? "",
    progress: "",
    answer: old?.answer ?? false,
  });
}

/** The models that produced messages in the run. */
export function models(view: RunView): string[] {
  return [...new Set([...view.nodes.values()].flatMap((node) => node.messages.map((message) => message.model)))];
}

/** Whether a run is working: it has not ended, and does not only wait for a person. */
export function isBusy(view: RunView): boolean {
  if (isOver(view)) return false;
  if (view.waits.length === 0) return true;
  // A container or caller of a waiting node is "running", but does not work itself.
  const containers = new Set(
    view.waits.flatMap(({ scope = [] }) => scope.map((part, depth) => nodeKey(scope.slice(0, depth), part.node))),
  );
  for (const [key, node] of view.nodes) {
    if (node.status === "running" && !containers.has(key)) return true;
    if (node.status === "waiting" && node.tools.some((tool) => !tool.end && !waitsIn(view, node, tool.call)))
      return true;
  }
  return false;
}

/** Whether a tool call waits for a person, or is of an agent in which a node waits. */
function waitsIn(view: RunView, node: NodeView, call: string): boolean {
  const own = scopeKey(node.scope);
  const inside = scopeKey([...(node.scope ?? []), { node: node.node, call }]);
  return view.waits.some(
    (wait) =>
      (wait.node === node.node && scopeKey(wait.scope) === own && wait.call?.id === call) ||
      scopeKey(wait.scope).startsWith(inside),
  );
}

/** The node that an error came from: the deepest one that failed with it. Its error also fails every node around it. */
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
