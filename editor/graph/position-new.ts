/**
 * Positions of new nodes: laid out among themselves, right of their sources, and not over another card. Their targets, and
 * all nodes right of these, make room.
 */
import { edgeEnd, type Graph } from "../../runtime/graph.ts";
import { layoutPositions } from "./auto-layout.ts";
import { type Box, boundsOf } from "./boxes.ts";
import { nodeSize } from "./card-size.ts";
import { roleOf } from "./node-types.ts";
import { drawnPorts, type PortReader } from "./ports.ts";

const GAP = { x: 88, y: 36 } as const;

/**
 * Positions for the nodes that only `after` has, and for those that make room. When at least half of the nodes are new,
 * all are laid out; else the old ones keep their order and rows. Rejects when the layout engine cannot be loaded.
 */
export async function positionNew(
  before: Graph,
  after: Graph,
  reader: PortReader,
): Promise<Record<string, { x: number; y: number }>> {
  const had = new Set(before.nodes.map((node) => node.id));
  const cards = after.nodes.filter((node) => roleOf(node) !== "annotation");
  const fresh = cards.filter((node) => !had.has(node.id)).map((node) => node.id);
  if (fresh.length === 0) return {};
  if (fresh.length >= cards.length - fresh.length) return layoutPositions(after, reader);

  const laid =
    fresh.length === 1 ? { [fresh[0]!]: { x: 0, y: 0 } } : await layoutPositions(after, reader, new Set(fresh));
  const size = (id: string, position = after.layout[id]) => {
    const node = after.nodes.find((one) => one.id === id)!;
    return nodeSize(node, drawnPorts(after, node, reader), position);
  };
  const old = cards.flatMap(({ id }): (Box & { id: string })[] => {
    const position = had.has(id) ? after.layout[id] : undefined;
    return position ? [{ id, ...position, ...size(id) }] : [];
  });
  const block = fresh.map((id): Box => ({ ...laid[id]!, ...size(id) }));
  const { x, y, from, right } = beside(after, new Set(fresh), old, bounds(block));
  const shift = { x: x - bounds(block).x, y: y - bounds(block).y };
  const put = block.map((box) => ({ ...box, x: box.x + shift.x, y: box.y + shift.y }));
  const moved = right > 0 ? old.filter((box) => box.x >= from).map((box) => ({ ...box, x: box.x + right })) : [];
  const aside = new Set(moved.map((box) => box.id));
  const down = freeDown(put, [...moved, ...old.filter((box) => !aside.has(box.id))]);
  return Object.fromEntries([
    ...fresh.map((id, index) => [id, { x: put[index]!.x, y: put[index]!.y + down }] as const),
    ...moved.map((box) => [box.id, { x: box.x, y: box.y }] as const),
  ]);
}

/**
 * The corner of the new block: right of its sources, else left of its targets, else right of everything. All nodes at
 * `from` or right of it move `right` pixels.
 */
function beside(
  graph: Graph,
  fresh: ReadonlySet<string>,
  old: readonly (Box & { id: string })[],
  block: Box,
): { x: number; y: number; from: number; right: number } {
  const feeding = new Set<string>();
  const taking = new Set<string>();
  for (const edge of graph.edges) {
    const from = edgeEnd(edge.from).node;
    const to = edgeEnd(edge.to).node;
    if (fresh.has(to)) feeding.add(from);
    if (fresh.has(from)) taking.add(to);
  }
  const feeds = old.filter((box) => feeding.has(box.id));
  const fed = old.filter((box) => taking.has(box.id));
  const near = [...feeds, ...fed];
  if (near.length === 0) {
    const all = bounds(old);
    return { x: all.x + all.width + GAP.x, y: all.y, from: 0, right: 0 };
  }
  const y = near.reduce((sum, box) => sum + box.y + box.height / 2, 0) / near.length - block.height / 2;
  const left = bounds(fed).x;
  if (feeds.length === 0) return { x: left - GAP.x - block.width, y, from: 0, right: 0 };
  const feedEnd = Math.max(...feeds.map((box) => box.x + box.width));
  const x = feedEnd + GAP.x;
  // Targets left of the sources do not move: there is nothing between the two to make room in.
  const makes = fed.length > 0 && left >= feedEnd;
  return { x, y, from: left, right: makes ? Math.max(0, x + block.width + GAP.x - left) : 0 };
}

/** How far the block must move down so that it covers no card. */
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
  return boundsOf(boxes) ?? { x: 0, y: 0, width: 0, height: 0 };
}
