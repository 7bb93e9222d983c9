/** Theme and contrast: chosen, remembered, and put on <html>. `public/theme.js` does the same before the first paint. */
import { useStore } from "zustand";
import { createStore } from "zustand/vanilla";
import type { Language } from "../i18n/index.ts";

export type Theme = "system" | "light" | "dark";

interface Look {
  theme: Theme;
  contrast: "normal" | "more";
  /** Absent: as the browser says. */
  language?: Language;
  /** The rail shows icons alone. */
  railFolded: boolean;
}

const KEY = "patchbay.look";

function read(): Look {
  const fallback: Look = { theme: "system", contrast: "normal", railFolded: false };
  try {
    return { ...fallback, ...JSON.parse(localStorage.getItem(KEY) ?? "{}") };
  } catch {
    return fallback;
  }
}

export const look = createStore<Look>(read);
const systemDark = matchMedia("(prefers-color-scheme: dark)");

/** The theme that shows now. */
export function shownTheme(): "light" | "dark" {
  const { theme } = look.getState();
  return theme === "system" ? (systemDark.matches ? "dark" : "light") : theme;
}

function apply(): void {
  const { contrast } = look.getState();
  document.documentElement.dataset.theme = shownTheme();
  if (contrast === "more") document.documentElement.dataset.contrast = "more";
  else delete document.documentElement.dataset.contrast;
}

look.subscribe((state) => {
  apply();
  try {
    localStorage.setItem(KEY, JSON.stringify(state));
  } catch {
    // Storage may be full or forbidden: the look then lasts as long as the page.
  }
});
systemDark.addEventListener("change", apply);
apply();

export const setLook = (change: Partial<Look>): void => look.setState(change);
export function useLook<T>(pick: (state: Look) => T): T {
  return useStore(look, pick);
}
