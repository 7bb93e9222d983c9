/** The graphs of the agents that a graph calls: the named version, else the draft, as in a test run. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { Graph, GraphNode } from "../../runtime/graph.ts";
import { api } from "../api/api.ts";
import { bodyOf, isContainer } from "../graph/body.ts";
import { roleOf } from "../graph/node-types.ts";
import { findAgent } from "./catalogue.ts";
import { rootOf, type Workbench } from "./workbench.ts";

export interface AgentRef {
  /** Id or slug. */
  agent: string;
  version?: number;
}

export interface CalledAgent {
  /** The agent's id. */
  id: string;
  version?: number;
  graph: Graph;
}

/** The agent that a node calls, or that a container repeats. */
export function agentOf(node: Pick<GraphNode, "type" | "config">): AgentRef | undefined {
  if (roleOf(node) === "calls-agent") {
    const { agent, version } = (node.config ?? {}) as { agent?: string; version?: number | null };
    return agent ? { agent, ...(version ? { version } : {}) } : undefined;
  }
  if (!isContainer(node)) return undefined;
  const body = bodyOf(node);
  return body.is === "agent" ? body.ref : undefined;
}

/** Whether a node contains a graph that can be opened. */
export const hasInnerGraph = (node: Pick<GraphNode, "type" | "config">): boolean =>
  agentOf(node) !== undefined || (isContainer(node) && bodyOf(node).is === "graph");

type CalledStore = StoreApi<ReadonlyMap<string, CalledAgent>>;
const stores = new WeakMap<Workbench, CalledStore>();

/** The graphs that are fetched for an open agent, by `refKey`. Its bodies share them. */
export function calledAgents(workbench: Workbench): CalledStore {
  const root = rootOf(workbench);
  const found = stores.get(root) ?? createStore<ReadonlyMap<string, CalledAgent>>(() => new Map());
  stores.set(root, found);
  return found;
}

export const refKey = ({ agent, version }: AgentRef): string => `${agent}@${version ?? "draft"}`;

/** Fetches the graph: a draft each time, a version once. Rejects with the server's error. */
export async function fetchCalled(workbench: Workbench, ref: AgentRef): Promise<CalledAgent> {
  const store = calledAgents(workbench);
  const known = store.getState().get(refKey(ref));
  if (known && ref.version !== undefined) return known;
  const called = await fetchGraph(
    findAgent(workbench.catalogue.getState().agents, ref.agent)?.id ?? ref.agent,
    ref.version,
  );
  store.setState(new Map(store.getState()).set(refKey(ref), called), true);
  return called;
}

async function fetchGraph(id: string, version: number | undefined): Promise<CalledAgent> {
  if (version === undefined) return { id, graph: (await api.agents.get(id)).graph };
  const { versions } = await api.agents.versions(id);
  const found = versions.find((one) => one.version === version);
  if (!found) throw new Error(`This agent no longer has a version ${version}.`);
  return { id, version, graph: found.graph };
}
