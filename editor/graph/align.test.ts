import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { graphIdentity } from "../../runtime/identity.ts";
import { smallGraph } from "../e2e/graphs.ts";
import { alignPositions, type Box, distributePositions, type Side } from "./align.ts";
import { setLayout } from "./commands.ts";
import { table } from "./node-types.ts";

const box = fc.record({
  x: fc.integer({ min: -900, max: 900 }),
  y: fc.integer({ min: -900, max: 900 }),
  width: fc.integer({ min: 10, max: 400 }),
  height: fc.integer({ min: 10, max: 400 }),
});
const boxes = fc
  .array(box, { minLength: 2, maxLength: 8 })
  .map((all) => all.map((one, n): Box => ({ id: `n${n}`, ...one })));
const placed = (all: Box[], places: Record<string, { x: number; y: number }>) =>
  all.map((one) => ({ ...one, ...places[one.id] }));

describe("aligning and distributing", () => {
  it("aligns all boxes on one line and does not move them on the other axis", () => {
    const lines: Record<Side, (one: Box) => number> = {
      left: (one) => one.x,
      center: (one) => one.x + one.width / 2,
      right: (one) => one.x + one.width,
      top: (one) => one.y,
      middle: (one) => one.y + one.height / 2,
      bottom: (one) => one.y + one.height,
    };
    fc.assert(
      fc.property(boxes, fc.constantFrom(...(Object.keys(lines) as Side[])), (all, side) => {
        const next = placed(all, alignPositions(all, side));
        const [first, ...rest] = next.map(lines[side]);
        for (const one of rest) expect(Math.abs(one - first!)).toBeLessThanOrEqual(1);
        const other = ["left", "center", "right"].includes(side) ? "y" : "x";
        expect(next.map((one) => one[other])).toEqual(all.map((one) => one[other]));
      }),
    );
  });

  it("makes the gaps equal, and does not move two boxes", () => {
    const all: Box[] = [0, 130, 700, 1000].map((x, n) => ({ id: `n${n}`, x, y: 0, width: 100, height: 40 }));
    const next = placed(all, distributePositions(all, "x"));
    expect(next.map((one) => one.x)).toEqual([0, 333, 667, 1000]);
    expect(distributePositions(all.slice(0, 2), "x")).toEqual({});
  });

  it("does not change the identity of the graph", () => {
    const graph = smallGraph();
    const all = graph.nodes.map((node): Box => ({ id: node.id, width: 232, height: 140, ...graph.layout[node.id]! }));
    fc.assert(
      fc.property(
        fc.constantFrom<Side>("left", "center", "right", "top", "middle", "bottom"),
        fc.constantFrom<"x" | "y">("x", "y"),
        fc.subarray(all),
        (side, axis, some) => {
          for (const places of [alignPositions(some, side), distributePositions(some, axis)])
            expect(graphIdentity(setLayout(places).run(graph), table)).toBe(graphIdentity(graph, table));
        },
      ),
    );
  });
});
