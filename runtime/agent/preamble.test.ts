import { describe, expect, it } from "vitest";
import { Preamble } from "./preamble.ts";

function pass(pieces: string[], isReply: boolean, hold = true) {
  const passed: [string, boolean][] = [];
  const preamble = new Preamble((text, is) => passed.push([text, is]), { quiet: false, hold });
  for (const piece of pieces) preamble.push(piece);
  const before = passed.length;
  preamble.end(isReply);
  return { passed, before };
}

describe("the announcement before a call", () => {
  it.each(["Let me look that up for you.", "Sure, I'll check the weather in Paris now.", "好的，让我先查一下天气。"])(
    "is not part of the reply: %s",
    (text) => {
      expect(pass([text], false).passed).toEqual([[text, false]]);
      expect(pass([text], true).passed).toEqual([[text, true]]);
    },
  );
  it("text without an announcement is not held back", () => {
    const { passed, before } = pass(["The capital of", " France is Paris, and", " it rains."], true);
    expect(before).toBe(2);
    expect(passed.map(([text]) => text).join("")).toBe("The capital of France is Paris, and it rains.");
    expect(passed.every(([, answer]) => answer)).toBe(true);
  });
  it("a long beginning is passed on", () => {
    expect(pass(["Let me explain. ", "x".repeat(300), "more"], true).before).toBe(2);
  });
  it("without tools nothing is held back", () => {
    expect(pass(["Let me "], true, false).before).toBe(1);
  });
});
