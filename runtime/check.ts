/**
 * Finds the issues of a graph: the problem, its position and its fix. The canvas, `POST /api/check` and `patchbay check`
 * call the same function with the same context, so they report the same issues.
 */

import { passBypassed } from "./bypass.ts";
import { checkNeeds } from "./check-needs.ts";
import { pairwiseExclusive, takenWhen } from "./exclusive.ts";
import type { Graph } from "./graph.ts";
import { findCycle, topological } from "./graph-order.ts";
import { type Issue, type IssueCode, pointer } from "./issue.ts";
import type { CheckContext, NodeTable } from "./node.ts";
import { edgeFit, type Kind } from "./port.ts";
import { type CompiledNode, resolve } from "./resolve.ts";
import { findUnapprovedAction } from "./unapproved-action.ts";

const MAX_BODY_DEPTH = 8;

/** The roles that a graph needs exactly one node of. */
const ENDS = { input: "it is where the message comes in", output: "what reaches it is the reply" } as const;

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
  const { issues, ...resolved } = resolve(graph, table, context);
  const { nodes: all, edges, cut } = passBypassed(resolved);
  // A node type without `run` (a note) is not part of a run.
  const nodes = all.filter((node) => node.definition.run);
  const add = (severity: Issue["severity"], code: IssueCode, message: string, more: Partial<Issue>) =>
    issues.push({ severity, code, message, ...more });
  const at = (node: CompiledNode) => ({ node: node.id, path: pointer("nodes", node.index) });

  for (const [role, purpose] of Object.entries(ENDS) as [keyof typeof ENDS, string][]) {
    const found = nodes.filter((node) => node.definition.role === role);
    if (found.length === 0)
      add("error", `no-${role}`, `An agent needs an ${role} node: ${purpose}.`, {
        path: "/nodes",
        fix: `Add an ${role} node.`,
      });
    for (const extra of found.slice(1))
      add("error", `too-many-${role}s`, `There can be only one ${role} node.`, { ...at(extra), fix: "Remove it." });
  }

  const order = topological(nodes);
  if (order.length < nodes.length) {
    const inOrder = new Set(order);
    const loop = findCycle(nodes.filter((node) => !inOrder.has(node)));
    add("error", "cycle", `The connections form a cycle: ${[...loop, loop[0]!].map((node) => node.id).join(" → ")}.`, {
      ...at(loop[0]!),
      fix: "Remove one of these connections. To repeat something, use a loop or map node.",
    });
  }

  for (const edge of edges) {
    const from = edge.from.outputs.find((port) => port.id === edge.fromPort)!;
    const to = edge.to.inputs.find((port) => port.id === edge.toPort)!;
    if (edgeFit(from.kind, to.kind) === "no")
      add(
        "error",
        "kind-mismatch",
        `${edge.from.id}.${from.id} gives ${from.kind}, but ${edge.to.id}.${to.id} takes ${to.kind}.`,
        {
          node: edge.to.id,
          port: to.id,
          path: pointer("edges", edge.index),
          fix: `Connect it to an input that takes ${from.kind}, or put a node between that makes ${to.kind}.`,
        },
      );
  }

  const conditions = order.length === nodes.length ? takenWhen(order) : undefined;
  for (const node of nodes) {
    for (const port of node.inputs) {
      const connected = node.incoming.filter((edge) => edge.toPort === port.id);
      if (connected.length === 0 && !port.optional) {
        const source = cut.get(`${node.id}.${port.id}`);
        add(
          "error",
          "missing-edge",
          source === undefined
            ? `${node.title} needs a value at "${port.id}".`
            : `${node.title} needs a value at "${port.id}", but ${source} is bypassed and has none to pass on.`,
          {
            ...at(node),
            port: port.id,
            fix:
              source === undefined
                ? `Connect a ${port.kind === "any" ? "value" : port.kind} output to it.`
                : "Switch that node on, or connect another output.",
          },
        );
      }
      if (connected.length > 1 && !port.many && conditions && !pairwiseExclusive(connected, conditions))
        add(
          "error",
          "too-many-edges",
          `"${port.id}" of ${node.title} takes one connection, and ${connected.length} may bring a value in the same run.`,
          {
            ...at(node),
            port: port.id,
            path: pointer("edges", connected[1]!.index),
            fix: "Keep one of them, or let a router decide so that only one is taken.",
          },
        );
    }
    const outputs = new Set(node.outgoing.map((edge) => edge.fromPort));
    for (const found of node.definition.check?.(node.config, connectedKinds(node), outputs) ?? [])
      issues.push({ ...found, node: node.id, path: `${pointer("nodes", node.index)}/config${found.path ?? ""}` });
    for (const body of node.definition.bodies?.(node.config) ?? []) {
      const path = `${pointer("nodes", node.index)}/config${body.path}`;
      if (depth >= MAX_BODY_DEPTH)
        add("error", "bad-body", `Bodies are nested more than ${MAX_BODY_DEPTH} deep.`, { ...at(node), path });
      else
        for (const inner of examine(body.graph, table, context, depth + 1).issues)
          issues.push({
            ...inner,
            node: node.id,
            path: path + (inner.path ?? ""),
            message: `In ${node.title}: ${inner.message}`,
          });
    }
    const unapproved = findUnapprovedAction(node, graph.settings, context);
    if (unapproved)
      add(
        "warning",
        "acts-unasked",
        `${node.title} reads text from others ("${unapproved.reads}") and may call "${unapproved.tool}" without approval: instructions hidden in that text could make it do so.`,
        {
          node: node.id,
          path: pointer("settings", "approvals", unapproved.tool),
          fix: `Set "${unapproved.tool}" to ask for approval, unless no call of it can do harm.`,
        },
      );
    for (const found of checkNeeds(node, context)) issues.push({ ...found, ...at(node) });
  }

  for (const node of unreachable(nodes))
    add("warning", "unreachable", `No output of ${node.title} reaches the reply.`, {
      ...at(node),
      fix: "Connect it, or remove it.",
    });

  issues.sort((a, b) => Number(a.severity === "warning") - Number(b.severity === "warning"));
  return { issues, order };
}

/** Inputs whose connections give different kinds are left out. */
function connectedKinds(node: CompiledNode): ReadonlyMap<string, Kind> {
  const kinds = new Map<string, Kind>();
  const mixed = new Set<string>();
  for (const { from, fromPort, toPort } of node.incoming) {
    const kind = from.outputs.find((port) => port.id === fromPort)?.kind ?? "any";
    if ((kinds.get(toPort) ?? kind) !== kind) mixed.add(toPort);
    kinds.set(toPort, kind);
  }
  for (const port of mixed) kinds.delete(port);
  return kinds;
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
