/**
 * Finds edges that exclude each other: whether at most one of several edges into a port can be taken in a run. The
 * condition under which a node runs names, for each branching node before it, the outputs of which one must be taken.
 */
import { ERROR_PORT } from "./port.ts";
import type { CompiledEdge, CompiledNode } from "./resolve.ts";

/** By branching node: one of these outputs must be taken. Nodes that are not in the map do not matter. */
export type Condition = Map<CompiledNode, Set<string>>;

function edgeCondition(edge: CompiledEdge, conditions: Map<CompiledNode, Condition>): Condition {
  const condition = new Map(conditions.get(edge.from));
  const group = edge.from.definition.exclusive
    ? edge.fromPort
    : edge.from.onError === "branch"
      ? edge.fromPort === ERROR_PORT.id
        ? "error"
        : "ok"
      : undefined;
  if (group !== undefined) condition.set(edge.from, new Set([group]));
  return condition;
}

/** The condition of each node, by the rule of `plan.ts`: every required connected port has a taken edge. */
export function takenWhen(order: CompiledNode[]): Map<CompiledNode, Condition> {
  const conditions = new Map<CompiledNode, Condition>();
  for (const node of order) {
    const connected = Map.groupBy(node.incoming, (edge) => edge.toPort);
    const required = node.inputs
      .filter((port) => !port.optional && connected.has(port.id))
      .map((port) => connected.get(port.id)!);
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

/** Whether at most one of these edges can be taken in a run. */
export function pairwiseExclusive(edges: CompiledEdge[], conditions: Map<CompiledNode, Condition>): boolean {
  const all = edges.map((edge) => edgeCondition(edge, conditions));
  return all.every((a, i) =>
    all
      .slice(i + 1)
      .every((b) => [...a].some(([node, ports]) => b.has(node) && ![...ports].some((port) => b.get(node)!.has(port)))),
  );
}
