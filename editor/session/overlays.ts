/** What is open over the graph: the command palette, the keyboard shortcuts, the list of nodes to add, dialogs. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { Encapsulation } from "../graph/encapsulate.ts";
import { lookup } from "../graph/lookup.ts";
import type { DocumentStore } from "./document.ts";
import type { LiveRunState } from "./live-run.ts";
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
  /** Whether the list of node types is open over the canvas, while it is a column of icons. */
  searching?: boolean;
  shortcuts: boolean;
  adding?: Adding;
  savingTemplate?: boolean;
  /** The plan for an agent made of selected nodes, while the dialog asks for its name. */
  encapsulating?: { plan: Encapsulation; nodes: number; suggested: string };
  /** Id of a node to bring into view. The canvas does it and clears this. */
  reveal?: string;
  /** Id of a node that was just added. The canvas brings it into view, focuses it, and clears this. */
  added?: string;
  /** An auto-layout is being computed. */
  arranging?: boolean;
  /** Id of the note whose text is being edited. */
  writing?: string;
  /** Ids of the nodes that nobody has changed since they were added. Their issues are shown quietly. */
  fresh: ReadonlySet<string>;
  /** Ids of the nodes whose body is expanded on their card. */
  expanded: ReadonlySet<string>;
}

export type OverlayStore = StoreApi<Overlays>;

export const createOverlays = (): OverlayStore =>
  createStore<Overlays>(() => ({ shortcuts: false, expanded: new Set(), fresh: new Set() }));

/** Ends the quiet time of a new node when the node changes, and of all when a run starts. Returns how to stop. */
export function watchFresh(overlays: OverlayStore, document: DocumentStore, live: StoreApi<LiveRunState>): () => void {
  const keep = (isFresh: (id: string) => boolean) => {
    const { fresh } = overlays.getState();
    const kept = [...fresh].filter(isFresh);
    if (kept.length < fresh.size) overlays.setState({ fresh: new Set(kept) });
  };
  const ends = [
    document.subscribe((state, before) => {
      if (overlays.getState().fresh.size === 0 || state.graph.nodes === before.graph.nodes) return;
      const [now, then] = [lookup(state.graph), lookup(before.graph)];
      keep((id) => now.node(id) !== undefined && (then.node(id) === undefined || now.node(id) === then.node(id)));
    }),
    live.subscribe((state, before) => {
      if (state.runState && state.runState !== before.runState) keep(() => false);
    }),
  ];
  return () => {
    for (const end of ends) end();
  };
}

/** Expands or collapses a node's body on its card. */
export function toggleExpanded(overlays: OverlayStore, node: string): void {
  const expanded = new Set(overlays.getState().expanded);
  if (!expanded.delete(node)) expanded.add(node);
  overlays.setState({ expanded });
}
