import { readdirSync } from "node:fs";
import { expect, it } from "vitest";
import { GUIDES } from "./guides.ts";

it("lists every guide of docs/, and none that is not there", () => {
  const files = readdirSync(new URL("../../../docs", import.meta.url)).filter((name) => name.endsWith(".md"));
  expect(GUIDES.map((name) => `${name}.md`).sort()).toEqual(files.filter((name) => name !== "README.md").sort());
});
