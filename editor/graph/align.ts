/** Aligns and distributes nodes. Pure: returns the new positions of the boxes that move. */
import type { Box as Rectangle } from "./boxes.ts";

export interface Box extends Rectangle {
  id: string;
}

export type Side = "left" | "center" | "right" | "top" | "middle" | "bottom";
export type Axis = "x" | "y";
type Positions = Record<string, { x: number; y: number }>;

/** Aligns boxes to a side, or to the middle, of their common bounding box. Fewer than two boxes do not move. */
export function alignPositions(boxes: readonly Box[], side: Side): Positions {
  if (boxes.length < 2) return {};
  const axis: Axis = side === "left" || side === "center" || side === "right" ? "x" : "y";
  const size = axis === "x" ? "width" : "height";
  const first = Math.min(...boxes.map((box) => box[axis]));
  const last = Math.max(...boxes.map((box) => box[axis] + box[size]));
  const at = (box: Box) => {
    if (side === "left" || side === "top") return first;
    if (side === "right" || side === "bottom") return last - box[size];
    return Math.round((first + last - box[size]) / 2);
  };
  return moved(boxes, axis, at);
}

/** Makes the gaps equal between the outermost two boxes, which do not move. Fewer than three boxes do not move. */
export function distributePositions(boxes: readonly Box[], axis: Axis): Positions {
  if (boxes.length < 3) return {};
  const size = axis === "x" ? "width" : "height";
  const ordered = [...boxes].sort((a, b) => a[axis] + a[size] / 2 - (b[axis] + b[size] / 2));
  const start = ordered[0]![axis];
  const end = ordered.at(-1)![axis] + ordered.at(-1)![size];
  const gap = (end - start - ordered.reduce((sum, box) => sum + box[size], 0)) / (ordered.length - 1);
  const at = new Map<string, number>();
  let next = start;
  for (const box of ordered) {
    at.set(box.id, Math.round(next));
    next += box[size] + gap;
  }
  return moved(boxes, axis, (box) => at.get(box.id)!);
}

function moved(boxes: readonly Box[], axis: Axis, at: (box: Box) => number): Positions {
  return Object.fromEntries(
    boxes.flatMap((box) => {
      const value = at(box);
      return value === box[axis] ? [] : [[box.id, { x: box.x, y: box.y, [axis]: value }]];
    }),
  );
}
