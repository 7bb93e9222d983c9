/** What is open over the graph: the command palette, the keyboard shortcuts, the list of nodes to add, dialogs. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { Encapsulation } from "../graph/encapsulate.ts";
import type { PendingEdge } from "./pending-edge.ts";

export interface Adding {
  /** Where the list opens, in window pixels. */
  at: { x: number; y: number };
  /** Top left corner of the new card, in canvas pixels. */
  position: { x: number; y: number };
  /** The port that the new node is connected to. */
  openEnd?: PendingEdge["from"];
  /** Key of the edge that the node is inserted into. */
  edge?: string;
  /** Id of the node that is replaced. */
  replaces?: string;
}

export interface Overlays {
  /** Whether the command palette is open. */
  commands?: boolean;
  shortcuts: boolean;
  adding?: Adding;
  savingTemplate?: boolean;
  /** The plan for an agent made of selected nodes, while the dialog asks for its name. */
  encapsulating?: { plan: Encapsulation; nodes: number; suggested: string };
  /** Id of a node to bring into view. The canvas does it and clears this. */
  reveal?: string;
  /** Ids of the nodes whose body is expanded on their card. */
  expanded: ReadonlySet<string>;
}

export type OverlayStore = StoreApi<Overlays>;

export const createOverlays = (): OverlayStore =>
  createStore<Overlays>(() => ({ shortcuts: false, expanded: new Set() }));

/** Expands or collapses a node's body on its card. */
export function toggleExpanded(overlays: OverlayStore, node: string): void {
  const expanded = new Set(overlays.getState().expanded);
  if (!expanded.delete(node)) expanded.add(node);
  overlays.setState({ expanded });
}
