/**
 * What is wrong with a graph, where, and how to mend it. The canvas, `POST /api/check` and `patchbay check` call the
 * same function with the same context, so they give the same verdict.
 */
import type { Graph } from "./graph.ts";
import { type Issue, type IssueCode, pointer } from "./issue.ts";
import type { NodeTable, PortContext } from "./node.ts";
import { edgeFit } from "./port.ts";
import { type CompiledEdge, type CompiledNode, resolve } from "./resolve.ts";
import type { ToolSpec } from "./tool.ts";
import { findUnapprovedAction } from "./unapproved-action.ts";

/** What exists outside the graph. A function left out means: not known, so nothing is said about it. */
export interface CheckContext extends PortContext {
  hasModel?(name: string): boolean;
  /** It answers, but only as a demo. */
  isDemo?(name: string): boolean;
  /** The tools that a name, or a pattern `…/*`, finds. */
  tools?(pattern: string): readonly ToolSpec[];
  hasKnowledge?(name: string): boolean;
  hasSecret?(name: string): boolean;
  hasAgent?(agent: string, version?: number): boolean;
}

const MAX_BODY_DEPTH = 8;

/** The roles that a graph needs exactly one node of. */
const ENDS = { input: "it is where the message comes in", output: "what reaches it is the answer" } as const;

/** All issues of a graph, errors first, each kind in the order of the file. Pure; under 20 ms for 500 nodes. */
export function checkGraph(graph: Graph, nodes: NodeTable, context: CheckContext = {}): Issue[] {
  return examine(graph, nodes, context).issues;
}

/** The issues together with the nodes in topological order (empty when there is a cycle). */
export function examine(
  graph: Graph,
  table: NodeTable,
  context: CheckContext = {},
  depth = 0,
): { issues: Issue[]; order: CompiledNode[] } {
  const { nodes: all, edges, issues } = resolve(graph, table, context);
  // A node type without `run` (a note) is there for the eye only.
  const nodes = all.filter((node) => node.definition.run);
  const tell = (severity: Issue["severity"], code: IssueCode, message: string, more: Partial<Issue>) =>
    issues.push({ severity, code, message, ...more });
  const at = (node: CompiledNode) => ({ node: node.id, path: pointer("nodes", node.index) });

  for (const [role, purpose] of Object.entries(ENDS) as [keyof typeof ENDS, string][]) {
    const found = nodes.filter((node) => node.definition.role === role);
    if (found.length === 0)
      tell("error", `no-${role}`, `An agent needs an ${role} node: ${purpose}.`, {
        path: "/nodes",
        fix: `Add an ${role} node.`,
      });
    for (const extra of found.slice(1))
      tell("error", `too-many-${role}s`, `There can be only one ${role} node.`, { ...at(extra), fix: "Remove it." });
  }

  const order = topological(nodes);
  if (order.length < nodes.length) {
    const inOrder = new Set(order);
    const loop = findCycle(nodes.filter((node) => !inOrder.has(node)));
    tell("error", "cycle", `The edges run in a circle: ${[...loop, loop[0]!].map((node) => node.id).join(" → ")}.`, {
      ...at(loop[0]!),
      fix: "Remove one of these edges. To repeat something, use a loop or map node.",
    });
  }

  for (const edge of edges) {
    const from = edge.from.outputs.find((port) => port.id === edge.fromPort)!;
    const to = edge.to.inputs.find((port) => port.id === edge.toPort)!;
    if (edgeFit(from.kind, to.kind) === "no")
      tell(
        "error",
        "kind-mismatch",
        `${edge.from.id}.${from.id} gives ${from.kind}, but ${edge.to.id}.${to.id} takes ${to.kind}.`,
        {
          node: edge.to.id,
          port: to.id,
          path: pointer("edges", edge.index),
          fix: `Wire it to an input that takes ${from.kind}, or put a node between that makes ${to.kind}.`,
        },
      );
  }

  const conditions = order.length === nodes.length ? takenWhen(order) : undefined;
  for (const node of nodes) {
    for (const port of node.inputs) {
      const wired = node.incoming.filter((edge) => edge.toPort === port.id);
      if (wired.length === 0 && !port.optional)
        tell("error", "missing-edge", `${node.title} needs something at "${port.id}".`, {
          ...at(node),
          port: port.id,
          fix: `Wire a ${port.kind === "any" ? "value" : port.kind} output to it.`,
        });
      if (wired.length > 1 && !port.many && conditions && !pairwiseExclusive(wired, conditions))
        tell(
          "error",
          "too-many-edges",
          `"${port.id}" of ${node.title} takes one edge, and ${wired.length} may bring a value at once.`,
          {
            ...at(node),
            port: port.id,
            path: pointer("edges", wired[1]!.index),
            fix: "Keep one of them, or let a router decide so that only one is taken.",
          },
        );
    }
    for (const found of node.definition.check?.(node.config) ?? [])
      issues.push({ ...found, node: node.id, path: `${pointer("nodes", node.index)}/config${found.path ?? ""}` });
    for (const body of node.definition.bodies?.(node.config) ?? []) {
      const place = `${pointer("nodes", node.index)}/config${body.path}`;
      if (depth >= MAX_BODY_DEPTH)
        tell("error", "bad-body", `Bodies are nested more than ${MAX_BODY_DEPTH} deep.`, { ...at(node), path: place });
      else
        for (const inner of examine(body.graph, table, context, depth + 1).issues)
          issues.push({
            ...inner,
            node: node.id,
            path: place + (inner.path ?? ""),
            message: `In ${node.title}: ${inner.message}`,
          });
    }
    const unasked = findUnapprovedAction(node, graph.settings, context);
    if (unasked)
      tell(
        "warning",
        "acts-unasked",
        `${node.title} reads what others wrote ("${unasked.reads}") and may call "${unasked.tool}" without asking: words hidden in a text could make it do so.`,
        {
          node: node.id,
          path: pointer("settings", "approvals", unasked.tool),
          fix: `Let "${unasked.tool}" ask a person first, unless no call of it can do harm.`,
        },
      );
    checkNeeds(node, context, (severity, code, message, mend) =>
      tell(severity, code, message, { ...at(node), fix: mend }),
    );
  }

  for (const node of unreachable(nodes))
    tell("warning", "unreachable", `Nothing that ${node.title} makes reaches the answer.`, {
      ...at(node),
      fix: "Wire it on, or remove it.",
    });

  issues.sort((a, b) => Number(a.severity === "warning") - Number(b.severity === "warning"));
  return { issues, order };
}

function checkNeeds(
  node: CompiledNode,
  context: CheckContext,
  tell: (severity: Issue["severity"], code: IssueCode, message: string, fix: string) => void,
): void {
  const needs = node.definition.needs?.(node.config) ?? {};
  for (const model of needs.models ?? []) {
    if (context.hasModel && !context.hasModel(model))
      tell(
        "error",
        "missing-model",
        `${node.title} uses the model "${model}", which is not set up.`,
        "Choose another model, or add its provider under Models.",
      );
    else if (context.isDemo?.(model))
      tell(
        "warning",
        "demo-model",
        `${node.title} answers with the demo model: no real model is set up.`,
        "Add a model under Models. The demo only shows how the graph works.",
      );
  }
  for (const tool of needs.tools ?? [])
    if (context.tools?.(tool).length === 0)
      tell(
        "error",
        "missing-tool",
        `${node.title} uses the tool "${tool}", which is not in the library.`,
        tool.startsWith("mcp/")
          ? "Add and approve its MCP server under Tools, or choose another tool."
          : "Import it under Tools, or choose another tool.",
      );
  for (const knowledge of needs.knowledge ?? []) {
    if (knowledge === "")
      tell("error", "missing-knowledge", `${node.title} searches no knowledge yet.`, "Choose what it searches.");
    else if (context.hasKnowledge && !context.hasKnowledge(knowledge))
      tell(
        "error",
        "missing-knowledge",
        `${node.title} searches "${knowledge}", which does not exist.`,
        "Create it under Knowledge, or choose another.",
      );
  }
  for (const secret of new Set([...(needs.secrets ?? []), ...secretsIn(node.config)]))
    if (context.hasSecret && !context.hasSecret(secret))
      tell(
        "error",
        "missing-secret",
        `${node.title} uses the secret "${secret}", which is not set.`,
        "Set it under Secrets.",
      );
  for (const { agent, version } of needs.agents ?? []) {
    if (agent === "") tell("error", "missing-agent", `${node.title} calls no agent yet.`, "Choose an agent.");
    else if (context.hasAgent && !context.hasAgent(agent, version))
      tell(
        "error",
        "missing-agent",
        `${node.title} calls the agent "${agent}"${version ? ` version ${version}` : ""}, which does not exist.`,
        "Choose another agent or version.",
      );
  }
}

/** Names in `{ "secret": "NAME" }` (a header may add a `prefix`), anywhere in a config. */
export function secretsIn(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  const { secret } = value as { secret?: unknown };
  if (typeof secret === "string" && Object.keys(value).every((key) => key === "secret" || key === "prefix"))
    return [secret];
  return Object.values(value).flatMap(secretsIn);
}

/** Kahn's algorithm, in file order where there is a choice; nodes on or behind a cycle are left out. */
function topological(nodes: CompiledNode[]): CompiledNode[] {
  const open = new Map(nodes.map((node) => [node, node.incoming.length]));
  const order = nodes.filter((node) => node.incoming.length === 0);
  for (const node of order)
    for (const edge of node.outgoing) {
      const left = open.get(edge.to)! - 1;
      open.set(edge.to, left);
      if (left === 0) order.push(edge.to);
    }
  return order;
}

function findCycle(nodes: CompiledNode[]): CompiledNode[] {
  const inside = new Set(nodes);
  const path: CompiledNode[] = [];
  const place = new Map<CompiledNode, number>();
  // Every node here has a predecessor here, so walking backwards must meet itself.
  let node = nodes[0]!;
  while (!place.has(node)) {
    place.set(node, path.length);
    path.push(node);
    node = node.incoming.find((edge) => inside.has(edge.from))!.from;
  }
  return path.slice(place.get(node)).reverse();
}

/** For a branching node, the groups of its outputs one of which must have been taken. Absent: no condition. */
type Condition = Map<CompiledNode, Set<string>>;

function edgeCondition(edge: CompiledEdge, conditions: Map<CompiledNode, Condition>): Condition {
  const condition = new Map(conditions.get(edge.from));
  const group = edge.from.definition.exclusive
    ? edge.fromPort
    : edge.from.onError === "branch"
      ? edge.fromPort === "error"
        ? "error"
        : "ok"
      : undefined;
  if (group !== undefined) condition.set(edge.from, new Set([group]));
  return condition;
}

/** Under which conditions each node runs, by the rule of `plan.ts`: every required wired port has a taken edge. */
function takenWhen(order: CompiledNode[]): Map<CompiledNode, Condition> {
  const conditions = new Map<CompiledNode, Condition>();
  for (const node of order) {
    const wired = Map.groupBy(node.incoming, (edge) => edge.toPort);
    const required = node.inputs
      .filter((port) => !port.optional && wired.has(port.id))
      .map((port) => wired.get(port.id)!);
    const groups = required.length > 0 ? required : node.incoming.length > 0 ? [node.incoming] : [];
    let all: Condition = new Map();
    for (const group of groups) all = and(all, group.map((edge) => edgeCondition(edge, conditions)).reduce(or));
    conditions.set(node, all);
  }
  return conditions;
}

function and(a: Condition, b: Condition): Condition {
  const result = new Map(a);
  for (const [node, ports] of b) {
    const other = result.get(node);
    result.set(node, other ? new Set([...ports].filter((port) => other.has(port))) : ports);
  }
  return result;
}

function or(a: Condition, b: Condition): Condition {
  const result: Condition = new Map();
  for (const [node, ports] of a) {
    const other = b.get(node);
    if (other) result.set(node, new Set([...ports, ...other]));
  }
  return result;
}

function pairwiseExclusive(edges: CompiledEdge[], conditions: Map<CompiledNode, Condition>): boolean {
  const all = edges.map((edge) => edgeCondition(edge, conditions));
  return all.every((a, i) =>
    all
      .slice(i + 1)
      .every((b) => [...a].some(([node, ports]) => b.has(node) && ![...ports].some((port) => b.get(node)!.has(port)))),
  );
}

function unreachable(nodes: CompiledNode[]): CompiledNode[] {
  const reached = new Set<CompiledNode>();
  const queue = nodes.filter((node) => node.definition.role === "output" || node.definition.group === "act");
  for (const node of queue) {
    if (reached.has(node)) continue;
    reached.add(node);
    for (const edge of node.incoming) queue.push(edge.from);
  }
  return nodes.filter((node) => !reached.has(node) && node.definition.role !== "input");
}
