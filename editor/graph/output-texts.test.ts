import { expect, it } from "vitest";
import { readOutputs } from "./output-texts.ts";

it("reads edited outputs: a text unchanged, all others as JSON", () => {
  expect(readOutputs({ text: "a", count: 1 }, { text: "b", count: "2" })).toEqual({
    values: { text: "b", count: 2 },
    faults: {},
  });
  expect(readOutputs({ count: 1 }, { count: "two" })).toEqual({ faults: { count: expect.any(String) } });
});
