/** Where new nodes go: laid out among themselves, beside what they are wired to, and never over a card that stands. */

import { edgeEnd, type Graph } from "../../runtime/graph.ts";
import { nodeSize } from "../canvas/geometry.ts";
import { layoutPlaces } from "../canvas/layout.ts";
import { drawnPorts, type PortReader } from "../state/ports.ts";

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}
const GAP = { x: 88, y: 36 } as const;

/**
 * Places for the nodes that `after` has and `before` has not. Where they are at least as many as the old ones, all are
 * laid out; else the old ones stay where the person put them. Rejects when the layout engine cannot be loaded.
 */
export async function placeNew(
  before: Graph,
  after: Graph,
  reader: PortReader,
): Promise<Record<string, { x: number; y: number }>> {
  const had = new Set(before.nodes.map((node) => node.id));
  const cards = after.nodes.filter((node) => node.type !== "note");
  const fresh = cards.filter((node) => !had.has(node.id)).map((node) => node.id);
  if (fresh.length === 0) return {};
  if (fresh.length >= cards.length - fresh.length) return layoutPlaces(after, reader);

  const laid = fresh.length === 1 ? { [fresh[0]!]: { x: 0, y: 0 } } : await layoutPlaces(after, reader, new Set(fresh));
  const size = (id: string, place = after.layout[id]) => {
    const node = after.nodes.find((one) => one.id === id)!;
    return nodeSize(node, drawnPorts(after, node, reader), place);
  };
  const old: Box[] = cards.flatMap(({ id }) => {
    const place = had.has(id) ? after.layout[id] : undefined;
    return place ? [{ ...place, ...size(id) }] : [];
  });
  const block = fresh.map((id): Box => ({ ...laid[id]!, ...size(id) }));
  const origin = beside(after, new Set(fresh), size, bounds(block), bounds(old));
  const shift = { x: origin.x - bounds(block).x, y: origin.y - bounds(block).y };
  const moved = block.map((box) => ({ ...box, x: box.x + shift.x, y: box.y + shift.y }));
  const down = freeDown(moved, old);
  return Object.fromEntries(fresh.map((id, index) => [id, { x: moved[index]!.x, y: moved[index]!.y + down }]));
}

/** The corner of the new block: right of what feeds it, else left of what it feeds, else right of everything. */
function beside(
  graph: Graph,
  fresh: ReadonlySet<string>,
  size: (id: string) => { width: number; height: number },
  block: Box,
  old: Box,
): { x: number; y: number } {
  const ends = graph.edges.map((edge) => ({ from: edgeEnd(edge.from).node, to: edgeEnd(edge.to).node }));
  const boxes = (ids: string[]) =>
    ids.flatMap((id): Box[] => {
      const place = fresh.has(id) ? undefined : graph.layout[id];
      return place ? [{ ...place, ...size(id) }] : [];
    });
  const feeds = boxes(ends.filter(({ to }) => fresh.has(to)).map(({ from }) => from));
  const fed = boxes(ends.filter(({ from }) => fresh.has(from)).map(({ to }) => to));
  const near = [...feeds, ...fed];
  if (near.length === 0) return { x: old.x + old.width + GAP.x, y: old.y };
  const middle = near.reduce((sum, box) => sum + box.y + box.height / 2, 0) / near.length;
  const x =
    feeds.length > 0
      ? Math.max(...feeds.map((box) => box.x + box.width)) + GAP.x
      : Math.min(...fed.map((box) => box.x)) - GAP.x - block.width;
  return { x, y: middle - block.height / 2 };
}

/** How far down the block must go so that none of it lies on a card. */
function freeDown(block: readonly Box[], old: readonly Box[]): number {
  let down = 0;
  for (let moved = true; moved; ) {
    moved = false;
    for (const box of block)
      for (const other of old) {
        const apart =
          box.x + box.width + GAP.y <= other.x ||
          other.x + other.width + GAP.y <= box.x ||
          box.y + down + box.height + GAP.y <= other.y ||
          other.y + other.height + GAP.y <= box.y + down;
        if (apart) continue;
        down = other.y + other.height + GAP.y - box.y;
        moved = true;
      }
  }
  return down;
}

function bounds(boxes: readonly Box[]): Box {
  if (boxes.length === 0) return { x: 0, y: 0, width: 0, height: 0 };
  const x = Math.min(...boxes.map((box) => box.x));
  const y = Math.min(...boxes.map((box) => box.y));
  return {
    x,
    y,
    width: Math.max(...boxes.map((box) => box.x + box.width)) - x,
    height: Math.max(...boxes.map((box) => box.y + box.height)) - y,
  };
}
