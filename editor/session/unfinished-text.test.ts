import { expect, it } from "vitest";
import type { DraftStorage } from "./save.ts";
import { createUnfinishedTexts } from "./unfinished-text.ts";

function storage(): DraftStorage & { items: Map<string, string> } {
  const items = new Map<string, string>();
  return {
    items,
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
    removeItem: (key) => void items.delete(key),
  };
}

it("stores a message until it is sent, and keeps invalid fields as long as the page", () => {
  const kept = storage();
  const first = createUnfinishedTexts(kept, "a");
  first.keep("try/message", "Half a");
  first.keep("brain/temperature", "0.");
  const second = createUnfinishedTexts(kept, "a");
  expect([...second.getState().texts]).toEqual([["try/message", "Half a"]]);
  second.keep("try/message", undefined);
  expect(kept.items.size).toBe(0);
});

it("works without a readable or writable storage", () => {
  const broken: DraftStorage = {
    getItem: () => "not JSON",
    setItem() {
      throw new Error("full");
    },
    removeItem() {},
  };
  const typing = createUnfinishedTexts(broken, "a");
  typing.keep("try/message", "Hello");
  expect(typing.getState().texts.get("try/message")).toBe("Hello");
});
