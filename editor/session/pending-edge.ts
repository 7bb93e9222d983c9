/** The edge that is being drawn. Changes when a drag starts, ends, or reaches another port, not at each move. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { Kind } from "../../runtime/port.ts";

export interface PendingEdge {
  /** Its start; ports that it cannot connect to fade. */
  from?: { node: string; port: string; kind: Kind; side: "in" | "out" };
  /** Key of the edge whose end is dragged. */
  moved?: string;
  /** Keys of the edges that a drop at the port under the pointer would replace. */
  replaced?: ReadonlySet<string>;
}

export type PendingEdgeStore = StoreApi<PendingEdge>;

export const createPendingEdge = (): PendingEdgeStore => createStore<PendingEdge>(() => ({}));
