/** What is published, by its address, in memory; its versions, which never change, as they are asked for. */
import { PatchbayError } from "../../runtime/error.ts";
import type { AgentVersion, Publication, Publish } from "../contract/agent.ts";
import { newId } from "../lib/ids.ts";
import { everyRecord } from "../stores/mirror.ts";
import type { Records } from "../stores/records.ts";

const VERSION = "agent-version";
const PUBLICATION = "publication";
const SLUG = /^[a-z0-9][a-z0-9-]{0,62}$/;
const PAGE = 200;

export class Publications {
  readonly #records: Records;
  readonly #changed: (slug: string) => void;
  readonly #bySlug = new Map<string, Publication>();
  readonly #versions = new Map<string, AgentVersion>();

  /** `changed` is called with each slug whose calls must see a change at once, also one by another process. */
  constructor(records: Records, changed: (slug: string) => void) {
    this.#records = records;
    this.#changed = changed;
  }

  /** To be called once, before anything else; from then on `refresh` keeps it as it is stored. */
  async load(): Promise<void> {
    for (const { id, body } of await everyRecord<Publication>(this.#records, PUBLICATION)) this.#bySlug.set(id, body);
  }

  /** A record was changed by another process; without one, anything may have been. */
  async refresh(change?: { kind: string; id: string }): Promise<void> {
    if (change && change.kind !== PUBLICATION) return;
    const stored = await everyRecordOf(this.#records, change?.id);
    for (const slug of change ? [change.id] : new Set([...this.#bySlug.keys(), ...stored.keys()])) {
      const publication = stored.get(slug);
      if (publication) this.#bySlug.set(slug, publication);
      else this.#bySlug.delete(slug);
      this.#changed(slug);
    }
  }

  get(slug: string): Publication | undefined {
    return this.#bySlug.get(slug);
  }

  all(): Publication[] {
    return [...this.#bySlug.values()];
  }

  of(agent: string): Publication | undefined {
    return this.all().find((one) => one.agent === agent);
  }

  /** By its address, or by the id of its agent. */
  find(name: string): Publication | undefined {
    return this.get(name) ?? this.of(name);
  }

  /** Rejects with `not_found`. */
  mustOf(agent: string): Publication {
    const publication = this.of(agent);
    if (!publication) throw new PatchbayError("not_found", "This agent is not published yet.");
    return publication;
  }

  /**
   * The address that the agent gets: the one it has, the one it asks for, or one made from its name. Throws
   * `bad_request` for what cannot be an address, `conflict` where it is another's or the agent has another.
   */
  slugFor(agent: string, name: string, asked: string | undefined): string {
    const known = this.of(agent);
    const slug = asked ?? known?.slug ?? this.#free(name);
    if (!SLUG.test(slug))
      throw new PatchbayError(
        "bad_request",
        `"${slug}" cannot be an address: use a-z, 0-9 and -, at most 63, not beginning with -.`,
        { path: "/slug" },
      );
    const taken = this.get(slug);
    if (taken && taken.agent !== agent)
      throw new PatchbayError("conflict", `The address "${slug}" belongs to another agent; choose another.`, {
        path: "/slug",
      });
    if (known && known.slug !== slug)
      throw new PatchbayError(
        "conflict",
        `This agent is published as "${known.slug}" already; its address does not change.`,
        { path: "/slug" },
      );
    return slug;
  }

  /** A page that is shared by link anew gets a new link: those that were taken back stay closed. */
  async save(given: Publication): Promise<Publication> {
    const before = this.get(given.slug);
    const isNewLink = given.access === "link" && before?.access !== "link";
    const link = isNewLink ? newId() : before?.link;
    const publication = { ...given, ...(link !== undefined && { link }) };
    await this.#records.put(PUBLICATION, publication.slug, publication, { parent: publication.agent });
    this.#bySlug.set(publication.slug, publication);
    this.#changed(publication.slug);
    return publication;
  }

  async version(slug: string, version: number): Promise<AgentVersion | undefined> {
    const id = versionId(slug, version);
    const held = this.#versions.get(id);
    if (held) return held;
    const row = await this.#records.get<AgentVersion>(VERSION, id);
    if (row) this.#versions.set(id, row.body);
    return row?.body;
  }

  /** Newest first. */
  async versions(agent: string): Promise<AgentVersion[]> {
    const rows = await this.#records.list<AgentVersion>(VERSION, { parent: agent });
    return rows.map((row) => row.body).reverse();
  }

  /** Rejects with `conflict` where there is such a version. */
  async addVersion(version: AgentVersion): Promise<void> {
    const id = versionId(version.slug, version.version);
    await this.#records.put(VERSION, id, version, { parent: version.agent, revision: 0 });
  }

  /** Deletes an agent's publication and its versions. */
  async deleteAll(agent: string): Promise<void> {
    const publication = this.of(agent);
    if (!publication) return;
    await this.#records.delete(PUBLICATION, publication.slug);
    this.#bySlug.delete(publication.slug);
    for (let full = true; full; ) {
      const page = await this.#records.list(VERSION, { parent: agent, limit: PAGE });
      for (const { id } of page) {
        await this.#records.delete(VERSION, id);
        this.#versions.delete(id);
      }
      full = page.length === PAGE;
    }
    this.#changed(publication.slug);
  }

  #free(name: string): string {
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
    for (let n = 2; this.#bySlug.has(slug); n++) slug = `${base}-${n}`;
    return slug;
  }
}

/**
 * The live version and the share after publishing `version`. Unless `live` says so, a version that was made live by hand
 * stays live and a share goes on, so that a pipeline ends neither.
 */
export function served(
  before: Publication | undefined,
  version: number,
  { live, share }: Pick<Publish, "live" | "share">,
): Pick<Publication, "live" | "share"> {
  if (!before) return { live: version };
  if (share !== undefined && version !== before.live) {
    const since = before.share?.version === version ? before.share.since : Date.now();
    return { live: before.live, share: { version, share, since } };
  }
  const chosen = before.live !== before.latest || before.share !== undefined;
  if (live === true || (live === undefined && share === undefined && !chosen)) return { live: version };
  return { live: before.live, ...(before.share && { share: before.share }) };
}

/** What is stored, by address: of one address, or of all. */
async function everyRecordOf(records: Records, slug: string | undefined): Promise<Map<string, Publication>> {
  const stored =
    slug === undefined
      ? await everyRecord<Publication>(records, PUBLICATION)
      : [await records.get<Publication>(PUBLICATION, slug)];
  return new Map(stored.flatMap((one) => (one ? [[one.id, one.body] as const] : [])));
}

function versionId(slug: string, version: number): string {
  return `${slug}/${String(version).padStart(9, "0")}`;
}
