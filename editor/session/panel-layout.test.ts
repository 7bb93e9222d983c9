import { describe, expect, it } from "vitest";
import { createPanelLayout } from "./panel-layout.ts";

describe("the panel layout", () => {
  it("reads the layout that version 0.1 stored", () => {
    const old = {
      left: false,
      right: true,
      below: false,
      rightWidth: 400,
      belowHeight: 250,
      panel: "json",
      inspect: "run",
    };
    const storage = { getItem: () => JSON.stringify(old), setItem: () => {}, removeItem: () => {} };
    expect(createPanelLayout(storage).getState()).toEqual({
      left: false,
      right: true,
      bottom: false,
      rightWidth: 400,
      bottomHeight: 250,
      panel: "try",
      inspect: "run",
    });
  });
});
