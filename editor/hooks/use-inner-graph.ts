import { useCallback } from "react";
import { useStore } from "zustand";
import type { Graph, GraphNode } from "../../runtime/graph.ts";
import { bodyOf, isContainer } from "../graph/body.ts";
import { agentOf, type CalledAgent, calledAgents, fetchCalled, refKey } from "../session/called-agents.ts";
import { useWorkbench } from "./use-workbench.ts";

/** The graph inside a node, if it is loaded: its body, or the graph of the called agent. */
export function innerGraph(node: GraphNode, called: ReadonlyMap<string, CalledAgent>): Graph | undefined {
  const ref = agentOf(node);
  if (ref) return called.get(refKey(ref))?.graph;
  const body = isContainer(node) ? bodyOf(node) : undefined;
  return body?.is === "graph" ? body.graph : undefined;
}

/** The same as a hook. `load` fetches an agent's graph; `graph` stays undefined if that fails. */
export function useInnerGraph(node: GraphNode): { graph?: Graph; load(): void } {
  const workbench = useWorkbench();
  const graph = useStore(calledAgents(workbench), (called) => innerGraph(node, called));
  const load = useCallback(() => {
    const ref = agentOf(node);
    if (ref) void fetchCalled(workbench, ref).catch(() => {});
  }, [workbench, node]);
  return { graph, load };
}
