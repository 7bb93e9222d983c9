/** The start of the edge that is being drawn; ports that it cannot connect to fade. Changes when a drag starts or ends, not while it moves. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { Kind } from "../../runtime/port.ts";

export interface PendingEdge {
  from?: { node: string; port: string; kind: Kind; side: "in" | "out" };
}

export type PendingEdgeStore = StoreApi<PendingEdge>;

export const createPendingEdge = (): PendingEdgeStore => createStore<PendingEdge>(() => ({}));
