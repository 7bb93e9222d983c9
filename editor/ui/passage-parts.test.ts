import { expect, test } from "vitest";
import { passageParts } from "./passage-parts.ts";

test("a table among text, its escaped bars and its head", () => {
  expect(passageParts("Rates\n\n| City | Night |\n| --- | :-: |\n| Berlin | 120 \\| 130 |\n\nSee below.")).toEqual([
    { text: "Rates" },
    { head: ["City", "Night"], rows: [["Berlin", "120 | 130"]] },
    { text: "See below." },
  ]);
});

test("rows without a head are a table; a bar in a sentence is not", () => {
  expect(passageParts("| a | b |\n| c |  |")).toEqual([
    {
      rows: [
        ["a", "b"],
        ["c", ""],
      ],
    },
  ]);
  expect(passageParts("either | or\n|x| is a norm of x")).toEqual([{ text: "either | or\n|x| is a norm of x" }]);
});
