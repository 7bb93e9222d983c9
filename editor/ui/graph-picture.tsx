import { useMemo } from "react";
import { edgeEnd, type Graph } from "../../runtime/graph.ts";
import type { Kind } from "../../runtime/port.ts";
import { resolve } from "../../runtime/resolve.ts";
import { roleOf, table } from "../graph/node-types.ts";
import { cx } from "./cx.ts";

interface Card {
  id: string;
  x: number;
  y: number;
  width: number;
  height: number;
  kind: Kind;
  inputs: string[];
  outputs: string[];
}
interface Cord {
  key: string;
  path: string;
  kind: Kind;
}

const WIDTH = 190;
const HEAD = 38;
const ROW = 21;
const GAP = 70;
const MARGIN = 40;
const LEAST = { width: 600, height: 300 };
/** A card has the colour of its output, or of its input if it has no output. */
const INK: Record<Kind, string> = {
  text: "var(--kind-text)",
  json: "var(--kind-json)",
  messages: "var(--kind-messages)",
  documents: "var(--kind-documents)",
  files: "var(--kind-files)",
  tools: "var(--kind-tools)",
  any: "var(--kind-any)",
};

/**
 * A small picture of a graph: cards at their positions, and edges in the colours of their kinds. Decorative, so hidden
 * from screen readers. `rings`: colours around cards, by node.
 */
export function GraphPicture({
  graph,
  rings,
  className,
}: {
  graph: Graph;
  rings?: ReadonlyMap<string, string | undefined>;
  className?: string;
}) {
  const picture = useMemo(() => draw(graph), [graph]);
  return (
    <div aria-hidden className={cx("dots overflow-hidden bg-paper", className)}>
      <svg viewBox={picture.viewBox} preserveAspectRatio="xMidYMid meet" className="h-full w-full" role="presentation">
        {picture.cords.map((cord) => (
          <path
            key={cord.key}
            d={cord.path}
            fill="none"
            stroke={INK[cord.kind]}
            strokeWidth={4.5}
            strokeLinecap="round"
          />
        ))}
        {picture.cards.map((card) => (
          <g key={card.id}>
            <rect
              x={card.x}
              y={card.y}
              width={card.width}
              height={card.height}
              rx={16}
              fill="var(--surface)"
              stroke={rings?.get(card.id) ?? "var(--line-strong)"}
              strokeWidth={rings?.get(card.id) ? 9 : 2.5}
            />
            <rect x={card.x + 15} y={card.y + 14} width={20} height={20} rx={6} fill={INK[card.kind]} opacity={0.9} />
            <rect x={card.x + 45} y={card.y + 20} width={62} height={8} rx={4} fill="var(--ink)" opacity={0.55} />
            <rect
              x={card.x + 15}
              y={card.y + card.height - 24}
              width={112}
              height={7}
              rx={3.5}
              fill="var(--line-strong)"
            />
          </g>
        ))}
        {picture.jacks.map((jack) => (
          <circle
            key={jack.key}
            cx={jack.x}
            cy={jack.y}
            r={8}
            fill={INK[jack.kind]}
            stroke="var(--surface)"
            strokeWidth={2.5}
          />
        ))}
      </svg>
    </div>
  );
}

function draw(graph: Graph) {
  const resolved = new Map(resolve(graph, table).nodes.map((node) => [node.id, node]));
  const places = graph.nodes.some((node) => graph.layout[node.id]) ? undefined : layers(graph);
  const cards = new Map<string, Card>();
  for (const node of graph.nodes) {
    if (roleOf(node) === "annotation") continue;
    const known = resolved.get(node.id);
    // Only connected ports are drawn; the others would be clutter at this size.
    const inputs = graph.edges.filter((edge) => edgeEnd(edge.to).node === node.id).map((edge) => edgeEnd(edge.to).port);
    const outputs = graph.edges
      .filter((edge) => edgeEnd(edge.from).node === node.id)
      .map((edge) => edgeEnd(edge.from).port);
    const place = places?.get(node.id) ?? graph.layout[node.id] ?? { x: 0, y: 0 };
    const rows = Math.max(new Set(inputs).size + new Set(outputs).size, 1);
    cards.set(node.id, {
      id: node.id,
      x: place.x,
      y: place.y,
      width: WIDTH,
      height: HEAD + rows * ROW + 24,
      kind: known?.outputs[0]?.kind ?? known?.inputs[0]?.kind ?? "any",
      inputs: [...new Set(inputs)],
      outputs: [...new Set(outputs)],
    });
  }

  const cords: Cord[] = [];
  const jacks = new Map<string, { key: string; x: number; y: number; kind: Kind }>();
  for (const edge of graph.edges) {
    const from = edgeEnd(edge.from);
    const to = edgeEnd(edge.to);
    const source = cards.get(from.node);
    const target = cards.get(to.node);
    if (!source || !target) continue;
    const kind = resolved.get(from.node)?.outputs.find((port) => port.id === from.port)?.kind ?? "any";
    const a = {
      x: source.x + source.width,
      y: source.y + HEAD + ROW * (source.inputs.length + source.outputs.indexOf(from.port) + 0.5),
    };
    const b = { x: target.x, y: target.y + HEAD + ROW * (target.inputs.indexOf(to.port) + 0.5) };
    const bend = Math.max(50, Math.abs(b.x - a.x) / 2);
    cords.push({
      key: `${edge.from}>${edge.to}`,
      kind,
      path: `M${a.x} ${a.y}C${a.x + bend} ${a.y} ${b.x - bend} ${b.y} ${b.x} ${b.y}`,
    });
    jacks.set(edge.from, { key: `o${edge.from}`, ...a, kind });
    jacks.set(`>${edge.to}`, { key: `i${edge.to}`, ...b, kind });
  }

  const all = [...cards.values()];
  // A small graph is centred and not enlarged.
  const across = span(
    all.map((card) => [card.x, card.x + card.width]),
    LEAST.width,
  );
  const down = span(
    all.map((card) => [card.y, card.y + card.height]),
    LEAST.height,
  );
  return {
    cards: all,
    cords,
    jacks: [...jacks.values()],
    viewBox: `${across.from} ${down.from} ${across.length} ${down.length}`,
  };
}

/** The extent of a picture along one axis: all pieces centred, with a margin. */
function span(pieces: (readonly [number, number])[], least: number): { from: number; length: number } {
  if (pieces.length === 0) return { from: 0, length: least };
  const from = Math.min(...pieces.map(([begin]) => begin));
  const to = Math.max(...pieces.map(([, end]) => end));
  const length = Math.max(to - from, least) + 2 * MARGIN;
  return { from: (from + to - length) / 2, length };
}

/** Positions for a graph without a layout: one column for each step from the inputs. */
function layers(graph: Graph): Map<string, { x: number; y: number }> {
  const depth = new Map(graph.nodes.map((node) => [node.id, 0]));
  // A graph that can run has no cycle. The number of nodes limits the rounds for one that does.
  for (let round = 0; round < graph.nodes.length; round++) {
    let moved = false;
    for (const edge of graph.edges) {
      const from = depth.get(edgeEnd(edge.from).node) ?? 0;
      const to = edgeEnd(edge.to).node;
      if ((depth.get(to) ?? 0) <= from) {
        depth.set(to, from + 1);
        moved = true;
      }
    }
    if (!moved) break;
  }
  const rows = new Map<number, number>();
  return new Map(
    graph.nodes.map((node) => {
      const column = depth.get(node.id) ?? 0;
      const row = rows.get(column) ?? 0;
      rows.set(column, row + 1);
      return [node.id, { x: column * (WIDTH + GAP), y: row * 170 }];
    }),
  );
}
