/** The selected nodes and edges. Not part of the document: a selection is not saved and not undone. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { DocumentStore } from "./document.ts";

export interface Selection {
  nodes: ReadonlySet<string>;
  /** By edge key. */
  edges: ReadonlySet<string>;
}

export interface SelectionStore extends StoreApi<Selection> {
  select(nodes: Iterable<string>, edges?: Iterable<string>): void;
  clear(): void;
}

export function createSelection(): SelectionStore {
  const store = createStore<Selection>(() => ({ nodes: new Set<string>(), edges: new Set<string>() }));
  const select = (nodes: Iterable<string>, edges: Iterable<string> = []) => {
    const next = { nodes: new Set(nodes), edges: new Set(edges) };
    const state = store.getState();
    if (sameSet(next.nodes, state.nodes) && sameSet(next.edges, state.edges)) return;
    store.setState(next);
  };
  return Object.assign(store, { select, clear: () => select([]) });
}

/** Deselects nodes that are removed from the graph, until the returned function is called. */
export function deselectRemoved(selection: SelectionStore, document: DocumentStore): () => void {
  return document.subscribe(({ graph }, before) => {
    if (graph.nodes === before.graph.nodes) return;
    const { nodes, edges } = selection.getState();
    const present = new Set(graph.nodes.map((node) => node.id));
    const kept = [...nodes].filter((node) => present.has(node));
    if (kept.length < nodes.size) selection.select(kept, edges);
  });
}

/** The selected node, when exactly one is selected. */
export const onlyNode = ({ nodes }: Selection): string | undefined => (nodes.size === 1 ? [...nodes][0] : undefined);

const sameSet = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean =>
  a.size === b.size && [...a].every((item) => b.has(item));
