/** Auto-layout: left to right along the edges. The layout engine is loaded at the first call. */
import type { ElkNode } from "elkjs/lib/elk-api";
import { edgeEnd, type Graph } from "../../runtime/graph.ts";
import { boundsOf } from "./boxes.ts";
import { CARD, nodeSize, portBoxes } from "./card-size.ts";
import { edgeKey } from "./lookup.ts";
import { roleOf } from "./node-types.ts";
import { drawnPorts, type PortReader } from "./ports.ts";

type Layouter = { layout(graph: ElkNode): Promise<ElkNode> };
let engine: Promise<Layouter> | undefined;

async function load(): Promise<Layouter> {
  const [{ default: Elk }, { default: ElkWorker }] = await Promise.all([
    import("elkjs/lib/elk-api"),
    import("elkjs/lib/elk-worker.min.js?worker"),
  ]);
  return new Elk({ workerFactory: () => new ElkWorker() });
}

/**
 * New positions for the selected nodes (two or more), or for all. Notes do not move, and the top left corner of the
 * nodes stays where it was. Rejects when the engine cannot be loaded. `layouter` replaces the engine in tests.
 */
export async function layoutPositions(
  graph: Graph,
  reader: PortReader,
  selected?: ReadonlySet<string>,
  layouter?: Layouter,
): Promise<Record<string, { x: number; y: number }>> {
  const input = elkGraph(graph, reader, selected);
  if (input.children?.length === 0) return {};
  if (!layouter) engine ??= load();
  const done = await (layouter ?? (await engine)!).layout(input);
  const children = done.children ?? [];
  const known = children.flatMap((child) => graph.layout[child.id] ?? []);
  const placed = children.map(({ id, x = 0, y = 0 }) => ({ id, x, y }));
  const [from, to] = [boundsOf(placed), boundsOf(known)];
  const [dx, dy] = [(to?.x ?? 0) - (from?.x ?? 0), (to?.y ?? 0) - (from?.y ?? 0)];
  return Object.fromEntries(placed.map(({ id, x, y }) => [id, { x: x + dx, y: y + dy }]));
}

/** The graph as the engine takes it: ports on their sides, in their order. */
export function elkGraph(graph: Graph, reader: PortReader, selected?: ReadonlySet<string>): ElkNode {
  const nodes = graph.nodes.filter(
    (node) => roleOf(node) !== "annotation" && (!selected || selected.size < 2 || selected.has(node.id)),
  );
  const inside = new Set(nodes.map((node) => node.id));
  return {
    id: "root",
    layoutOptions: {
      "elk.algorithm": "layered",
      "elk.direction": "RIGHT",
      "elk.layered.spacing.nodeNodeBetweenLayers": "88",
      "elk.spacing.nodeNode": "44",
      "elk.spacing.edgeNode": "20",
      "elk.layered.nodePlacement.strategy": "NETWORK_SIMPLEX",
      "elk.layered.considerModelOrder.strategy": "NODES_AND_EDGES",
      "elk.separateConnectedComponents": "true",
    },
    children: nodes.map((node) => {
      const ports = drawnPorts(graph, node, reader);
      return {
        id: node.id,
        ...nodeSize(node, ports, graph.layout[node.id]),
        layoutOptions: { "elk.portConstraints": "FIXED_POS" },
        ports: portBoxes(ports).map((port) => ({
          id: `${node.id} ${port.side} ${port.id}`,
          x: port.side === "in" ? 0 : CARD.width,
          y: port.y + CARD.handle / 2,
          width: 0,
          height: 0,
          layoutOptions: { "elk.port.side": port.side === "in" ? "WEST" : "EAST" },
        })),
      };
    }),
    edges: graph.edges.flatMap((edge) => {
      const from = edgeEnd(edge.from);
      const to = edgeEnd(edge.to);
      if (!inside.has(from.node) || !inside.has(to.node)) return [];
      return [{ id: edgeKey(edge), sources: [`${from.node} out ${from.port}`], targets: [`${to.node} in ${to.port}`] }];
    }),
  };
}
