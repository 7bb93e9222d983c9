import { expect, test } from "vitest";
import { foldersOf, inFolder, readTags, tagsOf } from "./agent-labels.ts";

const agents = [{ folder: "Team/Support", tags: ["b", "a"] }, { folder: "Team" }, { folder: "Teams" }, { tags: ["a"] }];

test("folders include those above them, and a folder holds what is below it", () => {
  expect(foldersOf(agents)).toEqual(["Team", "Team/Support", "Teams"]);
  expect(agents.map((agent) => inFolder(agent, "Team"))).toEqual([true, true, false, false]);
  expect(agents.map((agent) => inFolder(agent, "Team/Support"))).toEqual([true, false, false, false]);
});

test("tags are listed once and read as they are typed", () => {
  expect(tagsOf(agents)).toEqual(["a", "b"]);
  expect(readTags(" mail, 日报，mail、 ,x ")).toEqual(["mail", "日报", "x"]);
});
