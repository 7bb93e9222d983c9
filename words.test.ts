/** Fails on a retired word: see `words.ts`. */
import { expect, it } from "vitest";
import { en } from "./editor/i18n/en/index.ts";
import { readSources } from "./house.ts";
import { retiredIdentifiers, retiredTexts } from "./words.ts";

it("finds no retired word in an identifier", () => {
  expect(retiredIdentifiers(readSources(import.meta.dirname))).toEqual([]);
  expect(
    retiredIdentifiers(new Map([["runtime/bad.ts", 'const mendFor = "told"; // tell\ntype BuildWorld = {}']])),
  ).toEqual(["runtime/bad.ts: mendFor (use fix)", "runtime/bad.ts: BuildWorld (use …Deps)"]);
});

it("finds no retired word in a text of the user interface", () => {
  expect(retiredTexts(en)).toEqual([]);
  expect(retiredTexts({ canvas: { drop: "Drop the wire here", rest: "Load the rest" } })).toEqual([
    "canvas.drop: Drop the wire here (use connection, connect)",
  ]);
});
