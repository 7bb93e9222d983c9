/** The run that the canvas shows. Tokens are gathered and folded once a frame, and only the cards they touch draw again. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { RunItem } from "../../runtime/event.ts";
import type { NodeView } from "../../runtime/fold-run.ts";
import { foldAll, newRunState, type RunState, type StreamedText } from "./run-state.ts";

export interface LiveRunState {
  runState?: RunState;
  /** The connection broke and is being tried again. */
  lost?: boolean;
}

export interface LiveRun extends StoreApi<LiveRunState> {
  /** A run is about to start; the cards go quiet. */
  begin(at: number): void;
  push(item: RunItem): void;
  /** Folds what is gathered now. */
  settle(): void;
  show(runState: RunState | undefined): void;
  setLost(lost: boolean): void;
}

/** `frame` calls back once, soon (an animation frame). */
export function createLiveRun(frame: (call: () => void) => void): LiveRun {
  const store = createStore<LiveRunState>(() => ({}));
  let pending: RunItem[] = [];
  let asked = false;
  const settle = () => {
    asked = false;
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
      if (asked) return;
      asked = true;
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

/** How a node on the graph itself fares in the run that is shown. */
export const viewOf = (state: LiveRunState, node: string): NodeView | undefined => state.runState?.view.nodes.get(node);
export const streamedTextOf = (state: LiveRunState, node: string): StreamedText | undefined =>
  state.runState?.streamed.get(node);
