import { describe, expect, it } from "vitest";
import type { FlowNode } from "./flow-model.ts";
import { createSnapping } from "./snapping.ts";

const node = (id: string, x: number, y: number, dragging?: boolean) =>
  ({ id, type: "card", position: { x, y }, measured: { width: 232, height: 140 }, dragging }) as FlowNode;

describe("a drag", () => {
  it("snaps to the line of a near node and shows it until the drag ends; moves by arrow keys do not snap", () => {
    const { snapped, guides } = createSnapping();
    const nodes = [node("a", 0, 110), node("b", 400, 300)];
    const move = { id: "b", type: "position" as const, position: { x: 400, y: 113 } };
    expect(snapped([move], nodes)).toEqual([move]);
    const [first] = snapped([{ ...move, dragging: true }], nodes);
    expect(first).toMatchObject({ position: { x: 400, y: 110 } });
    expect(guides.getState().y).toEqual({ at: 110, from: 0, to: 632 });
    const dragged = [node("a", 0, 110), node("b", 400, 110, true)];
    expect(snapped([{ ...move, dragging: false }], dragged)[0]).toMatchObject({ position: { x: 400, y: 110 } });
    expect(guides.getState()).toEqual({});
  });
});
