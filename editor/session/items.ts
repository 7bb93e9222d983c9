/** What a run did inside a container: its items or turns, and the state of one of them. */
import type { ErrorData } from "../../runtime/error.ts";
import { nodeKey, type Scope, type ScopePart, scopeKey } from "../../runtime/event.ts";
import type { NodeView } from "../../runtime/fold-run.ts";
import type { RunState, StreamedText } from "./run-state.ts";

/** `stopped`: the run ended before the item did. */
export type ItemStatus = "running" | "waiting" | "done" | "failed" | "stopped";

export interface BodyItem {
  /** `scopeKey` of the one part. */
  key: string;
  part: ScopePart;
  /** Index of the item or of the turn, from 0. */
  at: number;
  status: ItemStatus;
  /** Why it failed. */
  error?: ErrorData;
}

const NONE: readonly BodyItem[] = [];
/** Cached by the nodes of a run state: streamed text changes no item. */
const known = new WeakMap<RunState["view"]["nodes"], Map<string, BodyItem[]>>();

/**
 * Items or turns of `node` in the run, in their order. `runState` is that of the graph with the node: for a nested
 * container, the state of the outer item. A called agent has one item.
 */
export function itemsOf(runState: RunState | undefined, node: string): readonly BodyItem[] {
  if (!runState) return NONE;
  const all = known.get(runState.view.nodes) ?? new Map<string, BodyItem[]>();
  known.set(runState.view.nodes, all);
  const items = all.get(node) ?? findItems(runState, node);
  all.set(node, items);
  return items;
}

function findItems(runState: RunState, node: string): BodyItem[] {
  const nested = [...runState.view.nodes.values()].flatMap((view) => {
    const part = inner(runState, view.scope)?.[0];
    return part?.node === node && part.call === undefined ? [{ part, view }] : [];
  });
  const container = runState.view.nodes.get(node);
  const items = [...Map.groupBy(nested, ({ part }) => scopeKey([part]))].map(([key, group]) => {
    const { part } = group[0]!;
    const views = group.map(({ view }) => view);
    return { key, part, at: part.item ?? part.turn ?? 0, ...stateOf(views, container) };
  });
  items.sort((a, b) => a.at - b.at);
  // Turns run one after the other: a turn before another one is over.
  return items.map((item, index) =>
    item.part.turn !== undefined && index < items.length - 1 && item.status === "running"
      ? { ...item, status: "done" }
      : item,
  );
}

function stateOf(views: NodeView[], container: NodeView | undefined): Pick<BodyItem, "status" | "error"> {
  if (views.some((view) => view.status === "waiting")) return { status: "waiting" };
  if (views.some((view) => view.status === "running")) return { status: "running" };
  const failed = views.filter((view) => view.status === "failed" && view.outputs === undefined);
  const error = failed.find((view) => view.error)?.error;
  if (error) return { status: "failed", error };
  if (failed.length > 0) return { status: "stopped" };
  // For a moment between two nodes of the body, none of them is running.
  const ended = views.some((view) => view.status === "done" && "reply" in (view.outputs ?? {}));
  return {
    status: ended || !container || container.status === "done" || container.status === "failed" ? "done" : "running",
  };
}

export interface Progress {
  done: number;
  failed: number;
  waiting: number;
  /** Absent while the number of items is unknown. */
  total?: number;
}

/** The progress of a container. `given`: the list of a `map`, if the run contains it. */
export function progressOf(items: readonly BodyItem[], given: unknown): Progress | undefined {
  if (items.length === 0) return undefined;
  const count = (status: ItemStatus) => items.filter((item) => item.status === status).length;
  return {
    done: count("done"),
    failed: count("failed"),
    waiting: count("waiting"),
    ...(Array.isArray(given) ? { total: Math.max(given.length, items.length) } : {}),
  };
}

/** The item that is shown without a choice: the first that waits, else runs, else failed, else the last. */
export function defaultItem(items: readonly BodyItem[]): BodyItem | undefined {
  for (const status of ["waiting", "running", "failed"] as const) {
    const found = items.find((item) => item.status === status);
    if (found) return found;
  }
  return items.at(-1);
}

/**
 * The state of one item: the nodes of the body by their own ids, as if the body ran alone. The result works as the
 * `runState` of a nested container.
 */
export function runStateWithin(runState: RunState, part: ScopePart): RunState {
  const wanted = scopeKey([part]);
  const nodes = new Map<string, NodeView>();
  for (const view of runState.view.nodes.values()) {
    const scope = inner(runState, view.scope);
    if (!scope?.[0] || scopeKey([scope[0]]) !== wanted) continue;
    nodes.set(nodeKey(scope.slice(1), view.node), view);
  }
  const streamed = new Map<string, StreamedText>();
  for (const [key, text] of runState.streamed)
    if (key.startsWith(`${wanted}|`) || key.startsWith(`${wanted}/`)) streamed.set(key.slice(wanted.length + 1), text);
  const made: RunState = { view: { ...runState.view, nodes }, streamed };
  depths.set(made, depthOf(runState) + 1);
  return made;
}

/** The depth of the graph of a run state, in scope parts; 0 for a whole run. */
const depths = new WeakMap<RunState, number>();
const depthOf = (runState: RunState): number => depths.get(runState) ?? 0;
const inner = (runState: RunState, scope: Scope | undefined): Scope | undefined => scope?.slice(depthOf(runState));
