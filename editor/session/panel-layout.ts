/** The four places around the graph: which are open, how large, and what the right one shows. Remembered in this browser. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { DraftStorage } from "./save.ts";

export type RightPanel = "node" | "try" | "build" | "issues" | "json" | "publish" | "history" | "tests" | "find";

export interface PanelLayout {
  left: boolean;
  right: boolean;
  below: boolean;
  rightWidth: number;
  belowHeight: number;
  panel: RightPanel;
  /** What the inspector shows of a node that has run. */
  inspect: "form" | "run";
}

export interface PanelLayoutStore extends StoreApi<PanelLayout> {
  /** Opens the right place on a panel. */
  open(panel: RightPanel): void;
  toggle(place: "left" | "right" | "below"): void;
  resize(change: { rightWidth?: number; belowHeight?: number }): void;
}

const KEY = "patchbay.places";
const FRESH: PanelLayout = {
  left: true,
  right: true,
  below: true,
  rightWidth: 372,
  belowHeight: 196,
  panel: "try",
  inspect: "form",
};
const LIMITS = { rightWidth: [300, 900], belowHeight: [120, 520] } as const;

export function createPanelLayout(storage: DraftStorage): PanelLayoutStore {
  const store = createStore<PanelLayout>(() => read(storage));
  store.subscribe((state) => {
    try {
      storage.setItem(KEY, JSON.stringify(state));
    } catch {
      // Storage may be full or forbidden: the places then last as long as the page.
    }
  });
  return Object.assign(store, {
    open: (panel: RightPanel) => store.setState({ panel, right: true }),
    toggle: (place: "left" | "right" | "below") => store.setState((state) => ({ [place]: !state[place] })),
    resize(change: { rightWidth?: number; belowHeight?: number }) {
      const next: Partial<PanelLayout> = {};
      for (const key of ["rightWidth", "belowHeight"] as const)
        if (change[key] !== undefined)
          next[key] = Math.round(Math.min(LIMITS[key][1], Math.max(LIMITS[key][0], change[key])));
      store.setState(next);
    },
  });
}

function read(storage: DraftStorage): PanelLayout {
  try {
    const kept = JSON.parse(storage.getItem(KEY) ?? "{}") as Partial<PanelLayout>;
    // Which panel was open is not remembered: a visit begins where the agent can be asked.
    return { ...FRESH, ...kept, panel: FRESH.panel };
  } catch {
    return FRESH;
  }
}
