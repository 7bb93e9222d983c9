/** The values that a fork takes from its source run: the input, and the outputs of all nodes that do not follow the forked node. */
import { PatchbayError } from "../../runtime/error.ts";
import type { RunEvent } from "../../runtime/event.ts";
import { edgeEnd, type Graph } from "../../runtime/graph.ts";

interface ForkValues {
  input: Record<string, unknown>;
  pins: Record<string, Record<string, unknown>>;
  user?: string;
}

/**
 * Pins every node that ended in the run and does not follow `node`. Pins `node` itself only when `outputs` replaces its
 * outputs. Throws `not_found` for a node that the graph does not have, `conflict` for one that the run did not reach.
 */
export function forkValues(
  graph: Graph,
  events: readonly RunEvent[],
  node: string,
  outputs?: Record<string, unknown>,
): ForkValues {
  const start = events[0];
  if (start?.type !== "run-start") throw new PatchbayError("not_found", "This run has no events.");
  if (!graph.nodes.some((one) => one.id === node))
    throw new PatchbayError("not_found", `The graph of this run has no node "${node}".`, { path: "/node" });
  const following = nodesAfter(graph, node);
  const pins: ForkValues["pins"] = { ...start.pins };
  let reached = false;
  for (const event of events) {
    if (!("node" in event) || ("scope" in event && event.scope?.length)) continue;
    if (event.node === node) reached = true;
    if (event.type === "node-end" && event.node !== node && !following.has(event.node))
      pins[event.node] = event.outputs;
  }
  if (!reached)
    throw new PatchbayError("conflict", `The run did not reach "${node}": fork from a node that ran.`, {
      path: "/node",
    });
  for (const id of Object.keys(pins)) if (following.has(id) || id === node) delete pins[id];
  if (outputs) pins[node] = outputs;
  return { input: { ...start.input }, pins, ...(start.user !== undefined && { user: start.user }) };
}

function nodesAfter(graph: Graph, node: string): Set<string> {
  const next = new Map<string, string[]>();
  for (const edge of graph.edges) {
    const from = edgeEnd(edge.from).node;
    next.set(from, [...(next.get(from) ?? []), edgeEnd(edge.to).node]);
  }
  const following = new Set<string>();
  const queue = [...(next.get(node) ?? [])];
  for (const id of queue)
    if (!following.has(id)) {
      following.add(id);
      queue.push(...(next.get(id) ?? []));
    }
  return following;
}
