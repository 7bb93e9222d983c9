/** The graph on the canvas and its history. Undo and redo cover everything that is saved; selection and zoom are kept apart. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { Graph } from "../../runtime/graph.ts";
import type { Command, CommandLabel } from "../graph/commands.ts";

export interface HistoryStep {
  label: CommandLabel;
  /** The graph before the step; graphs share what did not change, so a long history is small. */
  graph: Graph;
}

export interface DocumentState {
  graph: Graph;
  past: readonly HistoryStep[];
  /** `graph` is here the graph after the step. */
  future: readonly HistoryStep[];
  /** Group and time of the newest step, while it may still grow. */
  open?: { group: string; at: number };
  /** Nothing may be changed: a past run is shown, or a version. */
  frozen: boolean;
}

export interface DocumentStore extends StoreApi<DocumentState> {
  /** Does a command. Nothing happens when the document is frozen or the command changes nothing. */
  apply(command: Command): void;
  undo(): void;
  redo(): void;
  /** Ends the newest step, so that the next keystroke begins one of its own (on blur, on save). */
  seal(): void;
  /** Takes a graph as it came from the server: a new document without a history. */
  load(graph: Graph): void;
  freeze(frozen: boolean): void;
}

/** Keystrokes of one field belong to one step while no more than this lies between two of them. */
const GROUP_MS = 900;
const MAX_STEPS = 500;

export function createDocument(graph: Graph, now: () => number = Date.now): DocumentStore {
  const store = createStore<DocumentState>(() => ({ graph, past: [], future: [], frozen: false }));
  return Object.assign(store, {
    apply(command: Command) {
      const state = store.getState();
      if (state.frozen) return;
      const next = command.run(state.graph);
      if (next === state.graph) return;
      const at = now();
      const grows =
        command.group !== undefined && state.open?.group === command.group && at - state.open.at <= GROUP_MS;
      store.setState({
        graph: next,
        past: grows
          ? state.past
          : [...state.past.slice(-(MAX_STEPS - 1)), { label: command.label, graph: state.graph }],
        future: [],
        open: command.group === undefined ? undefined : { group: command.group, at },
      });
    },
    undo() {
      const { past, future, graph: current, frozen } = store.getState();
      const step = past.at(-1);
      if (!step || frozen) return;
      store.setState({
        graph: step.graph,
        past: past.slice(0, -1),
        future: [...future, { label: step.label, graph: current }],
        open: undefined,
      });
    },
    redo() {
      const { past, future, graph: current, frozen } = store.getState();
      const step = future.at(-1);
      if (!step || frozen) return;
      store.setState({
        graph: step.graph,
        past: [...past, { label: step.label, graph: current }],
        future: future.slice(0, -1),
        open: undefined,
      });
    },
    seal() {
      if (store.getState().open) store.setState({ open: undefined });
    },
    load(loaded: Graph) {
      store.setState({ graph: loaded, past: [], future: [], open: undefined });
    },
    freeze(frozen: boolean) {
      store.setState({ frozen });
    },
  });
}
