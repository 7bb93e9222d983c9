/** Preferences of this browser: theme, contrast, language, rail. `public/theme.js` reads the same entry before the first paint. */
import { createStore } from "zustand/vanilla";
import { readJson, writeJson } from "./stored-json.ts";

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
const storage = () => localStorage;

export const preferences = createStore<Preferences>(() => ({
  theme: "system",
  contrast: "normal",
  railFolded: false,
  ...(readJson(storage, KEY) as Partial<Preferences> | undefined),
}));

preferences.subscribe((state) => writeJson(storage, KEY, state));
