/**
 * Guides while dragging: the dragged nodes take the line of a near one's side or middle, and the line is shown. The store
 * changes only when a line does, and only the lines are drawn from it.
 */
import { createStore, type StoreApi } from "zustand/vanilla";

export interface Rect {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Line {
  /** The line's place on its own axis, and how far it reaches on the other. */
  at: number;
  from: number;
  to: number;
}

export interface Guides {
  x?: Line;
  y?: Line;
}

export type GuideStore = StoreApi<Guides>;

/** In the canvas's own units: nearer than this snaps. */
const NEAR = 6;
/** Nodes farther away than this do not pull: the eye would not see why. */
const REACH = 1600;

/** How far to shift a rectangle so that it lines up with the nearest of the others, and the lines that it then takes. */
export function snap(moved: Rect, others: Iterable<Rect>): { dx: number; dy: number; guides: Guides } {
  const x = { by: Number.POSITIVE_INFINITY, other: undefined as Rect | undefined, at: 0 };
  const y = { by: Number.POSITIVE_INFINITY, other: undefined as Rect | undefined, at: 0 };
  for (const other of others) {
    if (Math.abs(other.x - moved.x) > REACH || Math.abs(other.y - moved.y) > REACH) continue;
    closest(x, other, moved.x, moved.width, other.x, other.width);
    closest(y, other, moved.y, moved.height, other.y, other.height);
  }
  const dx = x.other ? x.by : 0;
  const dy = y.other ? y.by : 0;
  const guides: Guides = {};
  if (x.other) {
    const top = moved.y + dy;
    guides.x = {
      at: x.at,
      from: Math.min(top, x.other.y),
      to: Math.max(top + moved.height, x.other.y + x.other.height),
    };
  }
  if (y.other) {
    const left = moved.x + dx;
    guides.y = {
      at: y.at,
      from: Math.min(left, y.other.x),
      to: Math.max(left + moved.width, y.other.x + y.other.width),
    };
  }
  return { dx, dy, guides };
}

function closest(
  best: { by: number; other: Rect | undefined; at: number },
  other: Rect,
  start: number,
  size: number,
  otherStart: number,
  otherSize: number,
): void {
  for (const share of [0, 0.5, 1]) {
    const at = otherStart + otherSize * share;
    const by = at - (start + size * share);
    if (Math.abs(by) > NEAR || Math.abs(by) >= Math.abs(best.by)) continue;
    best.by = by;
    best.other = other;
    best.at = at;
  }
}

export function createGuides(): GuideStore & { show(next: Guides): void; clear(): void } {
  const store = createStore<Guides>(() => ({}));
  const same = (a?: Line, b?: Line) => a === b || (a && b && a.at === b.at && a.from === b.from && a.to === b.to);
  return Object.assign(store, {
    show(next: Guides) {
      const now = store.getState();
      if (!same(now.x, next.x) || !same(now.y, next.y)) store.setState(next, true);
    },
    clear() {
      const now = store.getState();
      if (now.x || now.y) store.setState({}, true);
    },
  });
}
