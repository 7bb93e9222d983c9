import { expect, it } from "vitest";
import { fuseRanks } from "./fuse.ts";

it("puts items of several searches first, with their ranks", () => {
  const fused = fuseRanks({ text: ["a", "b", "c"], vector: ["b", "d", "a"] }, (item) => item);
  expect(fused.map((entry) => entry.item)).toEqual(["b", "a", "d", "c"]);
  expect(fused[0]).toMatchObject({ ranks: { text: 2, vector: 1 } });
  expect(fused[3]).toMatchObject({ ranks: { text: 3 } });
});

it("scores 1 for an item that is first everywhere, and keeps the order of a single search", () => {
  expect(fuseRanks({ text: ["a"], vector: ["a"] }, (item) => item)[0]!.score).toBe(1);
  expect(fuseRanks({ text: ["c", "a", "b", "a"] }, (item) => item).map((entry) => entry.item)).toEqual(["c", "a", "b"]);
  expect(fuseRanks({}, String)).toEqual([]);
});
