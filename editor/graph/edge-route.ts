/**
 * Routes of edges around cards. An edge runs from left to right as a curve with level ends; where a card is in its way, it
 * passes above or below the card. Pure; positions in canvas pixels.
 */
import type { Box } from "./boxes.ts";

export interface Point {
  x: number;
  y: number;
}

/** Cards on the way, sorted by `x`, and the greatest width among them. */
export interface Obstacles {
  boxes: readonly Box[];
  widest: number;
}

export function obstaclesOf(boxes: Iterable<Box>): Obstacles {
  const sorted = [...boxes].sort((a, b) => a.x - b.x);
  return { boxes: sorted, widest: sorted.reduce((most, box) => Math.max(most, box.width), 0) };
}

/** The least distance between an edge and a card that it passes. */
const CLEARANCE = 8;
/** Distances of edges that pass the same card one after the other, so that they do not lie on each other. */
const LANES = [14, 20, 26];
/** Level parts begin and end this far from the card that they pass. */
const OVERHANG = 12;
/** A detour can meet further cards. After this many the edge is drawn directly. */
const MAX_CARDS = 40;

/**
 * The points of the edge, the two ends included; two points when no card is in the way. An edge that runs to the left keeps
 * its direct curve. `lane` separates edges on the same way.
 */
export function route(from: Point, to: Point, { boxes, widest }: Obstacles, lane = 0): Point[] {
  const direct = [from, to];
  if (to.x <= from.x) return direct;
  const near = between(boxes, from.x - widest, to.x).filter((box) => box.x + box.width > from.x && box.x < to.x);
  const met: Box[] = [];
  let points = direct;
  while (met.length < MAX_CARDS) {
    const blocking = near.filter((box) => !met.includes(box) && crosses(points, box));
    if (blocking.length === 0) return points;
    met.push(...blocking);
    points = around(from, to, met, LANES[lane % LANES.length]!);
  }
  return direct;
}

/** The boxes whose left side is between two positions. */
function between(sorted: readonly Box[], least: number, most: number): Box[] {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]!.x < least) low = middle + 1;
    else high = middle;
  }
  const found: Box[] = [];
  for (let index = low; index < sorted.length && sorted[index]!.x <= most; index++) found.push(sorted[index]!);
  return found;
}

interface Column {
  left: number;
  right: number;
  boxes: Box[];
}

/** The way past all of these boxes with the least rise and fall. */
function around(from: Point, to: Point, boxes: readonly Box[], distance: number): Point[] {
  const columns: Column[] = [];
  for (const box of [...boxes].sort((a, b) => a.x - b.x)) {
    const left = Math.max(from.x, box.x - OVERHANG);
    const right = Math.min(to.x, box.x + box.width + OVERHANG);
    const last = columns.at(-1);
    if (last && left < last.right) {
      last.right = Math.max(last.right, right);
      last.boxes.push(box);
    } else columns.push({ left, right, boxes: [box] });
  }
  let ways: { y: number; cost: number; path: number[] }[] = [{ y: from.y, cost: 0, path: [] }];
  for (const column of columns)
    ways = levels(column, [from.y, to.y], distance).map((y) => {
      const best = ways.reduce((least, way) =>
        way.cost + Math.abs(way.y - y) < least.cost + Math.abs(least.y - y) ? way : least,
      );
      return { y, cost: best.cost + Math.abs(best.y - y), path: [...best.path, y] };
    });
  const total = (way: (typeof ways)[number]) => way.cost + Math.abs(way.y - to.y);
  const { path } = ways.reduce((least, way) => (total(way) < total(least) ? way : least));
  return [
    from,
    ...columns.flatMap(({ left, right }, index) => [
      { x: left, y: path[index]! },
      { x: right, y: path[index]! },
    ]),
    to,
  ];
}

/** The heights at which a level line passes all boxes of a column: the wanted ones, and those just above and below a box. */
function levels({ boxes }: Column, wanted: readonly number[], distance: number): number[] {
  const all = [...wanted, ...boxes.flatMap((box) => [box.y - distance, box.y + box.height + distance])];
  return all.filter((y) => boxes.every((box) => y <= box.y - CLEARANCE || y >= box.y + box.height + CLEARANCE));
}

/** Whether the curve through the points comes too near to a box. */
function crosses(points: readonly Point[], box: Box): boolean {
  const [left, right] = [box.x - CLEARANCE / 2, box.x + box.width + CLEARANCE / 2];
  const [top, bottom] = [box.y - CLEARANCE / 2, box.y + box.height + CLEARANCE / 2];
  return points.slice(1).some((end, index) => {
    const start = points[index]!;
    if (end.x <= left || start.x >= right) return false;
    if (Math.max(start.y, end.y) <= top || Math.min(start.y, end.y) >= bottom) return false;
    // The curve rises or falls all the way: within the box it is between its heights at both sides of the box.
    const [a, b] = [heightAt(start, end, left), heightAt(start, end, right)];
    return Math.max(a, b) > top && Math.min(a, b) < bottom;
  });
}

/** The height of the curve between two points where it passes `x`. */
function heightAt(start: Point, end: Point, x: number): number {
  if (x <= start.x) return start.y;
  if (x >= end.x) return end.y;
  // The controls lie level with the ends, halfway between them.
  const share = (x - start.x) / (end.x - start.x);
  let [low, high] = [0, 1];
  for (let step = 0; step < 12; step++) {
    const t = (low + high) / 2;
    if (1.5 * t * (1 - t) + t ** 3 < share) low = t;
    else high = t;
  }
  const t = (low + high) / 2;
  return start.y + (end.y - start.y) * t * t * (3 - 2 * t);
}

/** The SVG path through the points: level at each of them. */
export function routePath(points: readonly Point[]): string {
  return points
    .map(({ x, y }, index) => {
      const before = points[index - 1];
      if (!before) return `M${x},${y}`;
      if (before.y === y) return `L${x},${y}`;
      const middle = (before.x + x) / 2;
      return `C${middle},${before.y} ${middle},${y} ${x},${y}`;
    })
    .join(" ");
}

/** Where a label of the edge fits: the middle of its longest part. */
export function routeMiddle(points: readonly Point[]): Point {
  const parts = points.slice(1).map((end, index) => [points[index]!, end] as const);
  const [start, end] = parts.reduce((longest, part) => (length(part) > length(longest) ? part : longest));
  return { x: (start.x + end.x) / 2, y: (start.y + end.y) / 2 };
}

const length = ([start, end]: readonly [Point, Point]) => Math.hypot(end.x - start.x, end.y - start.y);
