import { describe, expect, it } from "vitest";
import { en } from "./en/index.ts";
import { zh } from "./zh/index.ts";

/** Texts by dotted path. */
function flat(words: object, path = ""): Map<string, string> {
  const result = new Map<string, string>();
  for (const [key, value] of Object.entries(words)) {
    const here = path ? `${path}.${key}` : key;
    if (typeof value === "string") result.set(here, value);
    else for (const [inner, text] of flat(value, here)) result.set(inner, text);
  }
  return result;
}

const placeholders = (text: string) => [...text.matchAll(/{{\s*(\w+)[^}]*}}/g)].map((match) => match[1]!).sort();

describe("words", () => {
  const english = flat(en);
  const chinese = flat(zh);

  it("has the same keys in both languages", () => {
    const singular = (key: string) => /_one$/.test(key);
    expect([...chinese.keys()].sort()).toEqual([...english.keys()].filter((key) => !singular(key)).sort());
  });

  it("has no empty text", () => {
    for (const words of [english, chinese]) for (const [key, text] of words) expect(text.trim(), key).not.toBe("");
  });

  it("fills the same placeholders", () => {
    for (const [key, text] of chinese) expect(placeholders(text), key).toEqual(placeholders(english.get(key)!));
  });

  it("has a singular for each plural, and no exclamation", () => {
    for (const key of english.keys())
      if (key.endsWith("_other")) expect(english.has(key.replace(/_other$/, "_one")), key).toBe(true);
    for (const words of [english, chinese]) for (const [key, text] of words) expect(text, key).not.toMatch(/[!！]/);
  });

  it("says Chinese in Chinese", () => {
    // A text that is the same in both languages is a name, a symbol or an address, not a sentence.
    for (const [key, text] of chinese)
      if (text === english.get(key)) expect(text.split(" ").length, key).toBeLessThan(4);
  });
});
