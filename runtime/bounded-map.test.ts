import { expect, test } from "vitest";
import { BoundedMap } from "./bounded-map.ts";

test("removes the oldest entry when it is full", () => {
  const map = new BoundedMap<string, number>(2).set("a", 1).set("b", 2).set("a", 3).set("c", 4);
  expect([...map]).toEqual([
    ["a", 3],
    ["c", 4],
  ]);
  map.delete("a");
  expect([...map.set("d", 5).keys()]).toEqual(["c", "d"]);
});
