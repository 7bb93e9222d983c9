import { createContext, useContext } from "react";

/** At a smaller zoom, cards show their title only: other text is unreadable. */
const MIN_READABLE_ZOOM = 0.42;

export const isZoomedOut = (state: { transform: [number, number, number] }): boolean =>
  state.transform[2] < MIN_READABLE_ZOOM;

/** Set by the canvas. A card that reads React Flow's store itself would do so at each move of the viewport. */
export const ZoomedOutContext = createContext(false);

export const useZoomedOut = (): boolean => useContext(ZoomedOutContext);
