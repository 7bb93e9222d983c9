import { describe, expect, it } from "vitest";
import type { UsageRow } from "../../api-types.ts";
import { add, byAgent, byDay, NOTHING } from "./sums.ts";

const row = (day: string, more: Partial<UsageRow> = {}): UsageRow => ({
  day,
  name: "A",
  agent: "a",
  ...NOTHING,
  runs: 1,
  inputTokens: 10,
  outputTokens: 2,
  ...more,
});
const now = Date.UTC(2026, 10, 24, 12);

describe("usage sums", () => {
  it("has a place for each day, empty ones too, and ends today", () => {
    const days = byDay([row("2026-11-24"), row("2026-11-24"), row("2026-11-22", { failed: 1 })], 3, now);
    expect(days.map(({ day, sum }) => [day, sum.runs, sum.failed])).toEqual([
      ["2026-11-22", 1, 1],
      ["2026-11-23", 0, 0],
      ["2026-11-24", 2, 0],
    ]);
  });

  it("puts the busiest agent first, under its newest name", () => {
    const sums = byAgent([
      row("2026-11-20", { name: "Old" }),
      row("2026-11-24", { name: "New", runs: 3 }),
      row("2026-11-24", { agent: undefined, name: "B", runs: 9 }),
    ]);
    expect(sums.map(({ name, sum }) => [name, sum.runs])).toEqual([
      ["B", 9],
      ["New", 4],
    ]);
  });

  it("has a cost only where something had a price", () => {
    expect(add(NOTHING, NOTHING)).not.toHaveProperty("costUsd");
    expect(add({ ...NOTHING, costUsd: 1 }, NOTHING).costUsd).toBe(1);
  });
});
