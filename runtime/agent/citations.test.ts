import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutAt } from "../formats/contract.ts";
import { Citations } from "./citations.ts";

function read(bits: readonly string[], documents: number) {
  const citations = new Citations(documents);
  const text = bits.map((bit) => citations.push(bit)).join("") + citations.end();
  return { text, cited: [...citations.cited] };
}

describe("citations", () => {
  it.each([
    ["Fact [1]. False [7]. End", "Fact [1]. False. End", [1]],
    ["Both [1, 2] and【2】and [ 3 , 1 ].", "Both [1, 2] and【2】and [1].", [1, 2]],
    ["[9] first", " first", []],
    ["a[x], [], [12a], [1", "a[x], [], [12a], [1", []],
    ["`list[7]` and ```\nlist[8]\n``` but [8]", "`list[7]` and ```\nlist[8]\n``` but", []],
    ["two  spaces [4]  here [2]", "two  spaces  here [2]", [2]],
  ])("%j", (text, shown, cited) => {
    expect(read([text], 2)).toEqual({ text: shown, cited });
  });

  it("means nothing without documents", () => {
    expect(read(["See [7]."], 0)).toEqual({ text: "See [7].", cited: [] });
  });

  it("reads the same however the text is cut, and never shows a false marker (random texts)", () => {
    const word = fc.constantFrom(
      "[1]",
      "[2]",
      "[3]",
      "[99]",
      "[1, 5]",
      "【2】",
      "[",
      "]",
      " ",
      "  ",
      "`",
      "```",
      "\n",
      "7",
      ",",
      "a",
      "é",
      "。",
      "[x]",
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 20 }), fc.array(fc.nat(80)), (words, places) => {
        const text = words.join("");
        const whole = read([text], 2);
        expect(read(cutAt(text, places), 2)).toEqual(whole);
        if (!text.includes("`")) expect(whole.text).not.toMatch(/\[(?:3|99|1, 5)\]/);
        for (const number of whole.cited) expect(number).toBeLessThanOrEqual(2);
      }),
    );
  });
});
