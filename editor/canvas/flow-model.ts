/**
 * The graph as React Flow nodes and edges. Each sync returns the previous object for each part that did not change, so a
 * keystroke in one node renders one card.
 */
import type { Edge, Node, NodeHandle } from "@xyflow/react";
import { edgeEnd, type Graph, type GraphEdge, type GraphNode, type Group } from "../../runtime/graph.ts";
import { edgeFit, type Kind } from "../../runtime/port.ts";
import { type Box, boundsOf } from "../graph/boxes.ts";
import { CARD, type CardPorts, nodeSize, portBoxes, positionOf } from "../graph/card-size.ts";
import { obstaclesOf, type Point, route } from "../graph/edge-route.ts";
import { edgeKey, lookup } from "../graph/lookup.ts";
import { roleOf } from "../graph/node-types.ts";
import { drawnPorts, type PortReader } from "../graph/ports.ts";
import type { Selection } from "../session/selection.ts";
import { handles } from "./handles.ts";

export type CardNode = Node<{ node: GraphNode; ports: CardPorts }, "card" | "annotation">;
export type FrameNode = Node<{ group: Group }, "frame">;
export type FlowNode = CardNode | FrameNode;
export type FlowEdge = Edge<
  {
    kind: Kind;
    to: Kind;
    how: "same" | "convert" | "no";
    source: string;
    target: string;
    dangling: boolean;
    /** From one end to the other around cards; absent when the direct way is free. */
    route?: readonly Point[];
  },
  "edge"
>;

export interface Flow {
  nodes: FlowNode[];
  edges: FlowEdge[];
}

interface Known {
  node: GraphNode;
  reader: PortReader;
  into: readonly GraphEdge[];
  outOf: readonly GraphEdge[];
  ports: CardPorts;
  handles: NodeHandle[];
}

/** The box of a React Flow node, at its position or at another one. */
export const flowBox = (node: FlowNode, { x, y } = node.position): Box => ({
  x,
  y,
  width: node.measured?.width ?? node.width ?? CARD.width,
  height: node.measured?.height ?? node.height ?? CARD.head,
});

/** Keeps the results of a sync for the next one. Each canvas has its own. */
export function createFlowModel() {
  let known = new Map<string, Known>();
  let lastNodes = new Map<string, FlowNode>();
  let lastEdges = new Map<string, FlowEdge>();
  let routes = createRoutes([]);

  function portsOf(graph: Graph, node: GraphNode, reader: PortReader): Known {
    const at = lookup(graph);
    const into = at.into(node.id);
    const outOf = at.outOf(node.id);
    const old = known.get(node.id);
    if (old && old.node === node && old.reader === reader && sameItems(old.into, into) && sameItems(old.outOf, outOf))
      return old;
    const drawn = drawnPorts(graph, node, reader);
    const ports = old && JSON.stringify(old.ports) === JSON.stringify(drawn) ? old.ports : drawn;
    return { node, reader, into, outOf, ports, handles: old?.ports === ports ? old.handles : handles(ports) };
  }

  function card(
    graph: Graph,
    node: GraphNode,
    reader: PortReader,
    selected: boolean,
    next: Map<string, Known>,
  ): CardNode {
    const facts = portsOf(graph, node, reader);
    next.set(node.id, facts);
    const position = positionOf(graph, node.id);
    const old = lastNodes.get(node.id) as CardNode | undefined;
    const annotation = roleOf(node) === "annotation";
    if (
      old &&
      old.data.node === node &&
      old.data.ports === facts.ports &&
      old.position.x === position.x &&
      old.position.y === position.y &&
      old.selected === selected &&
      (!annotation || (old.width === position.width && old.height === position.height) || position.width === undefined)
    )
      return old;
    const size = nodeSize(node, facts.ports, position);
    const samePorts = old?.data.ports === facts.ports && old.data.node.type === node.type;
    return {
      id: node.id,
      type: annotation ? "annotation" : "card",
      position: { x: position.x, y: position.y },
      selected,
      data: { node, ports: facts.ports },
      handles: facts.handles,
      ...(annotation ? size : { initialWidth: size.width, initialHeight: size.height }),
      // React Flow's measurement is valid until the ports or the type change.
      measured: samePorts && !annotation ? old.measured : size,
      ...(old?.dragging ? { dragging: old.dragging } : {}),
    };
  }

  /** `measured`: React Flow's current nodes, with its measurements. */
  function sync(graph: Graph, reader: PortReader, selection: Selection, measured?: readonly FlowNode[]): Flow {
    if (measured) lastNodes = new Map(measured.map((node) => [node.id, node]));
    const nextKnown = new Map<string, Known>();
    const nodes = new Map<string, FlowNode>();
    for (const node of graph.nodes)
      if (!nodes.has(node.id)) nodes.set(node.id, card(graph, node, reader, selection.nodes.has(node.id), nextKnown));
    routes = routes.in([...nodes.values()]);
    const frames = graph.groups.flatMap((group) => frame(group, nodes, lastNodes) ?? []);
    const edges = new Map<string, FlowEdge>();
    for (const edge of graph.edges) {
      const key = edgeKey(edge);
      const made = flowEdge(edge, key, nextKnown, selection.edges.has(key), routes);
      if (!made || edges.has(key)) continue;
      const old = lastEdges.get(key);
      edges.set(key, old && sameEdge(old, made) ? old : made);
    }
    known = nextKnown;
    lastNodes = nodes;
    lastEdges = edges;
    return { nodes: [...frames, ...nodes.values()], edges: [...edges.values()] };
  }

  return { sync };
}

function flowEdge(
  edge: GraphEdge,
  key: string,
  known: ReadonlyMap<string, Known>,
  selected: boolean,
  routes: Routes,
): FlowEdge | undefined {
  const from = edgeEnd(edge.from);
  const to = edgeEnd(edge.to);
  const output = known.get(from.node)?.ports.outputs.find((port) => port.id === from.port);
  const input = known.get(to.node)?.ports.inputs.find((port) => port.id === to.port);
  if (!output || !input) return undefined;
  const dangling = output.missing === true || input.missing === true;
  const way = routes.of(key, [from.node, output.id], [to.node, input.id]);
  return {
    id: key,
    type: "edge",
    source: from.node,
    sourceHandle: from.port,
    target: to.node,
    targetHandle: to.port,
    selected,
    data: {
      kind: output.kind,
      to: input.kind,
      how: edgeFit(output.kind, input.kind),
      source: from.node,
      target: to.node,
      dangling,
      ...(way && { route: way }),
    },
  };
}

interface Routes {
  /** The way of an edge around the cards, or undefined when it needs none. */
  of(key: string, from: PortAt, to: PortAt): readonly Point[] | undefined;
  /** The routes among these nodes: the same when no card has moved or changed its size. */
  in(nodes: readonly FlowNode[]): Routes;
}

/** A node and one of its ports. */
type PortAt = readonly [node: string, port: string];

function createRoutes(nodes: readonly FlowNode[]): Routes {
  const cards = nodes.filter((node): node is CardNode => node.type === "card");
  const boxes = cards.map((node) => flowBox(node));
  const byId = new Map(cards.map((node) => [node.id, node]));
  const found = new Map<string, readonly Point[] | undefined>();
  // Edges between the same columns, by the order in which they are asked for.
  const lanes = new Map<string, number>();
  let obstacles: ReturnType<typeof obstaclesOf> | undefined;
  const end = ([id, port]: PortAt, side: "in" | "out"): Point | undefined => {
    const node = byId.get(id);
    const box = node && portBoxes(node.data.ports).find((one) => one.id === port && one.side === side);
    return node && box && { x: node.position.x + box.x + box.width / 2, y: node.position.y + box.y + box.height / 2 };
  };
  return {
    of(key, from, to) {
      if (found.has(key)) return found.get(key);
      const [start, finish] = [end(from, "out"), end(to, "in")];
      obstacles ??= obstaclesOf(boxes);
      const lane = lanes.get(to[0]) ?? 0;
      const points = start && finish ? route(start, finish, obstacles, lane) : [];
      const way = points.length > 2 ? points : undefined;
      if (way) lanes.set(to[0], lane + 1);
      found.set(key, way);
      return way;
    },
    in(next) {
      const same =
        next.length === nodes.length &&
        next.every(
          (node, index) => node === nodes[index] || sameBox(flowBox(node), flowBox(nodes[index]!), node, nodes[index]!),
        );
      return same ? this : createRoutes(next);
    },
  };
}

const sameBox = (a: Box, b: Box, one: FlowNode, other: FlowNode): boolean =>
  one.id === other.id &&
  a.x === b.x &&
  a.y === b.y &&
  a.width === b.width &&
  a.height === b.height &&
  (one as CardNode).data.ports === (other as CardNode).data.ports;

function sameEdge(a: FlowEdge, b: FlowEdge): boolean {
  return (
    a.selected === b.selected &&
    a.data?.kind === b.data?.kind &&
    a.data?.to === b.data?.to &&
    a.data?.how === b.data?.how &&
    a.data?.dangling === b.data?.dangling &&
    sameRoute(a.data?.route, b.data?.route)
  );
}

function sameRoute(a: readonly Point[] | undefined, b: readonly Point[] | undefined): boolean {
  if (a === b || !a || !b) return a === b;
  return a.length === b.length && a.every((point, index) => point.x === b[index]!.x && point.y === b[index]!.y);
}

const FRAME_PAD = 22;
const FRAME_HEAD = 30;

function frame(
  group: Group,
  nodes: ReadonlyMap<string, FlowNode>,
  last: ReadonlyMap<string, FlowNode>,
): FrameNode | undefined {
  const box = boundsOf(group.nodes.flatMap((id) => nodes.get(id) ?? []).map((node) => flowBox(node)));
  if (!box) return undefined;
  const x = box.x - FRAME_PAD;
  const y = box.y - FRAME_PAD - FRAME_HEAD;
  const width = box.width + 2 * FRAME_PAD;
  const height = box.height + 2 * FRAME_PAD + FRAME_HEAD;
  const id = `group ${group.id}`;
  const old = last.get(id) as FrameNode | undefined;
  if (
    old &&
    old.data.group === group &&
    old.position.x === x &&
    old.position.y === y &&
    old.width === width &&
    old.height === height
  )
    return old;
  return {
    id,
    type: "frame",
    position: { x, y },
    width,
    height,
    measured: { width, height },
    data: { group },
    selectable: false,
    draggable: false,
    connectable: false,
    focusable: false,
    deletable: false,
    zIndex: -1,
    handles: [],
  };
}

/** Whether two lists have the same objects in the same order. */
export function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
