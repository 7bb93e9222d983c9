import { describe, expect, it } from "vitest";
import { presses } from "./use-shortcuts.ts";

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
  it("tells undo from redo, and takes signs as they are typed", () => {
    expect(presses(key("z", { ctrlKey: true }), ["mod", "z"])).toBe(true);
    expect(presses(key("Z", { metaKey: true, shiftKey: true }), ["mod", "z"])).toBe(false);
    expect(presses(key("Z", { metaKey: true, shiftKey: true }), ["mod", "shift", "z"])).toBe(true);
    expect(presses(key("?", { shiftKey: true }), ["?"])).toBe(true);
    expect(presses(key("!", { shiftKey: true, code: "Digit1" }), ["shift", "1"])).toBe(true);
    expect(presses(key("/"), ["mod", "/"])).toBe(false);
  });
});
