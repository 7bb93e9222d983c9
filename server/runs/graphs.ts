/** Finds the graph of a run target and compiles it once. */
import { agentPorts } from "../../runtime/agent-ports.ts";
import { BoundedMap } from "../../runtime/bounded-map.ts";
import { type CompiledGraph, compile } from "../../runtime/compile.ts";
import { PatchbayError } from "../../runtime/error.ts";
import type { BodyOf } from "../../runtime/event.ts";
import type { Graph } from "../../runtime/graph.ts";
import type { CheckContext, NodeTable } from "../../runtime/node.ts";
import type { Ports } from "../../runtime/port.ts";
import { resolve } from "../../runtime/resolve.ts";
import { wellFormed } from "../agents/agents.ts";
import type { Agents } from "../agents/service.ts";
import type { Publication } from "../contract/agent.ts";
import { notFound } from "../lib/not-found.ts";
import type { EventLog } from "../stores/event-log.ts";
import type { RunTarget } from "./service.ts";

const MAX_CACHED = 500;
const AGENT_TOOL_PREFIX = "agent/";

interface AgentCall {
  agent: string;
  version?: number;
}

interface Chosen {
  compiled: CompiledGraph;
  agent: BodyOf<"run-start">["agent"];
  /** Agents that it calls without a version are their saved drafts, not their published versions. */
  draft: boolean;
}

export interface GraphsOptions {
  agents: Agents;
  nodes: NodeTable;
  log: Pick<EventLog, "graph" | "saveGraph">;
  checkContext(): Promise<CheckContext>;
  /** In [0, 1): decides which of two live versions a call gets. */
  random?(): number;
}

export class Graphs {
  readonly #options: GraphsOptions;
  readonly #versions = new BoundedMap<string, Chosen>(MAX_CACHED);
  readonly #byHash = new BoundedMap<string, CompiledGraph>(MAX_CACHED);
  readonly #callsOf = new WeakMap<CompiledGraph, AgentCall[]>();

  constructor(options: GraphsOptions) {
    this.#options = options;
  }

  /** Rejects with `not_found`, and with `graph_has_issues` for a draft that cannot run. */
  async choose(target: RunTarget): Promise<Chosen> {
    if ("slug" in target) return this.#published(target.slug, target.version);
    const { agents, nodes } = this.#options;
    const saved = "agent" in target ? await agents.get(target.agent) : undefined;
    const graph = saved?.graph ?? wellFormed((target as { graph: unknown }).graph);
    const compiled = compile(graph, nodes, await this.#options.checkContext());
    this.#remember(compiled);
    const agent = { ...(saved && { id: saved.id }), name: graph.name, graph: compiled.hash };
    return { compiled, agent, draft: true };
  }

  /**
   * Fixes the agents that a run calls without a version, directly or through other agents: returns their graph hashes by
   * the name used in the call, and saves their graphs. Later saves and publications do not change the run.
   */
  async freeze(compiled: CompiledGraph, draft: boolean): Promise<Record<string, string> | undefined> {
    if (this.#calls(compiled).length === 0) return undefined;
    const hashes: Record<string, string> = Object.create(null);
    const seen = new Set([compiled]);
    // The set grows during the iteration.
    for (const graph of seen)
      for (const { agent, version } of await this.#eachCall(graph)) {
        if (version === undefined && agent in hashes) continue;
        try {
          const called = await this.called(agent, version, draft);
          seen.add(called);
          if (version !== undefined) continue;
          hashes[agent] = called.hash;
          this.#options.log.saveGraph(called.hash, called.graph);
        } catch (error) {
          // An agent that cannot run fails only when it is called.
          if (!(error instanceof PatchbayError)) throw error;
        }
      }
    return hashes;
  }

  /** The graph that a run began with, from its snapshot. Rejects with `not_found`. */
  async byHash(hash: string): Promise<CompiledGraph> {
    const kept = this.#byHash.get(hash);
    if (kept) return kept;
    const graph = await this.#options.log.graph(hash);
    if (!graph) throw new PatchbayError("not_found", "The graph of this run is no longer stored.");
    const compiled = await this.#recompile(graph);
    this.#remember(compiled);
    return compiled;
  }

  /** A graph that another one calls, by id or slug. */
  async called(agent: string, version: number | undefined, draft: boolean): Promise<CompiledGraph> {
    const { agents } = this.#options;
    const publication =
      (await agents.publication(agent)) ?? (await agents.publications()).find((one) => one.agent === agent);
    if (version !== undefined || !draft) {
      if (!publication)
        throw new PatchbayError(
          "not_found",
          `The agent "${agent}" is not published${draft ? "" : "; publish it first"}.`,
        );
      return (await this.#published(publication.slug, version)).compiled;
    }
    return (await this.choose({ agent: publication?.agent ?? agent })).compiled;
  }

  async #published(slug: string, version?: number): Promise<Chosen> {
    const publication = await this.#options.agents.publication(slug);
    if (!publication) throw notFound("published agent", slug);
    const number = version ?? this.#liveVersion(publication);
    const name = `${slug}@${number}`;
    const kept = this.#versions.get(name);
    if (kept) return kept;
    const found = await this.#options.agents.version(slug, number);
    if (!found) throw new PatchbayError("not_found", `The agent "${slug}" has no version ${number}.`);
    const compiled = await this.#recompile(found.graph);
    this.#remember(compiled);
    const chosen: Chosen = {
      compiled,
      agent: { id: found.agent, slug, version: number, name: found.graph.name, graph: compiled.hash },
      draft: false,
    };
    this.#versions.set(name, chosen);
    return chosen;
  }

  /**
   * Compiles a graph that passed its check before. Resolves only what decides the ports of nodes; models and knowledge are
   * looked up when they are used, so that a missing one fails the run and not its resumption.
   */
  async #recompile(graph: Graph): Promise<CompiledGraph> {
    const { agents, nodes, checkContext } = this.#options;
    const { tool, agent } = await checkContext();
    const called = new Map<string, Ports>();
    for (const { agent: slug, version } of agentsIn(graph, nodes)) {
      const found = version === undefined ? undefined : await agents.version(slug, version);
      if (found) called.set(`${slug}@${version}`, agentPorts(found.graph, nodes));
    }
    return compile(graph, nodes, {
      ...(tool && { tool }),
      agent: (name, version) => called.get(`${name}@${version}`) ?? agent?.(name, version),
    });
  }

  /** The agents that a graph calls, as nodes, in bodies and as tools (`*`: every published agent). */
  #calls(compiled: CompiledGraph): AgentCall[] {
    let calls = this.#callsOf.get(compiled);
    if (!calls) {
      calls = agentsIn(compiled.graph, this.#options.nodes);
      this.#callsOf.set(compiled, calls);
    }
    return calls;
  }

  async #eachCall(compiled: CompiledGraph): Promise<AgentCall[]> {
    const calls = this.#calls(compiled);
    if (!calls.some((call) => call.agent === "*")) return calls;
    const published = await this.#options.agents.publications();
    return [...calls.filter((call) => call.agent !== "*"), ...published.map(({ slug }) => ({ agent: slug }))];
  }

  #liveVersion({ live, share }: Publication): number {
    return share && (this.#options.random ?? Math.random)() < share.share ? share.version : live;
  }

  /** Drops the cached versions of a deleted agent. */
  forget(slug: string): void {
    for (const name of this.#versions.keys()) if (name.startsWith(`${slug}@`)) this.#versions.delete(name);
  }

  #remember(compiled: CompiledGraph): void {
    this.#byHash.set(compiled.hash, compiled);
  }
}

/** The agents that a graph and its bodies call. */
function agentsIn(graph: Graph, nodes: NodeTable): AgentCall[] {
  return resolve(graph, nodes).nodes.flatMap(({ definition, config, bypass }) => {
    if (bypass) return [];
    const { agents = [], tools = [] } = definition.needs?.(config) ?? {};
    return [
      ...agents,
      ...tools
        .filter((tool) => tool.startsWith(AGENT_TOOL_PREFIX))
        .map((tool) => ({ agent: tool.slice(AGENT_TOOL_PREFIX.length) })),
      ...(definition.bodies?.(config) ?? []).flatMap((body) => agentsIn(body.graph, nodes)),
    ];
  });
}
