import Elk from "elkjs/lib/elk.bundled.js";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { graphOf } from "../e2e/graphs.ts";
import { layoutPositions } from "./auto-layout.ts";
import { type Box, cardBox } from "./boxes.ts";
import { CARD, portBoxes } from "./card-size.ts";
import { setLayout } from "./commands.ts";
import { obstaclesOf, type Point, route, routeMiddle, routePath } from "./edge-route.ts";
import { lookup } from "./lookup.ts";
import { table } from "./node-types.ts";
import { createPortReader, drawnPorts } from "./ports.ts";

/** Points of the drawn path, close together. Reads the path itself, so that it is the drawing that is tested. */
function samples(path: string): Point[] {
  const found: Point[] = [];
  let at = { x: 0, y: 0 };
  for (const [, letter, numbers = ""] of path.matchAll(/([MLC])([^MLC]*)/g)) {
    const n = numbers.trim().split(/[ ,]+/).map(Number);
    const end = { x: n.at(-2)!, y: n.at(-1)! };
    const [a, b] =
      letter === "C"
        ? [
            { x: n[0]!, y: n[1]! },
            { x: n[2]!, y: n[3]! },
          ]
        : [at, end];
    if (letter !== "M")
      for (let t = 0; t <= 1; t += 1 / 64) {
        const [p, q, r, s] = [(1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t ** 2, t ** 3];
        found.push({
          x: p * at.x + q * a.x + r * b.x + s * end.x,
          y: p * at.y + q * a.y + r * b.y + s * end.y,
        });
      }
    at = end;
  }
  return found;
}

const inside = ({ x, y }: Point, box: Box) => x > box.x && x < box.x + box.width && y > box.y && y < box.y + box.height;

/** Cards in columns that keep 60 pixels to each other, as a tidy graph has them. */
const tidy = fc
  .array(
    fc.record({
      gap: fc.integer({ min: 60, max: 200 }),
      rows: fc.array(fc.integer({ min: 60, max: 260 }), { maxLength: 5 }),
    }),
    { minLength: 1, maxLength: 5 },
  )
  .map((columns) => {
    const boxes: Box[] = [];
    let x = 60;
    for (const { gap, rows } of columns) {
      let y = -200;
      for (const height of rows) {
        boxes.push({ x, y, width: CARD.width, height });
        y += height + 44;
      }
      x += CARD.width + gap;
    }
    return { boxes, right: x };
  });

describe("the route of an edge", () => {
  it("is the direct curve when no card is in the way, and when it runs to the left", () => {
    const obstacles = obstaclesOf([{ x: 100, y: 0, width: 232, height: 100 }]);
    expect(route({ x: 0, y: 200 }, { x: 500, y: 240 }, obstacles)).toHaveLength(2);
    expect(route({ x: 500, y: 50 }, { x: 0, y: 50 }, obstacles)).toHaveLength(2);
  });

  it("passes a card on the nearer side", () => {
    const obstacles = obstaclesOf([{ x: 100, y: 0, width: 232, height: 100 }]);
    const points = route({ x: 0, y: 80 }, { x: 500, y: 80 }, obstacles);
    expect(points.slice(1, -1).map(({ y }) => y)).toEqual([114, 114]);
    expect(routeMiddle(points).y).toBe(114);
    // A second edge keeps a distance to the first.
    expect(route({ x: 0, y: 80 }, { x: 500, y: 80 }, obstacles, 1)[1]!.y).toBe(120);
  });

  it("never lies under a card of a tidy graph", () => {
    fc.assert(
      fc.property(
        tidy,
        fc.integer({ min: -300, max: 900 }),
        fc.integer({ min: -300, max: 900 }),
        fc.nat(3),
        (graph, a, b, lane) => {
          const from = { x: 0, y: a };
          const to = { x: graph.right, y: b };
          const points = route(from, to, obstaclesOf(graph.boxes), lane);
          expect([points[0], points.at(-1)]).toEqual([from, to]);
          for (const point of samples(routePath(points)))
            expect(graph.boxes.filter((box) => inside(point, box))).toEqual([]);
        },
      ),
    );
  });

  it("never lies under a card after auto-layout", async () => {
    const elk = new Elk();
    const ids = fc.integer({ min: 3, max: 14 });
    await fc.assert(
      fc.asyncProperty(ids, fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 24 }), async (count, pairs) => {
        const names = Array.from({ length: count }, (_, index) => `n${index}`);
        const lines = pairs.flatMap(([a, b]) => {
          const [low, high] = [Math.min(a % count, b % count), Math.max(a % count, b % count)];
          return low === high ? [] : [`n${low}.text > n${high}.in${low}`];
        });
        const templates = names.map((_, index) =>
          Array.from({ length: index }, (_item, other) => `{{in${other}}}`)
            .slice(0, 6)
            .join(" "),
        );
        const reader = createPortReader(table);
        const graph = graphOf(
          "any",
          names.map((id, index) => [id, "prompt", { template: templates[index] }]),
          [...new Set(lines)],
          {},
        );
        const placed = setLayout(await layoutPositions(graph, reader, undefined, elk)).run(graph);
        const boxes = placed.nodes.map((node) => cardBox(placed, node, reader));
        const obstacles = obstaclesOf(boxes);
        const end = (text: string, side: "in" | "out") => {
          const [id = "", port] = text.split(".");
          const node = lookup(placed).node(id)!;
          const box = portBoxes(drawnPorts(placed, node, reader)).find((one) => one.id === port && one.side === side)!;
          const { x, y } = cardBox(placed, node, reader);
          return { x: x + box.x + box.width / 2, y: y + box.y + box.height / 2 };
        };
        for (const edge of placed.edges) {
          const path = routePath(route(end(edge.from, "out"), end(edge.to, "in"), obstacles));
          for (const point of samples(path))
            expect(
              boxes.filter((box) => inside(point, box)),
              `${edge.from} > ${edge.to}: ${path}`,
            ).toEqual([]);
        }
      }),
      { numRuns: 40 },
    );
  }, 60_000);
});
