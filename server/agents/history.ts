/** What a draft was before: each saved revision, and the names that people gave to some. */
import { PatchbayError } from "../../runtime/error.ts";
import type { Graph } from "../../runtime/graph.ts";
import type { Records, Stored } from "../stores/records.ts";

const REVISION = "agent-revision";
const LABEL = "agent-revision-label";
/** Older revisions than this many are dropped, but for those with a name. */
const KEPT_REVISIONS = 1000;
const PAGE = 200;

export interface Past {
  graph: Graph;
  /** Unix milliseconds. */
  at: number;
}

export class History {
  readonly #records: Records;

  constructor(records: Records) {
    this.#records = records;
  }

  /** Keeps what is about to be replaced. */
  async keep({ id, revision, body, updatedAt }: Stored<Graph>): Promise<void> {
    const past: Past = { graph: body, at: updatedAt };
    await this.#records.put(REVISION, rowId(id, revision), past, { parent: id });
  }

  /** The draft stands at `revision` now: what is too old goes. */
  async trim(agent: string, revision: number): Promise<void> {
    if (revision <= KEPT_REVISIONS) return;
    const oldest = rowId(agent, revision - KEPT_REVISIONS);
    if (!(await this.#records.get(LABEL, oldest))) await this.#records.delete(REVISION, oldest);
  }

  async get(agent: string, revision: number): Promise<Past | undefined> {
    return (await this.#records.get<Past>(REVISION, rowId(agent, revision)))?.body;
  }

  /** An empty name takes the name away. */
  async name(agent: string, revision: number, label: string): Promise<void> {
    const id = rowId(agent, revision);
    if (label === "") await this.#records.delete(LABEL, id);
    else await this.#records.put(LABEL, id, { label }, { parent: agent });
  }

  /** The revisions of a draft as it stands, newest first, the present one with them. */
  async list(current: Stored<Graph>): Promise<{ revision: number; updatedAt: number; name: string; label?: string }[]> {
    const of = { parent: current.id, limit: KEPT_REVISIONS };
    const past = await this.#records.list<Past>(REVISION, of);
    const all = past
      .map((row) => ({ revision: Number(row.id.split("/")[1]), updatedAt: row.body.at, name: row.body.graph.name }))
      .filter((row) => row.revision < current.revision);
    all.push({ revision: current.revision, updatedAt: current.updatedAt, name: current.body.name });
    const labels = new Map(
      (await this.#records.list<{ label: string }>(LABEL, of)).map((row) => [row.id, row.body.label]),
    );
    return all.reverse().map((row) => {
      const label = labels.get(rowId(current.id, row.revision));
      return label === undefined ? row : { ...row, label };
    });
  }

  async deleteAll(agent: string): Promise<void> {
    for (const kind of [REVISION, LABEL])
      for (let full = true; full; ) {
        const page = await this.#records.list(kind, { parent: agent, limit: PAGE });
        for (const one of page) await this.#records.delete(kind, one.id);
        full = page.length === PAGE;
      }
  }
}

function rowId(agent: string, revision: number): string {
  return `${agent}/${String(revision).padStart(9, "0")}`;
}

/** The error for a change of a revision that is not the current one. */
export function stale(id: string, revision: number, stands: number): PatchbayError {
  return new PatchbayError(
    "conflict",
    `The agent "${id}" stands at revision ${stands}, not ${revision}: it was changed elsewhere. Load it again.`,
  );
}
