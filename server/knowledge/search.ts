/** Searches one knowledge by words, by vectors, or both fused; by words only when vectors are not available. */
import { PatchbayError } from "../../runtime/error.ts";
import type { SearchMode } from "../../runtime/host.ts";
import type { Document } from "../../runtime/message.ts";
import { fuseRanks } from "../../runtime/retrieval/fuse.ts";
import type { Models } from "../models/service.ts";
import type { Hit, PassageTable } from "./passage-table.ts";

/** Parts of a longer query that are searched for: what a long message asks stands at its begin or its end. */
const MAX_BEGIN = 3_000;
const MAX_END = 1_000;
/** Time limit of embedding a question; after it the search is by words only. */
const EMBED_TIMEOUT_MS = 5_000;
/** Time after a failure during which the embedder is not called, so that an outage does not delay every question. */
const REST_MS = 30_000;
/** Each search returns more than the limit, because fusion compares their rankings. */
const WIDER = 4;
const AT_LEAST = 40;

export interface SearchOptions {
  limit: number;
  mode: SearchMode;
  /** 0 to 1, against each search's own score, before fusion: a passage stays that reaches it in one of them. */
  minScore?: number;
}

export class Searcher {
  readonly #models: Pick<Models, "embed">;
  /** By embedder: when it may be called again (`performance.now()`), and its error. */
  readonly #resting = new Map<string, { until: number; why: string }>();
  readonly #report: (message: string) => void;

  constructor(models: Pick<Models, "embed">, report: (message: string) => void) {
    this.#models = models;
    this.#report = report;
  }

  /**
   * At most `limit` passages, best first. With one search the score is its own; with two it is that of the fusion (1:
   * first in both). `ranks` names the searches. Mode `vector` rejects with `model_missing` or `provider_unavailable`
   * without vectors; every other mode then searches by words.
   */
  async search(
    table: PassageTable,
    wholeQuery: string,
    options: SearchOptions,
    embedder: string | undefined,
    signal: AbortSignal,
  ): Promise<Document[]> {
    const { limit, mode, minScore = 0 } = options;
    const query = boundedQuery(wholeQuery);
    const wide = Math.max(limit * WIDER, AT_LEAST);
    const good = (hits: Hit[]) => hits.filter((hit) => hit.score >= minScore);
    const words = mode === "vector" ? undefined : table.searchText(query, wide).then(good);
    words?.catch(() => undefined);
    const meaning = mode === "text" ? undefined : await this.#searchVector(table, query, wide, embedder, mode, signal);
    const vector = meaning && good(meaning);
    const text = await words;
    signal.throwIfAborted();
    if (text && vector) {
      const fused = fuseRanks({ text, vector }, (hit) => hit.key);
      return fused.slice(0, limit).map(({ item, score, ranks }) => shown(item, score, ranks));
    }
    const [name, hits] = text ? ["text", text] : ["vector", vector ?? []];
    return hits.slice(0, limit).map((hit, index) => shown(hit, hit.score, { [name as string]: index + 1 }));
  }

  async #searchVector(
    table: PassageTable,
    query: string,
    limit: number,
    embedder: string | undefined,
    mode: SearchMode,
    signal: AbortSignal,
  ): Promise<Hit[] | undefined> {
    const must = mode === "vector";
    if (embedder === undefined || (await table.dimensions()) === undefined) {
      if (!must) return undefined;
      throw new PatchbayError(
        "model_missing",
        embedder === undefined
          ? 'This knowledge has no embedder, so it cannot be searched by vectors: set one and reindex, or use the mode "auto".'
          : 'This knowledge holds no vectors yet: reindex it, or use the mode "auto".',
      );
    }
    const rest = this.#resting.get(embedder);
    if (rest && rest.until > performance.now()) {
      if (!must) return undefined;
      throw unavailable(embedder, rest.why);
    }
    let vector: number[] | undefined;
    try {
      const patience = AbortSignal.any([signal, AbortSignal.timeout(EMBED_TIMEOUT_MS)]);
      [vector] = await untilAborted(this.#models.embed([query], patience, embedder), patience);
      this.#resting.delete(embedder);
    } catch (error) {
      signal.throwIfAborted();
      const why = error instanceof Error ? error.message : String(error);
      this.#resting.set(embedder, { until: performance.now() + REST_MS, why });
      this.#report(`Knowledge is searched by words alone: the embedder ${embedder} failed (${why}).`);
      if (must) throw unavailable(embedder, why);
      return undefined;
    }
    if (vector?.length === (await table.dimensions())) return await table.searchVector(vector!, limit);
    const why = "its vectors have another length than the stored ones; reindex the knowledge";
    this.#report(`Knowledge is searched by words alone: of the embedder ${embedder}, ${why}.`);
    if (must) throw unavailable(embedder, why);
    return undefined;
  }
}

function unavailable(embedder: string, why: string): PatchbayError {
  return new PatchbayError(
    "provider_unavailable",
    `The embedder ${embedder} cannot be used now (${why}); search with the mode "auto" or "text", or try again later.`,
  );
}

function shown(hit: Hit, score: number, ranks: Record<string, number>): Document {
  const { key, title, text, heading, line, page } = hit;
  const source = {
    ...(heading !== undefined && { heading }),
    ...(page !== undefined && { page }),
    ...(line !== undefined && { line }),
  };
  return {
    id: key,
    title,
    text,
    score: Math.round(score * 1e4) / 1e4,
    ...(Object.keys(source).length > 0 && { source }),
    ranks,
  };
}

/** Rejects with the signal's reason as soon as it aborts, even when the work ignores the signal. */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", stop!);
  }
}

/** At most `MAX_BEGIN + MAX_END` characters: time and memory of a search grow with the query. */
export function boundedQuery(query: string): string {
  if (query.length <= MAX_BEGIN + MAX_END) return query;
  return `${query.slice(0, MAX_BEGIN)}\n${query.slice(-MAX_END)}`.toWellFormed();
}
