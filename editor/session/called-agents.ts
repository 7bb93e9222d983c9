/** The graphs of the agents that a graph calls, as a trial of it goes by: a version where one is named, else the draft. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { Graph, GraphNode } from "../../runtime/graph.ts";
import { api } from "../api/api.ts";
import { bodyOf, isContainer } from "../graph/body.ts";
import { roleOf } from "../graph/node-types.ts";
import type { AgentEntry } from "./catalogue.ts";
import { rootOf, type Workbench } from "./workbench.ts";

/** As a graph names it: by id or slug. */
export interface AgentRef {
  agent: string;
  version?: number;
}

export interface CalledAgent {
  /** The agent's id. */
  id: string;
  version?: number;
  graph: Graph;
}

/** The agent that a node calls, or that it repeats. */
export function agentOf(node: Pick<GraphNode, "type" | "config">): AgentRef | undefined {
  if (roleOf(node) === "calls-agent") {
    const { agent, version } = (node.config ?? {}) as { agent?: string; version?: number | null };
    return agent ? { agent, ...(version ? { version } : {}) } : undefined;
  }
  if (!isContainer(node)) return undefined;
  const body = bodyOf(node);
  return body.is === "agent" ? body.ref : undefined;
}

/** Whether there is a graph inside of a node that can be looked at. */
export const hasInnerGraph = (node: Pick<GraphNode, "type" | "config">): boolean =>
  agentOf(node) !== undefined || (isContainer(node) && bodyOf(node).is === "graph");

export const findAgent = (agents: readonly AgentEntry[], name: string): AgentEntry | undefined =>
  agents.find((agent) => agent.id === name || agent.slug === name);

type CalledStore = StoreApi<ReadonlyMap<string, CalledAgent>>;
const stores = new WeakMap<Workbench, CalledStore>();

/** What was fetched so far for an open agent, by `refKey`; the same for each body inside of it. */
export function calledAgents(workbench: Workbench): CalledStore {
  const root = rootOf(workbench);
  const found = stores.get(root) ?? createStore<ReadonlyMap<string, CalledAgent>>(() => new Map());
  stores.set(root, found);
  return found;
}

export const refKey = ({ agent, version }: AgentRef): string => `${agent}@${version ?? "draft"}`;

/** Fetches the graph: a draft each time, a version once. Rejects with what the server says. */
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
  if (!found) throw new Error(`There is no version ${version} of this agent any more.`);
  return { id, version, graph: found.graph };
}
