/**
 * Saved agents: drafts with their history, and what is published of them. Drafts may have issues; a version may not,
 * and never changes.
 */
import { agentPorts, inputFields, readsFiles } from "../../runtime/agent-ports.ts";
import { BoundedMap } from "../../runtime/bounded-map.ts";
import { checkGraph } from "../../runtime/check.ts";
import { compile } from "../../runtime/compile.ts";
import { PatchbayError } from "../../runtime/error.ts";
import type { Field } from "../../runtime/field.ts";
import { canonicalJson, type Graph } from "../../runtime/graph.ts";
import { sameButLayout } from "../../runtime/identity.ts";
import type { Issue } from "../../runtime/issue.ts";
import type { CheckContext, NodeTable } from "../../runtime/node.ts";
import { parseGraph } from "../../runtime/parse.ts";
import type { Ports } from "../../runtime/port.ts";
import type { ToolSpec } from "../../runtime/tool.ts";
import type { Agent, AgentCard, AgentVersion, Publication, Publish } from "../contract/agent.ts";
import { newId } from "../lib/ids.ts";
import { notFound } from "../lib/not-found.ts";
import { sha256 } from "../secrets/secrets.ts";
import { everyRecord } from "../stores/mirror.ts";
import type { Records, Stored } from "../stores/records.ts";
import { resolveAgents } from "./freeze.ts";
import { History, stale } from "./history.ts";
import { Publications, served } from "./publications.ts";
import type { Agents } from "./service.ts";

const AGENT = "agent";
/** How long a verdict may answer saves that change positions alone: what the server has may change meanwhile. */
const VERDICT_MS = 30_000;
const MAX_VERDICTS = 1000;

interface AgentsOptions {
  records: Records;
  nodes: NodeTable;
  /** The server's capabilities, read for each check. */
  context(): Promise<CheckContext>;
  /** Specs by name or pattern, to record what a version was published with. */
  tools(names: string[]): Promise<ToolSpec[]>;
  /** Called after each change that calls must see at once: a new live version, a deleted agent. */
  changed?(slug: string): void;
}

/** Loads what is published, and the ports of drafts, and keeps both in memory; the rest is read when it is asked for. */
export async function openAgents(options: AgentsOptions): Promise<Agents> {
  const { records } = options;
  const publications = new Publications(records, (slug) => options.changed?.(slug));
  await publications.load();
  const ports = new Map<string, Ports>();
  for (const { id, body } of await everyRecord<Graph>(records, AGENT)) ports.set(id, agentPorts(body, options.nodes));
  // Applies changes by other processes.
  records.watch(async (change) => {
    try {
      await publications.refresh(change);
      if (!change || change.kind === AGENT) {
        const ids = change
          ? [change.id]
          : [...ports.keys(), ...(await everyRecord(records, AGENT)).map(({ id }) => id)];
        for (const id of new Set(ids)) {
          const stored = await records.get<Graph>(AGENT, id);
          if (stored) ports.set(id, agentPorts(stored.body, options.nodes));
          else ports.delete(id);
        }
      }
    } catch {
      // The store is away; when it is back, all is read again.
    }
  });
  return new RecordedAgents(options, publications, ports);
}

class RecordedAgents implements Agents {
  readonly #records: Records;
  readonly #options: AgentsOptions;
  readonly #publications: Publications;
  readonly #history: History;
  /** Of each draft, by id. */
  readonly #drafts: Map<string, Ports>;
  /** The last check of drafts that were saved lately, by id. */
  readonly #verdicts = new BoundedMap<string, { revision: number; issues: Issue[]; at: number }>(MAX_VERDICTS);

  constructor(options: AgentsOptions, publications: Publications, drafts: Map<string, Ports>) {
    this.#records = options.records;
    this.#options = options;
    this.#publications = publications;
    this.#history = new History(options.records);
    this.#drafts = drafts;
  }

  async list(options: { after?: string; limit?: number } = {}): Promise<Agent[]> {
    const context = await this.#options.context();
    const page = await this.#records.list<Graph>(AGENT, { ...options, newestFirst: true });
    return page.map((stored) => this.#record(stored, checkGraph(stored.body, this.#options.nodes, context)));
  }

  async cards(options: { after?: string; limit?: number } = {}): Promise<AgentCard[]> {
    const page = await this.#records.list<Graph>(AGENT, { ...options, newestFirst: true });
    return page.map((stored) => {
      const { graph, issues: _none, ...rest } = this.#record(stored, []);
      const { name, description } = graph;
      const latest = this.#publications.of(stored.id)?.latest;
      return {
        ...rest,
        name,
        description,
        ...(latest !== undefined && { latest }),
        ports: agentPorts(graph, this.#options.nodes),
      };
    });
  }

  async drafts(): Promise<ReadonlyMap<string, Ports>> {
    return this.#drafts;
  }

  async graphs(): Promise<{ id: string; graph: Graph }[]> {
    return (await everyRecord<Graph>(this.#records, AGENT)).map(({ id, body }) => ({ id, graph: body }));
  }

  inputFields(graph: Graph): Field[] {
    return inputFields(graph, this.#options.nodes);
  }

  readsFiles(graph: Graph): boolean {
    return readsFiles(graph, this.#options.nodes);
  }

  async get(id: string): Promise<Agent> {
    const stored = await this.#records.get<Graph>(AGENT, id);
    if (!stored) throw notFound("agent", id);
    return this.#record(stored, await this.#issues(stored.body));
  }

  async create(graph: unknown): Promise<Agent> {
    const body = wellFormed(graph);
    const stored = await this.#records.put(AGENT, newId(), body, { revision: 0 });
    this.#drafts.set(stored.id, agentPorts(body, this.#options.nodes));
    return this.#record(stored, await this.#issues(body));
  }

  async update(id: string, graph: unknown, revision: number): Promise<Agent> {
    const body = wellFormed(graph);
    const before = await this.#records.get<Graph>(AGENT, id);
    if (!before) throw notFound("agent", id);
    if (before.revision !== revision) throw stale(id, revision, before.revision);
    if (canonicalJson(before.body) === canonicalJson(body)) return this.#record(before, await this.#issues(body));
    // The history is written first: if the process ends in between, it holds the current revision, which is harmless.
    await this.#history.keep(before);
    const stored = await this.#records.put(AGENT, id, body, { revision }).catch(async (error) => {
      if ((error as PatchbayError).code !== "conflict") throw error;
      const now = await this.#records.get<Graph>(AGENT, id);
      throw now ? stale(id, revision, now.revision) : notFound("agent", id);
    });
    this.#drafts.set(id, agentPorts(body, this.#options.nodes));
    await this.#history.trim(id, stored.revision);
    const known = this.#verdicts.get(id);
    const holds =
      known?.revision === revision && Date.now() - known.at < VERDICT_MS && sameButLayout(before.body, body);
    const { issues, at } = holds ? known : { issues: await this.#issues(body), at: Date.now() };
    this.#verdicts.set(id, { revision: stored.revision, issues, at });
    return this.#record(stored, issues);
  }

  async delete(id: string): Promise<boolean> {
    await this.#publications.deleteAll(id);
    const was = await this.#records.delete(AGENT, id);
    this.#drafts.delete(id);
    await this.#history.deleteAll(id);
    return was;
  }

  async revisions(id: string): Promise<{ revision: number; updatedAt: number; name: string; label?: string }[]> {
    const current = await this.#records.get<Graph>(AGENT, id);
    if (!current) throw notFound("agent", id);
    return this.#history.list(current);
  }

  async nameRevision(id: string, revision: number, label: string): Promise<void> {
    await this.revision(id, revision);
    await this.#history.name(id, revision, label);
  }

  async revision(id: string, revision: number): Promise<Agent> {
    const current = await this.get(id);
    if (current.revision === revision) return current;
    const past = await this.#history.get(id, revision);
    if (!past || revision > current.revision)
      throw new PatchbayError(
        "not_found",
        `The agent "${id}" has no revision ${revision}; it stands at ${current.revision}.`,
      );
    return {
      ...current,
      revision,
      graph: past.graph,
      issues: await this.#issues(past.graph),
      updatedAt: past.at,
    };
  }

  async check(graph: unknown): Promise<Issue[]> {
    const parsed = parseGraph(graph);
    return parsed.graph ? this.#issues(parsed.graph) : parsed.issues;
  }

  async publish(id: string, options: Publish): Promise<AgentVersion> {
    if (options.share !== undefined && options.live === true)
      throw new PatchbayError(
        "bad_request",
        "A version is either live or has a share of the calls: send one of both.",
        {
          path: "/share",
        },
      );
    const stored = await this.#records.get<Graph>(AGENT, id);
    if (!stored) throw notFound("agent", id);
    const slug = this.#publications.slugFor(id, stored.body.name, options.slug);

    const frozen = resolveAgents(stored.body, this.#options.nodes, (agent) => {
      const publication = this.#publications.find(agent);
      return publication && { agent: publication.slug, version: publication.live };
    });
    const compiled = compile(frozen.graph, this.#options.nodes, await this.#options.context());
    if (frozen.issues.length > 0)
      throw new PatchbayError(
        "graph_has_issues",
        `"${stored.body.name}" cannot be published: ${frozen.issues[0]!.message}`,
        { issues: frozen.issues },
      );

    const before = this.#publications.get(slug);
    if (!before && (options.live === false || options.share !== undefined))
      throw new PatchbayError("bad_request", "The first version of an agent is always live.", {
        path: options.live === false ? "/live" : "/share",
      });
    const latest = before && (await this.version(slug, before.latest));
    // The same graph published again is the same version: only its settings can have changed.
    const same = latest?.hash === compiled.hash ? latest : undefined;
    const version: AgentVersion = same ?? {
      slug,
      version: (before?.latest ?? 0) + 1,
      agent: id,
      revision: stored.revision,
      note: options.note ?? "",
      graph: frozen.graph,
      hash: compiled.hash,
      tools: await this.#toolHashes(
        compiled.nodes.flatMap((node) => node.definition.needs?.(node.config)?.tools ?? []),
      ),
      publishedAt: Date.now(),
    };
    if (!same) await this.#publications.addVersion(version);
    // Read again: what is live may have changed meanwhile.
    const now = this.#publications.get(slug);
    const { access = "private", origins = [], steps = false, look } = { ...now, ...options };
    await this.#publications.save({
      slug,
      agent: id,
      ...served(now, version.version, options),
      latest: version.version,
      access,
      origins,
      steps,
      ...(look && { look }),
    });
    return version;
  }

  async setPublication(
    id: string,
    change: Partial<Pick<Publication, "access" | "origins" | "steps" | "look">>,
  ): Promise<Publication> {
    return this.#publications.save({ ...this.#publications.mustOf(id), ...change });
  }

  async versions(id: string): Promise<AgentVersion[]> {
    if (!(await this.#records.get(AGENT, id))) throw notFound("agent", id);
    return this.#publications.versions(id);
  }

  async setLive(id: string, options: { version: number; share?: number }): Promise<Publication> {
    const publication = this.#publications.mustOf(id);
    const { share: before, ...plain } = publication;
    if (!(await this.version(publication.slug, options.version)))
      throw new PatchbayError(
        "not_found",
        `"${publication.slug}" has no version ${options.version}; it has 1 to ${publication.latest}.`,
        { path: "/version" },
      );
    const { version, share } = options;
    if (share === undefined || share >= 1) return this.#publications.save({ ...plain, live: version });
    if (version === publication.live)
      throw new PatchbayError(
        "bad_request",
        `Version ${version} is the live one: it has all calls that no other takes. Give a share to another version.`,
        { path: "/share" },
      );
    // A larger share of the same version goes on with the same comparison.
    const since = before?.version === version ? before.since : Date.now();
    return this.#publications.save({ ...plain, share: { version, share, since } });
  }

  async publication(slug: string): Promise<Publication | undefined> {
    return this.#publications.get(slug);
  }

  async publications(): Promise<Publication[]> {
    return this.#publications.all();
  }

  async version(slug: string, version: number): Promise<AgentVersion | undefined> {
    return this.#publications.version(slug, version);
  }

  #record(stored: Stored<Graph>, issues: Issue[]): Agent {
    const publication = this.#publications.of(stored.id);
    return {
      id: stored.id,
      revision: stored.revision,
      graph: stored.body,
      issues,
      ...(publication && { slug: publication.slug, live: publication.live }),
      createdAt: stored.createdAt,
      updatedAt: stored.updatedAt,
    };
  }

  async #issues(graph: Graph): Promise<Issue[]> {
    return checkGraph(graph, this.#options.nodes, await this.#options.context());
  }

  async #toolHashes(names: string[]): Promise<Record<string, string>> {
    if (names.length === 0) return {};
    const specs = await this.#options.tools([...new Set(names)]);
    return Object.fromEntries(specs.map((spec) => [spec.name, sha256(canonicalJson(spec))]));
  }
}

/** A well-formed graph, with issues or not. Throws `graph_has_issues` for any other value. */
export function wellFormed(value: unknown): Graph {
  const parsed = parseGraph(value);
  if (parsed.graph) return parsed.graph;
  throw new PatchbayError("graph_has_issues", `This is not an agent file: ${parsed.issues[0]!.message}`, {
    issues: parsed.issues,
    path: `/graph${parsed.issues[0]!.path ?? ""}`,
  });
}
