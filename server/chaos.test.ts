/** A short version of `npm run bench -- chaos`. */
import { expect, it } from "vitest";
import { chaos } from "../bench/chaos.ts";

it("bad MCP servers take nothing away from the runs on the others", async () => {
  const report = await chaos({ seconds: 4, good: 3, runs: 10 });
  expect(report.failed).toEqual([]);
  expect(report.faults).toBe(0);
  expect(report.runs).toBeGreaterThan(0);
  expect(Object.keys(report.badCalls).map((key) => key.split(":")[0])).toEqual(
    expect.arrayContaining(["crash", "hang", "flood", "lie", "exit"]),
  );
}, 180_000);
