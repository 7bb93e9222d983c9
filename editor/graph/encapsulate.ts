/**
 * Turns the selected nodes into an agent: the values that enter become its inputs, those that leave become its reply, and
 * one `agent` node replaces the nodes. Refused when the result would behave differently.
 */
import { agentPorts } from "../../runtime/agent-ports.ts";
import { checkGraph } from "../../runtime/check.ts";
import type { Field } from "../../runtime/field.ts";
import { emptyGraph, type Graph, type GraphEdge, type GraphNode } from "../../runtime/graph.ts";
import type { Issue } from "../../runtime/issue.ts";
import type { CheckContext, NodeTable } from "../../runtime/node.ts";
import { type CompiledEdge, type CompiledNode, resolve } from "../../runtime/resolve.ts";
import { INPUT_PORTS } from "./body.ts";
import {
  type Entry,
  entriesOf,
  exitsOf,
  from,
  lastOutput,
  messageOf,
  nodeOf,
  nodesOnReturnPath,
  outputOf,
} from "./boundary.ts";
import { CARD, positionOf } from "./card-size.ts";
import { type Command, freeId } from "./commands.ts";
import { runsWithout } from "./data-flow.ts";
import { boxOf, EdgeList, newErrors } from "./edge-list.ts";
import { freshOf } from "./node-types.ts";
import { pickPins, pinsOf, withPins } from "./pins.ts";

export type Refusal =
  | { why: "nothing" | "ends" | "noMessage" | "noAnswer" }
  /** `names`: ids of nodes, or "node.port". */
  | { why: "unknown" | "broken" | "circle" | "tools" | "values"; names: string[] }
  | { why: "issue"; issue: Issue };

export interface SubagentDeps {
  table: NodeTable;
  context: CheckContext;
}

export interface Encapsulation {
  /** The agent to save, without its name. */
  inner: Graph;
  /** Models (by node id) that lose the session's history, because their text is not the reply itself. */
  forgets: string[];
  /** Replaces the nodes by one that calls the saved agent. Changes nothing when the graph has changed since. */
  command(agent: { id: string; name: string }): { command: Command; node: string };
}

export function encapsulate(
  graph: Graph,
  selected: ReadonlySet<string>,
  { table, context }: SubagentDeps,
): Encapsulation | { refused: Refusal } {
  const resolved = resolve(graph, table, context);
  const role = (node: GraphNode) => table.get(node.type)?.role;
  const byId = new Map(resolved.nodes.map((node) => [node.id, node]));
  const running = resolved.nodes.filter((node) => node.definition.run);
  const moved = graph.nodes.filter((node) => selected.has(node.id));
  const inside = new Set(moved.map((node) => node.id));
  if (moved.every((node) => role(node) === "annotation")) return refuse({ why: "nothing" });
  if (moved.some((node) => role(node) === "input" || role(node) === "output")) return refuse({ why: "ends" });
  const unknown = moved.filter((node) => !byId.has(node.id));
  if (unknown.length > 0) return refuse({ why: "unknown", names: unknown.map((node) => node.id) });

  const edges = new Map(resolved.edges.map((edge) => [edge.index, edge]));
  const broken = graph.edges.filter(
    (edge, index) => !edges.has(index) && [edge.from, edge.to].some((end) => inside.has(nodeOf(end))),
  );
  if (broken.length > 0) return refuse({ why: "broken", names: broken.flatMap((edge) => [edge.from, edge.to]) });
  const entering = resolved.edges.filter((edge) => !inside.has(edge.from.id) && inside.has(edge.to.id));
  const leaving = resolved.edges.filter((edge) => inside.has(edge.from.id) && !inside.has(edge.to.id));
  const tools = [...entering, ...leaving].filter((edge) => outputOf(edge).kind === "tools");
  if (tools.length > 0) return refuse({ why: "tools", names: [...new Set(tools.map((edge) => edge.from.id))] });
  const between = nodesOnReturnPath(leaving, entering, inside);
  if (between.length > 0) return refuse({ why: "circle", names: between });

  const outerInput = running.find((node) => node.definition.role === "input");
  const entries = entriesOf(entering, outerInput, (sources) => {
    const left = runsWithout(running, new Set(sources));
    const given = new Set(leaving.map((edge) => edge.from.id));
    return [...inside].every((id) => !left.has(id) || (byId.get(id)!.definition.harmless && !given.has(id)));
  });
  const message = messageOf(entries, outerInput);
  if (!message) return refuse({ why: "noMessage" });

  const reply = exitsOf(leaving, running);
  if (!reply) return refuse({ why: "values", names: [...new Set(leaving.map((edge) => from(edge)))] });
  if (leaving.length === 0) {
    const last = lastOutput(running.filter((node) => inside.has(node.id)));
    if (last === undefined) return refuse({ why: "noAnswer" });
    reply.set(last, "reply");
  }

  const ids = { ask: freeId("ask", inside), reply: freeId("reply", new Set([...inside, "ask"])) };
  const inner = innerGraph(graph, moved, { entries, exits: reply, ids, edges });
  const outer = (agent: string, name: string) =>
    outerGraph(graph, inside, { entries, message, exits: reply, edges, agent, name });
  const trial = outer("new", "");
  const wider: CheckContext = {
    ...context,
    agent: (name, version) => (name === "new" ? agentPorts(inner, table) : context.agent?.(name, version)),
    hasAgent: (name, version) => name === "new" || (context.hasAgent?.(name, version) ?? true),
  };
  const [issue] = newErrors(checkGraph(graph, table, context), [
    ...checkGraph(inner, table, context),
    ...checkGraph(trial.graph, table, wider),
  ]);
  if (issue) return refuse({ why: "issue", issue });

  const answers = trial.graph.edges.some(
    (edge) => edge.from === `${trial.node}.reply` && byId.get(nodeOf(edge.to))?.definition.role === "output",
  );
  return {
    inner,
    forgets: answers ? [] : moved.filter((node) => takesConversation(byId.get(node.id)!)).map((node) => node.id),
    command({ id, name }) {
      const made = outer(id, name);
      return {
        node: made.node,
        command: { label: "encapsulate", run: (current) => (current === graph ? made.graph : current) },
      };
    },
  };
}

const refuse = (refused: Refusal) => ({ refused });

/** Whether a model uses the session's history: it does when its history input is not connected. */
export const takesConversation = (node: CompiledNode): boolean =>
  node.definition.sessionInput !== undefined &&
  node.incoming.every((edge) => edge.toPort !== node.definition.sessionInput);

function entryOf(entries: readonly Entry[], edge: GraphEdge): Entry {
  const found = entries.find((entry) => entry.from.includes(edge.from) && entry.to.includes(edge.to));
  if (!found) throw new TypeError(`No entry takes ${edge.from} to ${edge.to}.`);
  return found;
}

interface Borders {
  entries: readonly Entry[];
  /** By inner end. */
  exits: ReadonlyMap<string, "reply" | "documents">;
  /** By index in the graph's `edges`. */
  edges: ReadonlyMap<number, CompiledEdge>;
}

function innerGraph(
  graph: Graph,
  moved: readonly GraphNode[],
  { entries, exits, ids, edges }: Borders & { ids: { ask: string; reply: string } },
): Graph {
  const inside = new Set(moved.map((node) => node.id));
  const drawn = new EdgeList();
  for (const [index, edge] of graph.edges.entries()) {
    const [comes, goes] = [inside.has(nodeOf(edge.from)), inside.has(nodeOf(edge.to))];
    if (comes && goes) drawn.add(edge);
    else if (goes && edges.has(index)) drawn.add({ ...edge, from: `${ids.ask}.${entryOf(entries, edge).name}` });
  }
  for (const [end, port] of exits) drawn.add({ from: end, to: `${ids.reply}.${port}` });
  const positions = Object.fromEntries(moved.map((node) => [node.id, positionOf(graph, node.id)]));
  const box = boxOf(Object.values(positions));
  const middle = Math.round((box.top + box.bottom) / 2);
  const fields = entries
    .filter((entry) => !INPUT_PORTS.includes(entry.name))
    .map(({ name, kind, required }): Field => ({ name, kind, required }));
  const { language, approvals } = graph.settings;
  const fresh = emptyGraph("-");
  const pins = pickPins(pinsOf(graph), (id) => inside.has(id));
  const inner: Graph = {
    ...fresh,
    settings: { ...fresh.settings, language, approvals },
    nodes: [
      { id: ids.ask, ...freshOf("input"), config: fields.length > 0 ? { fields } : {} },
      ...moved,
      { id: ids.reply, ...freshOf("output") },
    ],
    edges: drawn.all,
    groups: graph.groups.filter((group) => group.nodes.length > 0 && group.nodes.every((id) => inside.has(id))),
    layout: {
      [ids.ask]: { x: box.left - CARD.width - GAP, y: middle },
      ...positions,
      [ids.reply]: { x: box.right + CARD.width + GAP, y: middle },
    },
  };
  return withPins(inner, pins);
}

const GAP = 88;

function outerGraph(
  graph: Graph,
  inside: ReadonlySet<string>,
  {
    entries,
    message,
    exits,
    edges,
    agent,
    name,
  }: Borders & { message: readonly string[]; agent: string; name: string },
): { graph: Graph; node: string } {
  const kept = graph.nodes.filter((node) => !inside.has(node.id));
  const id = freeId(/[a-z]/i.test(name) ? name : "agent", new Set(kept.map((node) => node.id)));
  const caller: GraphNode = {
    id,
    ...freshOf("calls-agent"),
    ...(name ? { title: name } : {}),
    config: { agent },
  };
  const drawn = new EdgeList();
  for (const [index, edge] of graph.edges.entries()) {
    const [comes, goes] = [inside.has(nodeOf(edge.from)), inside.has(nodeOf(edge.to))];
    if (!comes && !goes) drawn.add(edge);
    else if (!comes && edges.has(index)) drawn.add({ ...edge, to: `${id}.${entryOf(entries, edge).name}` });
    else if (!goes && exits.has(edge.from)) drawn.add({ ...edge, from: `${id}.${exits.get(edge.from)}` });
  }
  for (const source of message) drawn.add({ from: source, to: `${id}.message` });
  const first = graph.nodes.findIndex((node) => inside.has(node.id));
  const before = graph.nodes.slice(0, first).filter((node) => !inside.has(node.id));
  const box = boxOf([...inside].map((one) => positionOf(graph, one)));
  const groups = graph.groups.flatMap((group) => {
    const others = group.nodes.filter((one) => !inside.has(one));
    if (others.length === group.nodes.length) return [group];
    return others.length > 0 ? [{ ...group, nodes: [...others, id] }] : [];
  });
  const pins = pickPins(pinsOf(graph), (node) => !inside.has(node));
  const made: Graph = {
    ...withPins(graph, pins),
    nodes: [...before, caller, ...kept.slice(before.length)],
    edges: drawn.all,
    groups: inOneGroup(groups, id),
    layout: {
      ...Object.fromEntries(Object.entries(graph.layout).filter(([one]) => !inside.has(one))),
      [id]: { x: box.left, y: box.top },
    },
  };
  return { node: id, graph: made };
}

/** Keeps a node in one group: the first that has it. */
function inOneGroup(groups: Graph["groups"], id: string): Graph["groups"] {
  const first = groups.find((group) => group.nodes.includes(id));
  return groups.map((group) =>
    group === first ? group : { ...group, nodes: group.nodes.filter((one) => one !== id) },
  );
}
