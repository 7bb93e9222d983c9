import { describe, expect, it } from "vitest";
import type { UsageRow } from "../../../server/contract/run.ts";
import { busiest, everyDay } from "./daily-usage.ts";
import { readFilters, toQuery, writeFilters } from "./usage-filters.ts";

const row = (more: Partial<UsageRow>): UsageRow => ({
  runs: 1,
  failed: 0,
  inputTokens: 10,
  outputTokens: 2,
  steps: 1,
  toolCalls: 0,
  ...more,
});

describe("usage", () => {
  it("has a place for each day, empty ones too, and ends today", () => {
    const now = Date.UTC(2026, 10, 24, 12);
    const days = everyDay([row({ day: "2026-11-24", p50Ms: 5 }), row({ day: "2026-11-22", failed: 1 })], 3, now);
    expect(days.map(({ day, runs, failed, p50Ms }) => [day, runs, failed, p50Ms])).toEqual([
      ["2026-11-22", 1, 1, undefined],
      ["2026-11-23", 0, 0, undefined],
      ["2026-11-24", 1, 0, 5],
    ]);
  });

  it("puts the busiest first", () => {
    expect(busiest([row({ agent: "a" }), row({ agent: "b", runs: 3 })]).map(({ agent }) => agent)).toEqual(["b", "a"]);
  });
});

describe("the page's address", () => {
  it.each([
    ["", { days: 30, by: "agent" }],
    ["?days=7&by=key&key=", { days: 7, by: "key", key: "" }],
    ["?by=version&agent=a&version=0", { days: 30, by: "version", agent: "a", version: 0 }],
  ] as const)("%j is read and written", (search, filters) => {
    expect(readFilters(search)).toEqual(filters);
    expect(readFilters(writeFilters(filters))).toEqual(filters);
  });

  it("makes nothing of what it does not know", () => {
    expect(readFilters("?days=8&by=moon&version=3&agent=")).toEqual({ days: 30, by: "agent" });
    expect(toQuery(readFilters("?agent=a&version=x&by=version"))).toEqual({ days: 30, agent: "a" });
  });
});
