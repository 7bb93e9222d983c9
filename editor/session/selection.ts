/** What is chosen on the canvas. Not part of the document: choosing is no change and is not undone. */
import { createStore, type StoreApi } from "zustand/vanilla";

export interface Selection {
  nodes: ReadonlySet<string>;
  /** By edge key. */
  edges: ReadonlySet<string>;
}

export interface SelectionStore extends StoreApi<Selection> {
  choose(nodes: Iterable<string>, edges?: Iterable<string>): void;
  clear(): void;
}

export function createSelection(): SelectionStore {
  const store = createStore<Selection>(() => ({ nodes: new Set<string>(), edges: new Set<string>() }));
  const choose = (nodes: Iterable<string>, edges: Iterable<string> = []) => {
    const next = { nodes: new Set(nodes), edges: new Set(edges) };
    const state = store.getState();
    if (sameSet(next.nodes, state.nodes) && sameSet(next.edges, state.edges)) return;
    store.setState(next);
  };
  return Object.assign(store, { choose, clear: () => choose([]) });
}

/** The one chosen node, when exactly one node is chosen. */
export function onlyNode(selection: Selection): string | undefined {
  if (selection.nodes.size !== 1) return undefined;
  for (const id of selection.nodes) return id;
  return undefined;
}

function sameSet(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  if (a.size !== b.size) return false;
  for (const item of a) if (!b.has(item)) return false;
  return true;
}
