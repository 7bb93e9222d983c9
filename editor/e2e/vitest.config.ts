/** End-to-end tests: `npm run e2e`. They need only a Chromium (`CHROMIUM_PATH`). */
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["editor/e2e/**/*.e2e.ts"],
    // One server and one browser at a time, so that two cores are enough.
    fileParallelism: false,
    // Every test talks to a real server and a real browser, so CI may repeat one; the reporter names each that needed it.
    retry: process.env.CI ? 1 : 0,
    reporters: ["default", "./server/testing/retried-tests.ts"],
    testTimeout: 60_000,
    hookTimeout: 150_000,
    expect: { poll: { timeout: 10_000, interval: 60 } },
  },
});
