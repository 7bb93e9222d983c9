import { describe, expect, it } from "vitest";
import { snap } from "./guides.ts";

describe("snapping", () => {
  it("snaps to the nearest side or middle, and not to far nodes", () => {
    const moved = { x: 103, y: 400, width: 200, height: 80 };
    expect(snap(moved, [{ x: 100, y: 0, width: 90, height: 80 }])).toEqual({
      dx: -3,
      dy: 0,
      guides: { x: { at: 100, from: 0, to: 480 } },
    });
    expect(snap(moved, [{ x: 120, y: 0, width: 90, height: 80 }])).toEqual({ dx: 0, dy: 0, guides: {} });
  });
});
