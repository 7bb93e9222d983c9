/** Surfaces that come and go over the graph: the command palette, the map of keys, the list of nodes to add at a spot, questions. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { Encapsulation } from "../graph/encapsulate.ts";
import type { PendingEdge } from "./pending-edge.ts";

export interface Adding {
  /** Where the list opens, in the window. */
  at: { x: number; y: number };
  /** Top left corner of the new card, on the canvas. */
  position: { x: number; y: number };
  /** The loose end of a wire that the node is to take. */
  openEnd?: PendingEdge["from"];
  /** The edge (by key) that the node goes into. */
  edge?: string;
  /** The node (by id) that another type is to replace. */
  replaces?: string;
}

export interface Overlays {
  /** Whether the search over everything is open. */
  commands?: boolean;
  shortcuts: boolean;
  adding?: Adding;
  savingTemplate?: boolean;
  /** Nodes that are to become an agent of their own, once it has a name. */
  encapsulating?: { plan: Encapsulation; nodes: number; suggested: string };
  /** A node (by id) that the canvas is to bring into view; it takes the wish away. */
  reveal?: string;
  /** Nodes (by id) whose body is unfolded on their card. */
  expanded: ReadonlySet<string>;
}

export type OverlayStore = StoreApi<Overlays>;

export const createOverlays = (): OverlayStore =>
  createStore<Overlays>(() => ({ shortcuts: false, expanded: new Set() }));

/** Unfolds a node's body on its card, or folds it. */
export function toggleExpanded(surfaces: OverlayStore, node: string): void {
  const unfolded = new Set(surfaces.getState().expanded);
  if (!unfolded.delete(node)) unfolded.add(node);
  surfaces.setState({ expanded: unfolded });
}
