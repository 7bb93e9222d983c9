/** The panels around the graph: which are open, their sizes, and the tab of the right one. Stored in this browser. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { DraftStorage } from "./save.ts";
import { readJson, writeJson } from "./stored-json.ts";

export type RightPanel = "node" | "try" | "build" | "issues" | "json" | "publish" | "history" | "tests" | "find";

export interface PanelLayout {
  left: boolean;
  /** How the left panel lists the node types. Absent: nobody has chosen, and the width of the window decides. */
  list?: "full" | "icons";
  right: boolean;
  bottom: boolean;
  rightWidth: number;
  bottomHeight: number;
  panel: RightPanel;
  /** What the inspector shows for a node that has run. */
  inspect: "form" | "run";
}

export interface PanelLayoutStore extends StoreApi<PanelLayout> {
  /** Opens the right panel on a tab. */
  open(panel: RightPanel): void;
  toggle(side: "left" | "right" | "bottom"): void;
  resize(change: { rightWidth?: number; bottomHeight?: number }): void;
}

/** The key of version 0.1, which stored `below` and `belowHeight` for the bottom panel. */
const KEY = "patchbay.places";
const FRESH: PanelLayout = {
  left: true,
  right: true,
  bottom: true,
  rightWidth: 372,
  bottomHeight: 196,
  panel: "try",
  inspect: "form",
};
/** In a narrower window, in pixels, the list of node types is a column of icons. */
const FULL_LIST_WINDOW = 1500;
const LIST_WIDTH = { full: 224, icons: 50 } as const;

/** The list of node types in a window of this width: how it is shown, and its width in pixels (0 while it is closed). */
export function nodeList({ left, list }: PanelLayout, window: number): { list: "full" | "icons"; width: number } {
  const shown = list ?? (window < FULL_LIST_WINDOW ? "icons" : "full");
  return { list: shown, width: left ? LIST_WIDTH[shown] : 0 };
}

const LIMITS = { rightWidth: [300, 900], bottomHeight: [120, 520] } as const;

export function createPanelLayout(storage: DraftStorage): PanelLayoutStore {
  const store = createStore<PanelLayout>(() => read(storage));
  store.subscribe((state) => writeJson(() => storage, KEY, state));
  return Object.assign(store, {
    open: (panel: RightPanel) => store.setState({ panel, right: true }),
    toggle: (side: "left" | "right" | "bottom") => store.setState((state) => ({ [side]: !state[side] })),
    resize(change: { rightWidth?: number; bottomHeight?: number }) {
      const next: Partial<PanelLayout> = {};
      for (const key of ["rightWidth", "bottomHeight"] as const)
        if (change[key] !== undefined)
          next[key] = Math.round(Math.min(LIMITS[key][1], Math.max(LIMITS[key][0], change[key])));
      store.setState(next);
    },
  });
}

function read(storage: DraftStorage): PanelLayout {
  type Stored = Partial<PanelLayout> & { below?: boolean; belowHeight?: number };
  const { below, belowHeight, ...stored } = (readJson(() => storage, KEY) ?? {}) as Stored;
  const { bottom = below ?? FRESH.bottom, bottomHeight = belowHeight ?? FRESH.bottomHeight } = stored;
  // Each visit begins with the chat, whichever tab was open before.
  return { ...FRESH, ...stored, bottom, bottomHeight, panel: FRESH.panel };
}
