/**
 * Replaces the node that calls an agent by the nodes of that agent: the inverse of `encapsulate`. Refused when the result
 * would behave differently.
 */
import { agentPorts } from "../../runtime/agent-ports.ts";
import { checkGraph } from "../../runtime/check.ts";
import { canonicalJson, edgeEnd, type Graph, type GraphNode, type NodePosition } from "../../runtime/graph.ts";
import type { Issue } from "../../runtime/issue.ts";
import type { CheckContext } from "../../runtime/node.ts";
import { type CompiledEdge, type CompiledNode, resolve } from "../../runtime/resolve.ts";
import { inputOf, nodeOf, outputOf } from "./boundary.ts";
import { CARD, positionOf } from "./card-size.ts";
import { type Command, createIdSource } from "./commands.ts";
import { alwaysTaken, repliesWithDocuments, runsWithout } from "./data-flow.ts";
import { boxOf, EdgeList, newErrors } from "./edge-list.ts";
import { type SubagentDeps, takesConversation } from "./encapsulate.ts";
import { pickPins, pinsOf, withPins } from "./pins.ts";

export type UnpackRefusal =
  | { why: "notOne" | "retried" | "approvals" | "pair" }
  /** `names`: ids of nodes of the called agent. */
  | { why: "unknown"; names: string[] }
  /** `names`: inputs of the called agent. */
  | { why: "unwired" | "alone" | "converted"; names: string[] }
  | { why: "issue"; issue: Issue };

export interface Unpacking {
  command: Command;
  /** Ids of the inserted nodes in this graph. */
  nodes: string[];
  /** Inserted models (by their id in this graph) that now get the session's history. */
  remembers: string[];
}

/** `called`: the graph of the agent that the node calls. */
export function unpack(
  graph: Graph,
  id: string,
  called: Graph,
  deps: SubagentDeps,
): Unpacking | { refused: UnpackRefusal } {
  const { table } = deps;
  const context = contextWithAgent(called, graph, id, deps);
  const around = resolve(graph, table, context);
  const caller = around.nodes.find((node) => node.id === id);
  if (caller?.definition.role !== "calls-agent") return refuse({ why: "notOne" });
  if (caller.onError === "branch" || caller.retry) return refuse({ why: "retried" });
  const within = resolve(called, table, context);
  const runs = within.nodes.filter((node) => node.definition.run);
  const known = new Set(within.nodes.map((node) => node.id));
  const unknown = called.nodes.filter((node) => !known.has(node.id));
  if (unknown.length > 0) return refuse({ why: "unknown", names: unknown.map((node) => node.id) });
  const [fault] = checkGraph(called, table, context).filter((issue) => issue.severity === "error");
  if (fault) return refuse({ why: "issue", issue: fault });
  const input = runs.find((node) => node.definition.role === "input")!;
  const output = runs.find((node) => node.definition.role === "output")!;
  const acts = runs.some((node) => (node.definition.needs?.(node.config).tools?.length ?? 0) > 0);
  if (acts && canonicalJson(called.settings.approvals) !== canonicalJson(graph.settings.approvals))
    return refuse({ why: "approvals" });

  const connected = Map.groupBy(caller.incoming, (edge) => edge.toPort);
  const entering = input.outgoing;
  const sure = alwaysTaken(around.nodes.filter((node) => node.definition.run));
  const idle = idleParts(runs, entering, connected, caller, sure);
  if (idle) return refuse(idle);
  const changed = entering.filter((edge) =>
    (connected.get(edge.fromPort) ?? []).some((source) => arrivesOtherwise(source, edge)),
  );
  if (changed.length > 0) return refuse({ why: "converted", names: portsOf(changed) });

  const replies = output.incoming.filter((edge) => edge.toPort === "reply");
  const documents = output.incoming.filter((edge) => edge.toPort === "documents");
  const asks = caller.outgoing.filter((edge) => edge.fromPort === "documents");
  if (
    asks.length > 0 &&
    documents.length > 0 &&
    !repliesWithDocuments(runs, replies, documents) &&
    !asPair(caller, asks)
  )
    return refuse({ why: "pair" });
  if (asks.length > 0 && documents.length === 0 && !asks.every(isOptionalEdge)) return refuse({ why: "pair" });

  const made = join(graph, caller, called, { input, output });
  const [issue] = newErrors(checkGraph(graph, table, context), checkGraph(made.graph, table, context));
  if (issue) return refuse({ why: "issue", issue });
  const fresh = resolve(made.graph, table, context).nodes.filter(takesConversation);
  const came = new Set(made.names.values());
  return {
    nodes: [...came],
    remembers: caller.feedsReply ? [] : fresh.map((node) => node.id).filter((name) => came.has(name)),
    command: { label: "unpack", run: (current) => (current === graph ? made.graph : current) },
  };
}

/** The context in which the called agent has the ports of `called`. */
function contextWithAgent(called: Graph, graph: Graph, id: string, { table, context }: SubagentDeps): CheckContext {
  const config = graph.nodes.find((node) => node.id === id)?.config as {
    agent?: string;
    version?: number | null;
  } | null;
  const ports = agentPorts(called, table);
  return {
    ...context,
    agent: (name, version) =>
      name === config?.agent && version === (config.version ?? undefined) ? ports : context.agent?.(name, version),
  };
}

const refuse = (refused: UnpackRefusal) => ({ refused });
const portsOf = (edges: readonly CompiledEdge[]) => [...new Set(edges.map((edge) => edge.fromPort))];

/**
 * Why some of the agent's nodes would run where they did not before: as a whole it stays idle without an input that it
 * requires, and a node behind an input that nothing is connected to never runs.
 */
function idleParts(
  runs: readonly CompiledNode[],
  entering: readonly CompiledEdge[],
  connected: ReadonlyMap<string, readonly CompiledEdge[]>,
  caller: CompiledNode,
  sure: (edge: CompiledEdge) => boolean,
): UnpackRefusal | undefined {
  const open = entering.filter((edge) => !connected.has(edge.fromPort));
  const left = runsWithout(runs, new Set(open.map((edge) => `${edge.from.id}.${edge.fromPort}`)));
  const dead = open.filter((edge) => !left.has(edge.to.id));
  if (dead.length > 0) return { why: "unwired", names: portsOf(dead) };
  for (const port of caller.inputs) {
    const sources = connected.get(port.id);
    if (port.optional || !sources || sources.some(sure)) continue;
    const alone = runsWithout(
      runs,
      new Set(entering.filter((e) => e.fromPort === port.id).map((e) => `${e.from.id}.${e.fromPort}`)),
    );
    if (runs.some((node) => alone.has(node.id) && !node.definition.harmless)) return { why: "alone", names: [port.id] };
  }
  return undefined;
}

/** The agent's input converts the value to text, and the node behind it would get the value unconverted. */
function arrivesOtherwise(source: CompiledEdge, edge: CompiledEdge): boolean {
  const { kind } = outputOf(edge);
  return (kind === "text" || kind === "messages") && inputOf(edge).kind !== kind && kindOf(source) !== kind;
}

/** The kind that a port emits: a router passes its input on, and outputs of code are not checked. */
function kindOf(edge: CompiledEdge, seen: ReadonlySet<CompiledNode> = new Set()): string {
  const { from, fromPort } = edge;
  const own = outputOf(edge).kind;
  const { passThrough, uncheckedOutputs } = from.definition;
  if (uncheckedOutputs) return "any";
  if (passThrough === undefined || fromPort === "error" || seen.has(from)) return own;
  const further = new Set([...seen, from]);
  const passed = from.incoming.filter((one) => one.toPort === passThrough);
  const kinds = new Set(passed.map((one) => kindOf(one, further)));
  return kinds.size === 1 ? [...kinds][0]! : own;
}

/** Both outputs of the node go to the agent's own output, which expects them as a pair. */
function asPair(caller: CompiledNode, asks: readonly CompiledEdge[]): boolean {
  return asks.every(({ to, toPort }) => {
    const replies = to.incoming.filter((edge) => edge.toPort === "reply");
    const ours = replies.filter((edge) => edge.from === caller && edge.fromPort === "reply");
    return (
      to.definition.role === "output" && toPort === "documents" && ours.length > 0 && ours.length === replies.length
    );
  });
}

/** The edge can be removed: its port is optional, and another input decides whether the node runs. */
function isOptionalEdge(edge: CompiledEdge): boolean {
  return inputOf(edge).optional === true && edge.to.incoming.some((other) => other.toPort !== edge.toPort);
}

interface Ends {
  input: CompiledNode;
  output: CompiledNode;
}

function join(graph: Graph, caller: CompiledNode, called: Graph, { input, output }: Ends) {
  const newId = createIdSource(graph.nodes.map((node) => node.id).filter((id) => id !== caller.id));
  const inserted = called.nodes.filter((node) => node.id !== input.id && node.id !== output.id);
  const names = new Map(inserted.map(({ id }) => [id, newId(id)]));
  const nodes = inserted.map((node): GraphNode => ({ ...node, id: names.get(node.id)! }));
  const renamed = (end: string) => `${names.get(nodeOf(end))}.${edgeEnd(end).port}`;
  const into = Map.groupBy(
    graph.edges.filter((edge) => nodeOf(edge.to) === caller.id),
    (edge) => portIn(edge.to),
  );
  const out = Map.groupBy(
    called.edges.filter((edge) => nodeOf(edge.to) === output.id),
    (edge) => portIn(edge.to),
  );
  /** The ends in the new graph for an inner end. For an output of the input node: the ends connected to the caller. */
  const sources = (end: string): string[] =>
    nodeOf(end) === input.id ? (into.get(portIn(end)) ?? []).map((edge) => edge.from) : [renamed(end)];
  const gives = (port: string): string[] => (out.get(port) ?? []).flatMap((edge) => sources(edge.from));

  const drawn = new EdgeList();
  const inner = () => {
    for (const edge of called.edges)
      if (nodeOf(edge.to) !== output.id)
        for (const from of sources(edge.from)) drawn.add({ ...edge, from, to: renamed(edge.to) });
  };
  let placed = false;
  for (const edge of graph.edges) {
    if (nodeOf(edge.to) === caller.id) {
      // The inner edges take the index of the first edge into the node.
      if (!placed) inner();
      placed = true;
    } else if (nodeOf(edge.from) === caller.id)
      for (const from of gives(portIn(edge.from))) drawn.add({ ...edge, from });
    else drawn.add(edge);
  }
  if (!placed) inner();

  const at = graph.nodes.findIndex((node) => node.id === caller.id);
  const kept = pickPins(pinsOf(graph), (id) => id !== caller.id);
  const brought = pickPins(pinsOf(called), (id) => names.has(id));
  const renamedPins = Object.fromEntries(Object.entries(brought).map(([id, outputs]) => [names.get(id)!, outputs]));
  const made: Graph = {
    ...withPins(graph, { ...kept, ...renamedPins }),
    nodes: graph.nodes.toSpliced(at, 1, ...nodes),
    edges: drawn.all,
    groups: groupsOf(graph, caller.id, called, names),
    layout: layoutOf(graph, caller.id, called, names),
  };
  return { names, graph: made };
}

const portIn = (end: string) => edgeEnd(end).port;

/** Keeps the agent's groups; nodes without one join the group of the replaced node. */
function groupsOf(graph: Graph, id: string, called: Graph, names: ReadonlyMap<string, string>): Graph["groups"] {
  const newId = createIdSource(graph.groups.map((group) => group.id));
  const brought = called.groups.flatMap((group) => {
    const nodes = group.nodes.flatMap((node) => names.get(node) ?? []);
    return nodes.length === 0 ? [] : [{ ...group, id: newId(group.id), nodes }];
  });
  const grouped = new Set(brought.flatMap((group) => group.nodes));
  const loose = [...names.values()].filter((name) => !grouped.has(name));
  const kept = graph.groups.map((group) =>
    group.nodes.includes(id)
      ? { ...group, nodes: group.nodes.flatMap((node) => (node === id ? loose : [node])) }
      : group,
  );
  return [...kept.filter((group) => group.nodes.length > 0), ...brought];
}

/** The top left corner of the nodes is where the node was. Cards that would be covered make room. */
function layoutOf(graph: Graph, id: string, called: Graph, names: ReadonlyMap<string, string>): Graph["layout"] {
  const corner = positionOf(graph, id);
  const { [id]: _gone, ...kept } = graph.layout;
  const positions = [...names].map(([node, name]) => [name, positionOf(called, node)] as const);
  if (positions.length === 0) return kept;
  const box = boxOf(positions.map(([, position]) => position));
  const brought = Object.fromEntries(
    positions.map(([name, position]): [string, NodePosition] => [
      name,
      { ...position, x: corner.x + position.x - box.left, y: corner.y + position.y - box.top },
    ]),
  );
  return { ...makeRoom(kept, Object.values(brought)), ...brought };
}

const GAP = 72;
/** The approximate height of a card with a gap. */
const ROW = 200;

const covers = (a: NodePosition, b: NodePosition) =>
  Math.abs(a.x - b.x) < CARD.width + 16 && Math.abs(a.y - b.y) < ROW - 50;

/** Moves cards right of the new ones to the right, and those still covered down. */
function makeRoom(layout: Graph["layout"], brought: readonly NodePosition[]): Graph["layout"] {
  const box = boxOf(brought);
  const push = (from: Graph["layout"], axis: "x" | "y", line: number, end: number): Graph["layout"] => {
    if (!Object.values(from).some((position) => brought.some((card) => covers(position, card)))) return from;
    const behind = Object.entries(from).filter(([, position]) => position[axis] >= line);
    const by = Math.max(0, end - Math.min(end, ...behind.map(([, position]) => position[axis])));
    return {
      ...from,
      ...Object.fromEntries(behind.map(([node, position]) => [node, { ...position, [axis]: position[axis] + by }])),
    };
  };
  const right = push(layout, "x", box.left + CARD.width / 2, box.right + CARD.width + GAP);
  return push(right, "y", box.top, box.bottom + ROW);
}
