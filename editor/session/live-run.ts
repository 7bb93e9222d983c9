/** The run that the canvas shows. Items are folded once per animation frame; only the cards that change render again. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { RunItem } from "../../runtime/event.ts";
import type { NodeView } from "../../runtime/fold-run.ts";
import { edgeEnd } from "../../runtime/graph.ts";
import { foldAll, newRunState, type RunState, type StreamedText } from "./run-state.ts";

export interface LiveRunState {
  runState?: RunState;
  /** The connection is lost; a reconnect follows. */
  lost?: boolean;
}

export interface LiveRun extends StoreApi<LiveRunState> {
  /** Shows an empty run, before its first event. `at`: start time. */
  begin(at: number): void;
  push(item: RunItem): void;
  /** Folds the pending items now. */
  settle(): void;
  show(runState: RunState | undefined): void;
  setLost(lost: boolean): void;
}

/** `frame` calls back once, in the next animation frame. */
export function createLiveRun(frame: (call: () => void) => void): LiveRun {
  const store = createStore<LiveRunState>(() => ({}));
  let pending: RunItem[] = [];
  let scheduled = false;
  const settle = () => {
    scheduled = false;
    if (pending.length === 0) return;
    const items = pending;
    pending = [];
    store.setState({ runState: foldAll(store.getState().runState ?? newRunState(0), items), lost: false });
  };
  return Object.assign(store, {
    begin(at: number) {
      pending = [];
      store.setState({ runState: newRunState(at), lost: false });
    },
    push(item: RunItem) {
      pending.push(item);
      if (scheduled) return;
      scheduled = true;
      frame(settle);
    },
    settle,
    show(runState: RunState | undefined) {
      pending = [];
      store.setState({ runState, lost: false });
    },
    setLost(lost: boolean) {
      store.setState({ lost });
    },
  });
}

/** The state of a node of the displayed graph in the displayed run. */
export const viewOf = (state: LiveRunState, node: string): NodeView | undefined => state.runState?.view.nodes.get(node);
/** The value at an output ("node.port") in the displayed run. */
export function outputAt(state: LiveRunState, end: string): unknown {
  const { node, port } = edgeEnd(end);
  return viewOf(state, node)?.outputs?.[port];
}

export const streamedTextOf = (state: LiveRunState, node: string): StreamedText | undefined =>
  state.runState?.streamed.get(node);
