/**
 * Applies theme and contrast from the preferences to <html>. `public/theme.js` does the same before the first paint.
 */
import { useStore } from "zustand";
import { type Preferences, preferences } from "../session/preferences.ts";

const systemDark = matchMedia("(prefers-color-scheme: dark)");

/** The current theme. */
export function shownTheme(): "light" | "dark" {
  const { theme } = preferences.getState();
  return theme === "system" ? (systemDark.matches ? "dark" : "light") : theme;
}

function apply(): void {
  const { contrast } = preferences.getState();
  document.documentElement.dataset.theme = shownTheme();
  if (contrast === "more") document.documentElement.dataset.contrast = "more";
  else delete document.documentElement.dataset.contrast;
}

preferences.subscribe(apply);
systemDark.addEventListener("change", apply);
apply();

export const setPreferences = (change: Partial<Preferences>): void => preferences.setState(change);
export function usePreferences<T>(pick: (state: Preferences) => T): T {
  return useStore(preferences, pick);
}
