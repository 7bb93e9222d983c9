/** The graph and its history. Undo and redo cover everything that is saved, and neither selection nor zoom. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { Graph } from "../../runtime/graph.ts";
import type { Command, CommandLabel } from "../graph/commands.ts";

export interface HistoryStep {
  label: CommandLabel;
  /** The graph before the step. Graphs share unchanged parts, so a long history is small. */
  graph: Graph;
}

export interface DocumentState {
  graph: Graph;
  past: readonly HistoryStep[];
  /** Here `graph` is the graph after the step. */
  future: readonly HistoryStep[];
  /** Group and time of the newest step while commands may still join it. */
  open?: { group: string; at: number };
  /** Changes are not allowed: the document shows a past run, a version or a called agent. */
  frozen: boolean;
}

export interface DocumentStore extends StoreApi<DocumentState> {
  /** Runs a command. Does nothing when the document is frozen or the command changes nothing. */
  apply(command: Command): void;
  undo(): void;
  redo(): void;
  /** Closes the newest step, so that the next keystroke starts a new one (on blur, on save). */
  seal(): void;
  /** Replaces the graph and clears the history. */
  load(graph: Graph): void;
  freeze(frozen: boolean): void;
}

/** The longest pause between two commands of one step. */
const GROUP_MS = 900;
const MAX_STEPS = 500;

export function createDocument(graph: Graph, now: () => number = Date.now): DocumentStore {
  const store = createStore<DocumentState>(() => ({ graph, past: [], future: [], frozen: false }));
  /** Goes back one step in `from`, and adds the step to `to`. */
  const travel = (from: "past" | "future", to: "past" | "future") => {
    const state = store.getState();
    const step = state[from].at(-1);
    if (!step || state.frozen) return;
    store.setState({
      graph: step.graph,
      [from]: state[from].slice(0, -1),
      [to]: [...state[to], { label: step.label, graph: state.graph }],
      open: undefined,
    });
  };
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
    undo: () => travel("past", "future"),
    redo: () => travel("future", "past"),
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
