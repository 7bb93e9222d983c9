import fc from "fast-check";
import { expect, it } from "vitest";
import { type Box, freePosition } from "./boxes.ts";

const box = fc.record({
  x: fc.integer({ min: -800, max: 800 }),
  y: fc.integer({ min: -800, max: 800 }),
  width: fc.integer({ min: 100, max: 300 }),
  height: fc.integer({ min: 60, max: 500 }),
});
const overlaps = (a: Box, b: Box) =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

it("finds a position where a new card covers no other, whatever their heights", () => {
  fc.assert(
    fc.property(fc.array(box, { maxLength: 20 }), box, (taken, wanted) => {
      const free = { ...wanted, ...freePosition(taken, wanted) };
      expect(taken.filter((other) => overlaps(free, other))).toEqual([]);
      if (
        !taken.some((other) =>
          overlaps(wanted, {
            ...other,
            x: other.x - 24,
            y: other.y - 24,
            width: other.width + 48,
            height: other.height + 48,
          }),
        )
      )
        expect(free).toEqual(wanted);
    }),
  );
});
