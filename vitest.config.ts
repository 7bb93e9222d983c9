/** Tests that run without a browser; those in `editor/e2e` have a config of their own. */
import { availableParallelism } from "node:os";
import { configDefaults, defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    exclude: [...configDefaults.exclude, "editor/e2e/**", "dist/**", "data/**"],
    // A test that starts real processes may set `{ retry: 1 }`; the reporter names every test that needed it.
    retry: 0,
    // By default vitest leaves one core free; most tests wait for processes and disks.
    maxWorkers: availableParallelism(),
    reporters: ["default", "./server/testing/retried-tests.ts"],
    // Real servers and processes are started; a busy machine needs a while for that. Nothing waits this long when all is well.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 10_000, interval: 20 } },
  },
});
