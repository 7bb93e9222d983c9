import { describe, expect, it } from "vitest";
import { matchesKeys } from "./use-shortcuts.ts";

describe("keys", () => {
  const key = (name: string, more: Partial<KeyboardEvent> = {}) => ({
    key: name,
    code: "",
    ctrlKey: false,
    metaKey: false,
    shiftKey: false,
    altKey: false,
    ...more,
  });
  it("distinguishes undo from redo, and accepts characters as they are typed", () => {
    expect(matchesKeys(key("z", { ctrlKey: true }), ["mod", "z"])).toBe(true);
    expect(matchesKeys(key("Z", { metaKey: true, shiftKey: true }), ["mod", "z"])).toBe(false);
    expect(matchesKeys(key("Z", { metaKey: true, shiftKey: true }), ["mod", "shift", "z"])).toBe(true);
    expect(matchesKeys(key("?", { shiftKey: true }), ["?"])).toBe(true);
    expect(matchesKeys(key("!", { shiftKey: true, code: "Digit1" }), ["shift", "1"])).toBe(true);
    expect(matchesKeys(key("/"), ["mod", "/"])).toBe(false);
  });
});
