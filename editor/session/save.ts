/**
 * Autosave. Each change is first stored in this browser and then sent. While the server cannot be reached, sending is
 * retried. When another tab or person saved meanwhile, saving stops until the person resolves the conflict.
 */
import { createStore, type StoreApi } from "zustand/vanilla";
import { type Graph, serializeGraph } from "../../runtime/graph.ts";
import { parseAgentFile } from "../../runtime/parse.ts";
import type { DocumentStore } from "./document.ts";

export interface SavedAgent {
  revision: number;
  graph: Graph;
}

/** The saved agent. `put` returns the new revision, or the saved agent when `revision` is not the newest. */
export interface AgentApi {
  get(): Promise<SavedAgent>;
  put(graph: Graph, revision: number): Promise<{ saved: number } | { newer: SavedAgent }>;
}

/** The server rejects the draft; a retry would not help. */
export class SaveRefused extends Error {
  override name = "SaveRefused";
}

export type SaveStatus =
  | { is: "saved"; at?: number }
  | { is: "unsaved" }
  | { is: "saving" }
  /** The server cannot be reached; the changes are stored in this browser. */
  | { is: "offline"; retryAt: number }
  | { is: "refused"; message: string }
  | { is: "conflict"; theirs: SavedAgent };

export interface SaveState {
  status: SaveStatus;
  revision: number;
  /** The text of a stored draft that cannot be opened. It stays in this browser until `discardUnreadable`. */
  unreadable?: string;
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

export const systemClock: Clock = {
  now: Date.now,
  after(ms, call) {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};

export interface SaverOptions {
  id: string;
  document: DocumentStore;
  agentApi: AgentApi;
  storage: DraftStorage;
  clock: Clock;
  /** Time without a change before the draft is sent. */
  delayMs?: number;
}

export interface Saver extends StoreApi<SaveState> {
  /** Saves now. Resolves to whether everything is saved. */
  flush(): Promise<boolean>;
  /** Retries now, for example when the network is back. */
  wake(): void;
  /** Resolves a conflict: saves my graph over theirs, which stays in the revision history. */
  keepMine(): Promise<boolean>;
  /** Resolves a conflict: takes their graph, as one step that can be undone. */
  takeTheirs(): void;
  /** Deletes the stored draft that cannot be opened. */
  discardUnreadable(): void;
  close(): void;
}

/** Storing a large draft is slow: the pause after a write is this many times its duration, so it takes a tenth of the time. */
const STORE_PAUSE_FACTOR = 9;
const MAX_STORE_PAUSE_MS = 1000;

const RETRY_MS = [1000, 2000, 4000, 8000, 15_000, 30_000];

/** Starts to save `document`, which holds the graph of `saved`. Loads a draft that an earlier visit left in this browser. */
export function createSaver(options: SaverOptions, saved: SavedAgent): Saver {
  const { document, agentApi, clock } = options;
  const storage = safeStorage(options.storage);
  const key = `patchbay.draft.${options.id}`;
  const unreadableKey = `patchbay.unreadable-draft.${options.id}`;
  const delayMs = options.delayMs ?? 600;
  const store = createStore<SaveState>(() => ({ status: { is: "saved" }, revision: saved.revision }));
  /** The graph that the server has. */
  let savedGraph: Graph = saved.graph;
  let stopTimer: (() => void) | undefined;
  let cancelStoring: (() => void) | undefined;
  let storeMs = 0;
  let sending: Promise<boolean> | undefined;
  let failures = 0;
  let closed = false;

  const set = (status: SaveStatus) => store.setState({ status });
  const later = (ms: number, call: () => void) => {
    stopTimer?.();
    stopTimer = clock.after(ms, call);
  };
  const inConflict = () => store.getState().status.is === "conflict";

  const storedText = storage.getItem(key);
  const stored = storedText === null ? undefined : readDraft(storedText);
  if (storedText !== null && !stored) {
    // Removed first, because the storage may have no room for both.
    storage.removeItem(key);
    storage.setItem(unreadableKey, storedText);
  }
  const unreadable = storage.getItem(unreadableKey);
  if (unreadable !== null) store.setState({ unreadable });
  if (stored && serializeGraph(stored.graph) !== serializeGraph(saved.graph)) {
    document.load(stored.graph);
    if (stored.revision === saved.revision) {
      set({ is: "unsaved" });
      later(0, () => void send());
    } else set({ is: "conflict", theirs: saved });
  } else storage.removeItem(key);

  const stopListening = document.subscribe((state, previous) => {
    if (state.graph === previous.graph || closed) return;
    if (state.graph === savedGraph && !sending) {
      // Undo led back to the saved graph.
      stopTimer?.();
      if (!inConflict()) set({ is: "saved", at: clock.now() });
      storage.removeItem(key);
      return;
    }
    storeSoon();
    if (inConflict()) return;
    if (store.getState().status.is !== "offline") set({ is: sending ? "saving" : "unsaved" });
    later(store.getState().status.is === "offline" ? (RETRY_MS[0] ?? 1000) : delayMs, () => void send());
  });

  function storeSoon(): void {
    cancelStoring ??= clock.after(Math.min(MAX_STORE_PAUSE_MS, storeMs * STORE_PAUSE_FACTOR), storeDraft);
  }

  function storeDraft(): void {
    cancelStoring?.();
    cancelStoring = undefined;
    const { graph } = document.getState();
    if (graph === savedGraph) return;
    const began = clock.now();
    storage.setItem(key, JSON.stringify({ revision: store.getState().revision, text: serializeGraph(graph) }));
    storeMs = clock.now() - began;
  }

  function send(): Promise<boolean> {
    sending ??= attempt().finally(() => {
      sending = undefined;
      if (closed || inConflict()) return;
      if (document.getState().graph !== savedGraph && failures === 0 && store.getState().status.is !== "refused") {
        set({ is: "unsaved" });
        later(delayMs, () => void send());
      }
    });
    return sending;
  }

  async function attempt(): Promise<boolean> {
    stopTimer?.();
    const { graph } = document.getState();
    if (graph === savedGraph) {
      set({ is: "saved", at: clock.now() });
      return true;
    }
    if (store.getState().status.is !== "offline") set({ is: "saving" });
    try {
      const response = await agentApi.put(graph, store.getState().revision);
      failures = 0;
      if ("newer" in response) {
        if (serializeGraph(response.newer.graph) === serializeGraph(graph))
          return accept(graph, response.newer.revision);
        storeDraft();
        set({ is: "conflict", theirs: response.newer });
        return false;
      }
      return accept(graph, response.saved);
    } catch (error) {
      if (closed) return false;
      storeDraft();
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
    savedGraph = graph;
    store.setState({ revision, status: { is: "saved", at: clock.now() } });
    if (document.getState().graph === graph) storage.removeItem(key);
    else storeDraft();
    return true;
  }

  return Object.assign(store, {
    async flush() {
      document.seal();
      // The page may be about to close.
      if (cancelStoring) storeDraft();
      if (inConflict()) return false;
      // Changes made during a save need another one.
      if (sending) await sending;
      return document.getState().graph === savedGraph ? true : send();
    },
    wake() {
      if (store.getState().status.is === "offline") void send();
    },
    async keepMine() {
      const { status } = store.getState();
      if (status.is !== "conflict") return false;
      store.setState({ revision: status.theirs.revision, status: { is: "unsaved" } });
      savedGraph = status.theirs.graph;
      return send();
    },
    takeTheirs() {
      const { status } = store.getState();
      if (status.is !== "conflict") return;
      savedGraph = status.theirs.graph;
      store.setState({ revision: status.theirs.revision, status: { is: "saved", at: clock.now() } });
      storage.removeItem(key);
      document.apply({ label: "restore", run: () => status.theirs.graph });
    },
    discardUnreadable() {
      storage.removeItem(unreadableKey);
      store.setState({ unreadable: undefined });
    },
    close() {
      if (!closed) storeDraft();
      cancelStoring?.();
      closed = true;
      stopTimer?.();
      stopListening();
    },
  });
}

/** Graphs of older formats are upgraded. Undefined when the text is not a draft, or is of a newer format. */
function readDraft(text: string): SavedAgent | undefined {
  try {
    const draft = JSON.parse(text) as { revision?: unknown; text?: unknown };
    if (typeof draft.revision !== "number" || typeof draft.text !== "string") return undefined;
    const parsed = parseAgentFile(draft.text);
    return parsed.graph ? { revision: draft.revision, graph: parsed.graph } : undefined;
  } catch {
    return undefined;
  }
}

/** A storage that does not throw when the browser's is full or forbidden: saving to the server goes on without it. */
function safeStorage(storage: DraftStorage): DraftStorage {
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
