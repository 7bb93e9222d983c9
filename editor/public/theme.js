// Sets theme, contrast and language on <html> before the first paint. `session/preferences.ts` owns the entry.
(() => {
  const root = document.documentElement;
  let stored = {};
  try {
    stored = JSON.parse(localStorage.getItem("patchbay.look") || "{}");
  } catch {
    // An unreadable entry counts as none.
  }
  const dark =
    stored.theme === "dark" || (stored.theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  root.dataset.theme = dark ? "dark" : "light";
  if (stored.contrast === "more") root.dataset.contrast = "more";
  root.lang = stored.language || (navigator.language.toLowerCase().startsWith("zh") ? "zh" : "en");
})();
