/** Preferences of this browser: theme, contrast, language, rail. `public/theme.js` reads the same entry before the first paint. */
import { createStore } from "zustand/vanilla";

export const LANGUAGES = ["en", "zh"] as const;
export type Language = (typeof LANGUAGES)[number];

export type Theme = "system" | "light" | "dark";

export interface Preferences {
  theme: Theme;
  contrast: "normal" | "more";
  /** Absent: the browser's language. */
  language?: Language;
  /** The rail shows icons only. */
  railFolded: boolean;
}

const KEY = "patchbay.look";

function read(): Preferences {
  const fallback: Preferences = { theme: "system", contrast: "normal", railFolded: false };
  try {
    return { ...fallback, ...JSON.parse(localStorage.getItem(KEY) ?? "{}") };
  } catch {
    return fallback;
  }
}

export const preferences = createStore<Preferences>(read);

preferences.subscribe((state) => {
  try {
    localStorage.setItem(KEY, JSON.stringify(state));
  } catch {
    // Storage is full or forbidden: the preferences last as long as the page.
  }
});
