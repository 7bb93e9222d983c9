/** Tests that run without a browser; those in `editor/e2e` have a config of their own. */
import { configDefaults, defineConfig } from "vitest/config";

export default defineConfig({
  test: { exclude: [...configDefaults.exclude, "editor/e2e/**", "dist/**", "data/**"] },
});
