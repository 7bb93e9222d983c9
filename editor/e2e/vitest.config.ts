/** End-to-end tests: `npm run e2e`. They need only a Chromium (`CHROMIUM_PATH`). */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["editor/e2e/**/*.e2e.ts"],
    globalSetup: "editor/e2e/build.ts",
    // Each file has a server, a data folder and a browser of its own; two of them keep two cores busy.
    maxWorkers: 2,
    // Every test talks to a real server and a real browser, so CI may repeat one; the reporter names each that needed it.
    retry: process.env.CI ? 1 : 0,
    reporters: ["default", "./server/testing/retried-tests.ts"],
    testTimeout: 60_000,
    hookTimeout: 150_000,
    expect: { poll: { timeout: 10_000, interval: 60 } },
  },
});
