/** Alignment guides: dragged nodes snap to a side or the middle of a near node, and the line of both is shown. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { Box } from "../graph/boxes.ts";

export interface Line {
  /** The position on its own axis, and the extent on the other. */
  at: number;
  from: number;
  to: number;
}

export interface Guides {
  x?: Line;
  y?: Line;
}

export type GuideStore = StoreApi<Guides>;

/** The largest distance that snaps, in canvas pixels. */
const NEAR = 6;
/** Nodes farther away have no effect: the reason for the snap would be out of sight. */
const REACH = 1600;

interface Match {
  by: number;
  other?: Box;
  at: number;
}

/** How far to shift a box so that it aligns with the nearest of the others, and the lines on which it then is. */
export function snap(moved: Box, others: Iterable<Box>): { dx: number; dy: number; guides: Guides } {
  const x: Match = { by: Number.POSITIVE_INFINITY, at: 0 };
  const y: Match = { by: Number.POSITIVE_INFINITY, at: 0 };
  for (const other of others) {
    if (Math.abs(other.x - moved.x) > REACH || Math.abs(other.y - moved.y) > REACH) continue;
    closest(x, other, moved.x, moved.width, other.x, other.width);
    closest(y, other, moved.y, moved.height, other.y, other.height);
  }
  const dx = x.other ? x.by : 0;
  const dy = y.other ? y.by : 0;
  const guides: Guides = {};
  if (x.other) guides.x = line(x.at, moved.y + dy, moved.height, x.other.y, x.other.height);
  if (y.other) guides.y = line(y.at, moved.x + dx, moved.width, y.other.x, y.other.width);
  return { dx, dy, guides };
}

const line = (at: number, start: number, size: number, otherStart: number, otherSize: number): Line => ({
  at,
  from: Math.min(start, otherStart),
  to: Math.max(start + size, otherStart + otherSize),
});

function closest(best: Match, other: Box, start: number, size: number, otherStart: number, otherSize: number): void {
  for (const share of [0, 0.5, 1]) {
    const at = otherStart + otherSize * share;
    const by = at - (start + size * share);
    if (Math.abs(by) > NEAR || Math.abs(by) >= Math.abs(best.by)) continue;
    best.by = by;
    best.other = other;
    best.at = at;
  }
}

/** The store changes only when a line does. `show({})` removes the lines. */
export function createGuides(): GuideStore & { show(next: Guides): void } {
  const store = createStore<Guides>(() => ({}));
  const same = (a?: Line, b?: Line) => a === b || (a && b && a.at === b.at && a.from === b.from && a.to === b.to);
  return Object.assign(store, {
    show(next: Guides) {
      const now = store.getState();
      if (!same(now.x, next.x) || !same(now.y, next.y)) store.setState(next, true);
    },
  });
}
