/** Plans a run of a part of a graph, with outputs of the last run and pins in place of the rest. Pure. */
import type { RunView } from "../../runtime/fold-run.ts";
import { edgeEnd, type Graph } from "../../runtime/graph.ts";
import { lookup, reach } from "./lookup.ts";
import { type Pins, pickPins as pick } from "./pins.ts";

/**
 * `only`: the node alone. `to`: the nodes upstream, and it. `from`: it, and the nodes downstream. `edited`: the nodes
 * downstream, with edited outputs of it.
 */
export type PartHow = "only" | "to" | "from" | "edited";

export interface PartPlan {
  pins: Pins;
  /** Absent: all nodes without a pin run. */
  range?: { only: string } | { to: string } | { from: string };
}

/** Results of the last run: outputs of the nodes that ended, and the skipped nodes. */
export interface Known {
  outputs: Pins;
  skipped: ReadonlySet<string>;
}

export function knownFrom(run: RunView | undefined): Known {
  const outputs: Record<string, Record<string, unknown>> = {};
  const skipped = new Set<string>();
  for (const view of run?.nodes.values() ?? []) {
    if (view.scope?.length) continue;
    if (view.status === "done" && view.outputs) outputs[view.node] = view.outputs;
    if (view.status === "skipped") skipped.add(view.node);
  }
  return { outputs, skipped };
}

/**
 * A pin takes precedence over the last run, except for the node itself, which must run. Sources without a known output
 * run too, so that no earlier run is required.
 */
export function planPart(
  graph: Graph,
  how: "only" | "to" | "from",
  node: string,
  pinned: Pins,
  known: Known,
): PartPlan {
  const { [node]: _own, ...pins } = { ...known.outputs, ...pinned };
  const isKnown = (id: string) => pins[id] !== undefined || known.skipped.has(id);
  const before = reach(graph, node, "in");
  before.delete(node);
  if (how === "to") return { range: { to: node }, pins: pick(pinned, (id) => before.has(id)) };
  if (how === "only") {
    const feeders = sources(graph, new Set([node]));
    return [...feeders].every(isKnown)
      ? { range: { only: node }, pins: pick(pins, (id) => feeders.has(id)) }
      : { range: { to: node }, pins: pick(pins, (id) => before.has(id)) };
  }
  const inside = reach(graph, node, "out");
  const feeders = sources(graph, inside);
  const kept = (id: string) => (inside.has(id) ? pinned[id] !== undefined : true);
  return [...feeders].every(isKnown)
    ? { range: { from: node }, pins: pick(pins, (id) => (feeders.has(id) || inside.has(id)) && kept(id)) }
    : { pins: pick(pins, kept) };
}

/** Continues from a node with edited `outputs`: only the nodes downstream of it run. */
export function planEdited(
  graph: Graph,
  node: string,
  outputs: Readonly<Record<string, unknown>>,
  pinned: Pins,
  known: Known,
): PartPlan {
  const behind = reach(graph, node, "out");
  const pins = pick({ ...known.outputs, ...pinned }, (id) => !behind.has(id) || pinned[id] !== undefined);
  return { pins: { ...pins, [node]: outputs } };
}

/** Nodes outside `inside` with an edge into it. */
function sources(graph: Graph, inside: ReadonlySet<string>): Set<string> {
  const found = new Set<string>();
  for (const id of inside)
    for (const edge of lookup(graph).into(id)) {
      const { node } = edgeEnd(edge.from);
      if (!inside.has(node)) found.add(node);
    }
  return found;
}
