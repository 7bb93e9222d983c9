import { createContext, useContext } from "react";

/** Below this zoom words cannot be read: cards are drawn as titles alone. */
const FAR = 0.42;

export const isZoomedOut = (state: { transform: [number, number, number] }): boolean => state.transform[2] < FAR;

/** Given once by the canvas: a card that asked React Flow itself would ask again at each move of the view. */
export const ZoomedOutContext = createContext(false);

export const useZoomedOut = (): boolean => useContext(ZoomedOutContext);
