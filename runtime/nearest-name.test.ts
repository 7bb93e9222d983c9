import { expect, test } from "vitest";
import { nearestName } from "./nearest-name.ts";

test.each([
  ["Web-Search", ["read", "web_search"], "web_search"],
  ["search", ["read", "web_search"], "web_search"],
  ["PATCHBAY_TOKN", ["PATCHBAY_URL", "PATCHBAY_TOKEN"], "PATCHBAY_TOKEN"],
  ["serch_web", ["read", "search_web"], "search_web"],
  ["add", ["sub", "ad"], "ad"],
  ["cat", ["dog"], undefined],
  ["PATCHBAY_COLOUR", ["PATCHBAY_TOKEN", "PATCHBAY_FILES"], undefined],
])("%s among %j means %s", (name, names, expected) => {
  expect(nearestName(name, names)).toBe(expected);
});
