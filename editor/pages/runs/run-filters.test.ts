import { describe, expect, it } from "vitest";
import { isFiltered, readFilters, toQuery, writeFilters } from "./run-filters.ts";

describe("run filters", () => {
  it("come back from the address as they were", () => {
    const filters = { text: "leave days 假期", agent: "a1", status: "failed", rating: "bad", period: "week" } as const;
    expect(readFilters(writeFilters(filters))).toEqual(filters);
  });

  it("take nothing from an address that means nothing", () => {
    expect(readFilters("?status=odd&rating=superb&period=century&x=1")).toEqual({ text: "", period: "any" });
    expect(isFiltered(readFilters(""))).toBe(false);
  });

  it("ask the server from a whole minute on", () => {
    const now = Date.UTC(2026, 10, 24, 8, 30, 59);
    expect(toQuery({ text: " a ", period: "day" }, now)).toEqual({ text: "a", from: Date.UTC(2026, 10, 23, 8, 30) });
    expect(toQuery({ text: "", period: "any" }, now)).toEqual({});
  });
});
