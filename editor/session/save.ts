/**
 * Saving by itself. What is typed is first kept in this browser, then sent; a server that is gone is asked again until it
 * is back; a draft that somebody else changed meanwhile stops the saving and asks the person. Nothing is lost either way.
 */
import { createStore, type StoreApi } from "zustand/vanilla";
import { type Graph, serializeGraph } from "../../runtime/graph.ts";
import { parseAgentFile } from "../../runtime/parse.ts";
import type { DocumentStore } from "./document.ts";

export interface SavedAgent {
  revision: number;
  graph: Graph;
}

/** Where an agent is kept. `put` gives the new revision, or what stands there now when `revision` is not the newest. */
export interface AgentKeeper {
  get(): Promise<SavedAgent>;
  put(graph: Graph, revision: number): Promise<{ saved: number } | { newer: SavedAgent }>;
}

/** What goes wrong for good (the server answers, but refuses): retrying does not help. */
export class SaveRefused extends Error {
  override name = "SaveRefused";
}

export type SaveStatus =
  | { is: "saved"; at?: number }
  | { is: "unsaved" }
  | { is: "saving" }
  /** The server cannot be reached; what was typed is kept in this browser. */
  | { is: "offline"; retryAt: number }
  | { is: "refused"; message: string }
  | { is: "conflict"; theirs: SavedAgent };

export interface SaveState {
  status: SaveStatus;
  revision: number;
}

/** The part of `Storage` that is used. */
export interface DraftStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

export interface Clock {
  now(): number;
  /** Calls back after `ms` until the returned function is called. */
  after(ms: number, call: () => void): () => void;
}

export interface SaverOptions {
  id: string;
  document: DocumentStore;
  keeper: AgentKeeper;
  storage: DraftStorage;
  clock: Clock;
  /** Quiet time after the last change. */
  delayMs?: number;
}

export interface Saver extends StoreApi<SaveState> {
  /** Sends what is unsaved now. Resolves when it is saved, or cannot be. */
  flush(): Promise<boolean>;
  /** The network is back: do not wait for the next retry. */
  wake(): void;
  /** In a conflict: my graph goes on top of theirs, which stays in the history of revisions. */
  keepMine(): Promise<boolean>;
  /** In a conflict: their graph is taken, as one undoable step. */
  takeTheirs(): void;
  close(): void;
}

/** Keeping a large draft in this browser takes a while: no more than a tenth of the time goes into it. */
const KEEP_SHARE = 9;
const KEEP_WITHIN_MS = 1000;

const RETRY_MS = [1000, 2000, 4000, 8000, 15_000, 30_000];

/** Starts to save `document`, which holds the graph of `saved`. A draft left in this browser by an earlier visit comes first. */
export function createSaver(options: SaverOptions, saved: SavedAgent): Saver {
  const { document, keeper, clock } = options;
  const storage = quiet(options.storage);
  const key = `patchbay.draft.${options.id}`;
  const delayMs = options.delayMs ?? 600;
  const store = createStore<SaveState>(() => ({ status: { is: "saved" }, revision: saved.revision }));
  /** The graph that the server is known to have. */
  let held: Graph = saved.graph;
  let stopTimer: (() => void) | undefined;
  let stopKeeping: (() => void) | undefined;
  let keepMs = 0;
  let sending: Promise<boolean> | undefined;
  let failures = 0;
  let closed = false;

  const set = (status: SaveStatus) => store.setState({ status });
  const later = (ms: number, call: () => void) => {
    stopTimer?.();
    stopTimer = clock.after(ms, call);
  };
  const stuck = () => store.getState().status.is === "conflict";

  const left = readDraft(storage.getItem(key));
  if (left && serializeGraph(left.graph) !== serializeGraph(saved.graph)) {
    if (left.revision === saved.revision) {
      document.load(left.graph);
      set({ is: "unsaved" });
      later(0, () => void send());
    } else {
      document.load(left.graph);
      set({ is: "conflict", theirs: saved });
    }
  } else storage.removeItem(key);

  const stopListening = document.subscribe((state, previous) => {
    if (state.graph === previous.graph || closed) return;
    if (state.graph === held && !sending) {
      // Undone to what is saved.
      stopTimer?.();
      if (!stuck()) set({ is: "saved", at: clock.now() });
      storage.removeItem(key);
      return;
    }
    keepSoon();
    if (stuck()) return;
    if (store.getState().status.is !== "offline") set({ is: sending ? "saving" : "unsaved" });
    later(store.getState().status.is === "offline" ? (RETRY_MS[0] ?? 1000) : delayMs, () => void send());
  });

  function keepSoon(): void {
    stopKeeping ??= clock.after(Math.min(KEEP_WITHIN_MS, keepMs * KEEP_SHARE), keep);
  }

  function keep(): void {
    stopKeeping?.();
    stopKeeping = undefined;
    const { graph } = document.getState();
    if (graph === held) return;
    const began = clock.now();
    storage.setItem(key, JSON.stringify({ revision: store.getState().revision, text: serializeGraph(graph) }));
    keepMs = clock.now() - began;
  }

  function send(): Promise<boolean> {
    sending ??= attempt().finally(() => {
      sending = undefined;
      if (closed || stuck()) return;
      if (document.getState().graph !== held && failures === 0 && store.getState().status.is !== "refused") {
        set({ is: "unsaved" });
        later(delayMs, () => void send());
      }
    });
    return sending;
  }

  async function attempt(): Promise<boolean> {
    stopTimer?.();
    const { graph } = document.getState();
    if (graph === held) {
      set({ is: "saved", at: clock.now() });
      return true;
    }
    if (store.getState().status.is !== "offline") set({ is: "saving" });
    try {
      const answer = await keeper.put(graph, store.getState().revision);
      failures = 0;
      if ("newer" in answer) {
        if (serializeGraph(answer.newer.graph) === serializeGraph(graph)) return accept(graph, answer.newer.revision);
        keep();
        set({ is: "conflict", theirs: answer.newer });
        return false;
      }
      return accept(graph, answer.saved);
    } catch (error) {
      if (closed) return false;
      keep();
      if (error instanceof SaveRefused) {
        failures = 0;
        set({ is: "refused", message: error.message });
        return false;
      }
      const waitMs = RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]!;
      set({ is: "offline", retryAt: clock.now() + waitMs });
      later(waitMs, () => void send());
      return false;
    }
  }

  function accept(graph: Graph, revision: number): boolean {
    held = graph;
    store.setState({ revision, status: { is: "saved", at: clock.now() } });
    if (document.getState().graph === graph) storage.removeItem(key);
    else keep();
    return true;
  }

  return Object.assign(store, {
    async flush() {
      document.seal();
      // Whoever asks may be about to leave.
      if (stopKeeping) keep();
      if (stuck()) return false;
      // What was typed while a save was under way needs one of its own.
      if (sending) await sending;
      return document.getState().graph === held ? true : send();
    },
    wake() {
      if (store.getState().status.is === "offline") void send();
    },
    async keepMine() {
      const { status } = store.getState();
      if (status.is !== "conflict") return false;
      store.setState({ revision: status.theirs.revision, status: { is: "unsaved" } });
      held = status.theirs.graph;
      return send();
    },
    takeTheirs() {
      const { status } = store.getState();
      if (status.is !== "conflict") return;
      held = status.theirs.graph;
      store.setState({ revision: status.theirs.revision, status: { is: "saved", at: clock.now() } });
      storage.removeItem(key);
      document.apply({ label: "restore", run: () => status.theirs.graph });
    },
    close() {
      if (!closed) keep();
      stopKeeping?.();
      closed = true;
      stopTimer?.();
      stopListening();
    },
  });
}

function readDraft(text: string | null): SavedAgent | undefined {
  if (text === null) return undefined;
  try {
    const draft = JSON.parse(text) as { revision?: unknown; text?: unknown };
    if (typeof draft.revision !== "number" || typeof draft.text !== "string") return undefined;
    const parsed = parseAgentFile(draft.text);
    return parsed.graph ? { revision: draft.revision, graph: parsed.graph } : undefined;
  } catch {
    // Something else wrote there; it is no draft of ours.
    return undefined;
  }
}

/** Storage may be full or forbidden; saving to the server goes on without it. */
function quiet(storage: DraftStorage): DraftStorage {
  const attempt = <T>(call: () => T, otherwise: T): T => {
    try {
      return call();
    } catch {
      return otherwise;
    }
  };
  return {
    getItem: (key) => attempt(() => storage.getItem(key), null),
    setItem: (key, value) => attempt(() => storage.setItem(key, value), undefined),
    removeItem: (key) => attempt(() => storage.removeItem(key), undefined),
  };
}
