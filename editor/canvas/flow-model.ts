/**
 * The graph as React Flow nodes and edges. Each sync returns the previous object for each part that did not change, so a
 * keystroke in one node renders one card.
 */
import type { Edge, Node, NodeHandle } from "@xyflow/react";
import { edgeEnd, type Graph, type GraphEdge, type GraphNode, type Group } from "../../runtime/graph.ts";
import { edgeFit, type Kind } from "../../runtime/port.ts";
import { type Box, boundsOf } from "../graph/boxes.ts";
import { CARD, type CardPorts, nodeSize, positionOf } from "../graph/card-size.ts";
import { edgeKey, lookup } from "../graph/lookup.ts";
import { roleOf } from "../graph/node-types.ts";
import { drawnPorts, type PortReader } from "../graph/ports.ts";
import type { Selection } from "../session/selection.ts";
import { handles } from "./handles.ts";

export type CardNode = Node<{ node: GraphNode; ports: CardPorts }, "card" | "annotation">;
export type FrameNode = Node<{ group: Group }, "frame">;
export type FlowNode = CardNode | FrameNode;
export type FlowEdge = Edge<
  { kind: Kind; to: Kind; how: "same" | "convert" | "no"; source: string; target: string; dangling: boolean },
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
    const frames = graph.groups.flatMap((group) => frame(group, nodes, lastNodes) ?? []);
    const edges = new Map<string, FlowEdge>();
    for (const edge of graph.edges) {
      const key = edgeKey(edge);
      const made = flowEdge(edge, key, nextKnown, selection.edges.has(key));
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
): FlowEdge | undefined {
  const from = edgeEnd(edge.from);
  const to = edgeEnd(edge.to);
  const output = known.get(from.node)?.ports.outputs.find((port) => port.id === from.port);
  const input = known.get(to.node)?.ports.inputs.find((port) => port.id === to.port);
  if (!output || !input) return undefined;
  const dangling = output.missing === true || input.missing === true;
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
    },
  };
}

function sameEdge(a: FlowEdge, b: FlowEdge): boolean {
  return (
    a.selected === b.selected &&
    a.data?.kind === b.data?.kind &&
    a.data?.to === b.data?.to &&
    a.data?.how === b.data?.how &&
    a.data?.dangling === b.data?.dangling
  );
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
