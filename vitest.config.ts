/** Tests that run without a browser; those in `editor/e2e` have a config of their own. */
import { configDefaults, defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    exclude: [...configDefaults.exclude, "editor/e2e/**", "dist/**", "data/**"],
    // Real servers and processes are started; a busy machine needs a while for that. Nothing waits this long when all is well.
    // Races with real processes are told by a second try; a fault fails both.
    retry: process.env.CI ? 1 : 0,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
