import { describe, expect, it } from "vitest";
import { Preamble } from "./preamble.ts";

function pass(bits: string[], answer: boolean, hold = true) {
  const passed: [string, boolean][] = [];
  const preamble = new Preamble((text, is) => passed.push([text, is]), { quiet: false, hold });
  for (const bit of bits) preamble.push(bit);
  const before = passed.length;
  preamble.end(answer);
  return { passed, before };
}

describe("the word before a call", () => {
  it.each(["Let me look that up for you.", "Sure, I'll check the weather in Paris now.", "好的，让我先查一下天气。"])(
    "is no part of the answer: %s",
    (text) => {
      expect(pass([text], false).passed).toEqual([[text, false]]);
      expect(pass([text], true).passed).toEqual([[text, true]]);
    },
  );
  it("does not hold up an answer that announces nothing", () => {
    const { passed, before } = pass(["The capital of", " France is Paris, and", " it rains."], true);
    expect(before).toBe(2);
    expect(passed.map(([text]) => text).join("")).toBe("The capital of France is Paris, and it rains.");
    expect(passed.every(([, answer]) => answer)).toBe(true);
  });
  it("holds an announcement only for a while", () => {
    expect(pass(["Let me explain. ", "x".repeat(300), "more"], true).before).toBe(2);
  });
  it("holds nothing where no tool can be called", () => {
    expect(pass(["Let me "], true, false).before).toBe(1);
  });
});
