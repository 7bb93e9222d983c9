/**
 * Saved agents: drafts with their history, and what is published of them. Drafts may have issues; a version may not,
 * and never changes.
 */

import { agentPorts } from "../../runtime/agent-ports.ts";
import { type CheckContext, checkGraph } from "../../runtime/check.ts";
import { compile } from "../../runtime/compile.ts";
import { PatchbayError } from "../../runtime/error.ts";
import { canonicalJson, type Graph } from "../../runtime/graph.ts";
import type { Issue } from "../../runtime/issue.ts";
import { parseGraph } from "../../runtime/parse.ts";
import type { Ports } from "../../runtime/port.ts";
import type { NodeTable } from "../../runtime/resolve.ts";
import type { ToolSpec } from "../../runtime/tool.ts";
import { newId } from "../ids.ts";
import { sha256 } from "../secrets/secrets.ts";
import type { AgentCard, AgentRecord, Agents, AgentVersion, Publication, Records, Stored } from "../services.ts";
import { everyRecord } from "../stores/mirror.ts";
import { resolveAgents } from "./freeze.ts";

const AGENT = "agent";
const REVISION = "agent-revision";
const LABEL = "agent-revision-label";
const VERSION = "agent-version";
const PUBLICATION = "publication";
/** Older revisions than this many are dropped. */
const KEPT_REVISIONS = 1000;
const SLUG = /^[a-z0-9][a-z0-9-]{0,62}$/;

interface AgentsOptions {
  records: Records;
  nodes: NodeTable;
  /** What this server has: read anew for each check. */
  context(): Promise<CheckContext>;
  /** Specs by name or pattern, to record what a version was published with. */
  tools(names: string[]): Promise<ToolSpec[]>;
  /** Told after each change that calls must see at once: a new live version, a deleted agent. */
  changed?(slug: string): void;
}

/** Loads what is published and keeps it in memory; drafts and versions are read when they are asked for. */
export async function openAgents(options: AgentsOptions): Promise<Agents> {
  const publications = new Map<string, Publication>();
  for (let after: string | undefined; ; ) {
    const page = await options.records.list<Publication>(PUBLICATION, { after, limit: 500 });
    for (const { id, body } of page) publications.set(id, body);
    after = page.at(-1)?.id;
    if (page.length < 500) break;
  }
  const drafts = new Map<string, Ports>();
  for (let after: string | undefined; ; ) {
    const page = await options.records.list<Graph>(AGENT, { after, limit: 100 });
    for (const { id, body } of page) drafts.set(id, agentPorts(body));
    after = page.at(-1)?.id;
    if (page.length < 100) break;
  }
  // What another process published, saved or deleted holds here at once too.
  options.records.watch(async (change) => {
    try {
      if (!change || change.kind === PUBLICATION) {
        const slugs = change ? [change.id] : [...publications.keys(), ...(await everyId(options.records, PUBLICATION))];
        for (const slug of new Set(slugs)) {
          const stored = await options.records.get<Publication>(PUBLICATION, slug);
          if (stored) publications.set(slug, stored.body);
          else publications.delete(slug);
          options.changed?.(slug);
        }
      }
      if (!change || change.kind === AGENT) {
        const ids = change ? [change.id] : [...drafts.keys(), ...(await everyId(options.records, AGENT))];
        for (const id of new Set(ids)) {
          const stored = await options.records.get<Graph>(AGENT, id);
          if (stored) drafts.set(id, agentPorts(stored.body));
          else drafts.delete(id);
        }
      }
    } catch {
      // The store is away; when it is back, all is read again.
    }
  });
  return new RecordedAgents(options, publications, drafts);
}

async function everyId(records: Records, kind: string): Promise<string[]> {
  return (await everyRecord(records, kind)).map((record) => record.id);
}

class RecordedAgents implements Agents {
  readonly #records: Records;
  readonly #options: AgentsOptions;
  readonly #publications: Map<string, Publication>;
  readonly #versions = new Map<string, AgentVersion>();
  readonly #drafts: Map<string, Ports>;

  constructor(options: AgentsOptions, publications: Map<string, Publication>, drafts: Map<string, Ports>) {
    this.#drafts = drafts;
    this.#records = options.records;
    this.#options = options;
    this.#publications = publications;
  }

  async list(options: { after?: string; limit?: number } = {}): Promise<AgentRecord[]> {
    const context = await this.#options.context();
    const page = await this.#records.list<Graph>(AGENT, { ...options, newestFirst: true });
    return page.map((stored) => this.#record(stored, checkGraph(stored.body, this.#options.nodes, context)));
  }

  async cards(options: { after?: string; limit?: number } = {}): Promise<AgentCard[]> {
    const page = await this.#records.list<Graph>(AGENT, { ...options, newestFirst: true });
    return page.map((stored) => {
      const { graph, issues: _none, ...rest } = this.#record(stored, []);
      const { name, description } = graph;
      return { ...rest, name, description, ports: agentPorts(graph) };
    });
  }

  async drafts(): Promise<ReadonlyMap<string, Ports>> {
    return this.#drafts;
  }

  async get(id: string): Promise<AgentRecord> {
    const stored = await this.#records.get<Graph>(AGENT, id);
    if (!stored) throw missing(id);
    return this.#record(stored, await this.#issues(stored.body));
  }

  async create(graph: unknown): Promise<AgentRecord> {
    const body = wellFormed(graph);
    const stored = await this.#records.put(AGENT, newId(), body, { revision: 0 });
    this.#drafts.set(stored.id, agentPorts(body));
    return this.#record(stored, await this.#issues(body));
  }

  async update(id: string, graph: unknown, revision: number): Promise<AgentRecord> {
    const body = wellFormed(graph);
    const before = await this.#records.get<Graph>(AGENT, id);
    if (!before) throw missing(id);
    if (before.revision !== revision) throw stale(id, revision, before.revision);
    if (canonicalJson(before.body) === canonicalJson(body)) return this.#record(before, await this.#issues(body));
    // The history first: should the process end in between, it holds the revision that still stands, which does no harm.
    await this.#records.put(
      REVISION,
      revisionId(id, before.revision),
      { graph: before.body, at: before.updatedAt },
      { parent: id },
    );
    const stored = await this.#records.put(AGENT, id, body, { revision }).catch(async (error) => {
      if ((error as PatchbayError).code !== "conflict") throw error;
      const now = await this.#records.get<Graph>(AGENT, id);
      throw now ? stale(id, revision, now.revision) : missing(id);
    });
    this.#drafts.set(id, agentPorts(body));
    if (stored.revision > KEPT_REVISIONS) {
      const oldest = revisionId(id, stored.revision - KEPT_REVISIONS);
      if (!(await this.#records.get(LABEL, oldest))) await this.#records.delete(REVISION, oldest);
    }
    return this.#record(stored, await this.#issues(body));
  }

  async delete(id: string): Promise<boolean> {
    for (const publication of [...this.#publications.values()].filter((one) => one.agent === id)) {
      await this.#records.delete(PUBLICATION, publication.slug);
      this.#publications.delete(publication.slug);
      for (const version of await this.#records.list<AgentVersion>(VERSION, { parent: id })) {
        await this.#records.delete(VERSION, version.id);
        this.#versions.delete(version.id);
      }
      this.#options.changed?.(publication.slug);
    }
    const was = await this.#records.delete(AGENT, id);
    this.#drafts.delete(id);
    for (const kind of [REVISION, LABEL])
      for (let full = true; full; ) {
        const page = await this.#records.list(kind, { parent: id, limit: 200 });
        for (const one of page) await this.#records.delete(kind, one.id);
        full = page.length === 200;
      }
    return was;
  }

  async revisions(id: string): Promise<{ revision: number; updatedAt: number; name: string; label?: string }[]> {
    const current = await this.#records.get<Graph>(AGENT, id);
    if (!current) throw missing(id);
    const past = await this.#records.list<{ graph: Graph; at: number }>(REVISION, {
      parent: id,
      limit: KEPT_REVISIONS,
    });
    const all = past
      .map((row) => ({ revision: Number(row.id.split("/")[1]), updatedAt: row.body.at, name: row.body.graph.name }))
      .filter((row) => row.revision < current.revision);
    all.push({ revision: current.revision, updatedAt: current.updatedAt, name: current.body.name });
    const labels = new Map(
      (await this.#records.list<{ label: string }>(LABEL, { parent: id, limit: KEPT_REVISIONS })).map((row) => [
        row.id,
        row.body.label,
      ]),
    );
    return all.reverse().map((row) => {
      const label = labels.get(revisionId(id, row.revision));
      return label === undefined ? row : { ...row, label };
    });
  }

  async nameRevision(id: string, revision: number, label: string): Promise<void> {
    await this.revision(id, revision);
    if (label === "") await this.#records.delete(LABEL, revisionId(id, revision));
    else await this.#records.put(LABEL, revisionId(id, revision), { label }, { parent: id });
  }

  async revision(id: string, revision: number): Promise<AgentRecord> {
    const current = await this.get(id);
    if (current.revision === revision) return current;
    const row = await this.#records.get<{ graph: Graph; at: number }>(REVISION, revisionId(id, revision));
    if (!row || revision > current.revision)
      throw new PatchbayError(
        "not_found",
        `The agent "${id}" has no revision ${revision}; it stands at ${current.revision}.`,
      );
    return {
      ...current,
      revision,
      graph: row.body.graph,
      issues: await this.#issues(row.body.graph),
      updatedAt: row.body.at,
    };
  }

  async check(graph: unknown): Promise<Issue[]> {
    const parsed = parseGraph(graph);
    return parsed.graph ? this.#issues(parsed.graph) : parsed.issues;
  }

  async publish(
    id: string,
    options: { slug?: string; note?: string; access?: Publication["access"]; origins?: string[]; steps?: boolean },
  ): Promise<AgentVersion> {
    const stored = await this.#records.get<Graph>(AGENT, id);
    if (!stored) throw missing(id);
    const known = [...this.#publications.values()].find((one) => one.agent === id);
    const slug = options.slug ?? known?.slug ?? this.#freeSlug(stored.body.name);
    if (!SLUG.test(slug))
      throw new PatchbayError(
        "bad_request",
        `"${slug}" cannot be an address: use a-z, 0-9 and -, at most 63, not beginning with -.`,
        { path: "/slug" },
      );
    const taken = this.#publications.get(slug);
    if (taken && taken.agent !== id)
      throw new PatchbayError("conflict", `The address "${slug}" belongs to another agent; choose another.`, {
        path: "/slug",
      });
    if (known && known.slug !== slug)
      throw new PatchbayError(
        "conflict",
        `This agent is published as "${known.slug}" already; its address does not change.`,
        { path: "/slug" },
      );

    const frozen = resolveAgents(stored.body, this.#options.nodes, (agent) => {
      const publication = this.#find(agent);
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
    const latest = before && (await this.version(slug, before.latest));
    // The same graph published again is the same version: only its settings can have changed.
    const same = latest?.hash === compiled.hash && options.note === undefined ? latest : undefined;
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
    if (!same) await this.#records.put(VERSION, versionId(slug, version.version), version, { parent: id, revision: 0 });
    await this.#save({
      slug,
      agent: id,
      live: version.version,
      latest: version.version,
      access: options.access ?? before?.access ?? "private",
      origins: options.origins ?? before?.origins ?? [],
      steps: options.steps ?? before?.steps ?? false,
    });
    return version;
  }

  async setPublication(
    id: string,
    change: Partial<Pick<Publication, "access" | "origins" | "steps">>,
  ): Promise<Publication> {
    return this.#save({ ...this.#published(id), ...change });
  }

  async versions(id: string): Promise<AgentVersion[]> {
    if (!(await this.#records.get(AGENT, id))) throw missing(id);
    const rows = await this.#records.list<AgentVersion>(VERSION, { parent: id });
    return rows.map((row) => row.body).reverse();
  }

  async setLive(id: string, options: { version: number; share?: number }): Promise<Publication> {
    const publication = this.#published(id);
    const { share: before, ...plain } = publication;
    if (!(await this.version(publication.slug, options.version)))
      throw new PatchbayError(
        "not_found",
        `"${publication.slug}" has no version ${options.version}; it has 1 to ${publication.latest}.`,
        { path: "/version" },
      );
    const { version, share } = options;
    if (share === undefined || share >= 1) return this.#save({ ...plain, live: version });
    if (version === publication.live)
      throw new PatchbayError(
        "bad_request",
        `Version ${version} is the live one: it has all calls that no other takes. Give a share to another version.`,
        { path: "/share" },
      );
    // A larger share of the same version goes on with the same comparison.
    const since = before?.version === version ? before.since : Date.now();
    return this.#save({ ...plain, share: { version, share, since } });
  }

  async publication(slug: string): Promise<Publication | undefined> {
    return this.#publications.get(slug);
  }

  async publications(): Promise<Publication[]> {
    return [...this.#publications.values()];
  }

  async version(slug: string, version: number): Promise<AgentVersion | undefined> {
    const id = versionId(slug, version);
    const held = this.#versions.get(id);
    if (held) return held;
    const row = await this.#records.get<AgentVersion>(VERSION, id);
    if (row) this.#versions.set(id, row.body);
    return row?.body;
  }

  #published(id: string): Publication {
    const publication = [...this.#publications.values()].find((one) => one.agent === id);
    if (!publication) throw new PatchbayError("not_found", "This agent is not published yet.");
    return publication;
  }

  #find(agent: string): Publication | undefined {
    return this.#publications.get(agent) ?? [...this.#publications.values()].find((one) => one.agent === agent);
  }

  async #save(publication: Publication): Promise<Publication> {
    await this.#records.put(PUBLICATION, publication.slug, publication, { parent: publication.agent });
    this.#publications.set(publication.slug, publication);
    this.#options.changed?.(publication.slug);
    return publication;
  }

  #record(stored: Stored<Graph>, issues: Issue[]): AgentRecord {
    const publication = [...this.#publications.values()].find((one) => one.agent === stored.id);
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

  #freeSlug(name: string): string {
    const plain = name
      .normalize("NFKD")
      .replaceAll(/\p{M}/gu, "")
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, "-")
      .replaceAll(/^-+|-+$/g, "")
      .slice(0, 50)
      .replace(/-+$/, "");
    const base = plain || `agent-${newId().slice(-6)}`;
    let slug = base;
    for (let n = 2; this.#publications.has(slug); n++) slug = `${base}-${n}`;
    return slug;
  }
}

/** A graph that may be saved, with issues or not. Throws `graph_has_issues` for what is no graph at all. */
export function wellFormed(value: unknown): Graph {
  const parsed = parseGraph(value);
  if (parsed.graph) return parsed.graph;
  throw new PatchbayError("graph_has_issues", `This is no agent file: ${parsed.issues[0]!.message}`, {
    issues: parsed.issues,
    path: `/graph${parsed.issues[0]!.path ?? ""}`,
  });
}

function revisionId(agent: string, revision: number): string {
  return `${agent}/${String(revision).padStart(9, "0")}`;
}

function versionId(slug: string, version: number): string {
  return `${slug}/${String(version).padStart(9, "0")}`;
}

function missing(id: string): PatchbayError {
  return new PatchbayError("not_found", `There is no agent "${id}".`);
}

function stale(id: string, revision: number, stands: number): PatchbayError {
  return new PatchbayError(
    "conflict",
    `The agent "${id}" stands at revision ${stands}, not ${revision}: it was changed elsewhere. Load it again.`,
  );
}
