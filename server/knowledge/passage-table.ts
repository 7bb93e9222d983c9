/**
 * The passages of one knowledge in one LanceDB table. Words are searched by BM25 over our own terms
 * (`runtime/retrieval/terms.ts`), kept as a text of their own under a tokenizer that only splits at spaces; vectors,
 * where there are any, by cosine. Writers of a table take turns; a document's passages are replaced in one commit.
 */
import type { Table } from "@lancedb/lancedb";
import type { FixedSizeList } from "apache-arrow";
import { PatchbayError } from "../../runtime/error.ts";
import { queryTerms, terms } from "../../runtime/retrieval/terms.ts";
import { KeyedMutex } from "../lib/keyed-mutex.ts";
import { faultPoint } from "../process/fault.ts";

export interface Passage {
  /** Index among the passages of its document, from 0. */
  number: number;
  text: string;
  heading?: string;
  line?: number;
  page?: number;
  vector?: number[];
}

export interface Hit {
  /** `document:number` */
  key: string;
  title: string;
  text: string;
  heading?: string;
  line?: number;
  page?: number;
  /** Words: 0 to below 1, see `wordScore`. Vectors: cosine similarity, 0 to 1. */
  score: number;
}

/** From this size vectors get an index; below it a full scan is fast and exact. */
const VECTOR_INDEX_ROWS = 50_000;
/** Small writes create many files and versions, which are compacted this long after the last write. */
const OPTIMIZE_AFTER_MS = 3_000;
const OPTIMIZE_AT_LATEST_MS = 60_000;
/** Newer versions are kept for readers in other processes. */
const KEEP_VERSIONS_MS = 5 * 60_000;

const COLUMNS = ["key", "title", "text", "heading", "line", "page"];

/** Loaded at the first use: it costs 50 MB and 0.17 s, which a server without knowledge does not need. */
type Lance = typeof import("@lancedb/lancedb");
export const lance = (): Promise<Lance> => import("@lancedb/lancedb");

export class PassageTable {
  readonly #table: Table;
  readonly #mutex = new KeyedMutex();
  #timer: NodeJS.Timeout | undefined;
  #dirtySince = 0;

  constructor(table: Table) {
    this.#table = table;
  }

  /**
   * Writes passages of one version of a document, and with `last` removes those of every other version in the same
   * commit. Idempotent. All vectors have the same length; the first ones create their column.
   */
  async write(
    document: { id: string; version: string; title: string },
    passages: Passage[],
    last: boolean,
  ): Promise<void> {
    if (passages.length === 0) {
      if (last) await this.remove(document.id, document.version);
      return;
    }
    const vectors = await this.#vectorColumn(passages.find((passage) => passage.vector)?.vector?.length);
    const rows = passages.map((passage) => ({
      key: `${document.id}:${passage.number}`,
      document: document.id,
      version: document.version,
      title: document.title,
      text: passage.text,
      terms: terms(`${spoken(document.title)}\n${passage.heading ?? ""}\n${passage.text}`).join(" "),
      heading: passage.heading ?? null,
      line: passage.line ?? null,
      page: passage.page ?? null,
      ...(vectors && { vector: passage.vector ?? null }),
    }));
    await this.#alone(async () => {
      faultPoint("mid-index");
      const merge = this.#table.mergeInsert("key").whenMatchedUpdateAll().whenNotMatchedInsertAll();
      const stale = `document = ${literal(document.id)} AND version <> ${literal(document.version)}`;
      await (last ? merge.whenNotMatchedBySourceDelete({ where: stale }) : merge).execute(rows);
    }).catch((error: unknown) => {
      throw indexError(error);
    });
  }

  /** Removes a document's passages, except those of the version `except`. */
  async remove(document: string, except?: string): Promise<void> {
    const version = except === undefined ? "" : ` AND version <> ${literal(except)}`;
    await this.#alone(() => this.#table.delete(`document = ${literal(document)}${version}`));
  }

  /** Best first; nothing for a query without a word. */
  async searchText(query: string, limit: number): Promise<Hit[]> {
    const wanted = queryTerms(query);
    if (wanted.length === 0) return [];
    const { MatchQuery } = await lance();
    const rows = await this.#table
      .query()
      .fullTextSearch(new MatchQuery(wanted.join(" "), "terms"))
      .select([...COLUMNS, "_score"])
      .limit(limit)
      .toArray();
    return rows.map((row) => hit(row, wordScore(Number(row._score), wanted.length)));
  }

  /** By cosine similarity, best first; empty when the table has no vectors of that length. */
  async searchVector(vector: number[], limit: number): Promise<Hit[]> {
    if ((await this.dimensions()) !== vector.length) return [];
    const rows = await this.#table
      .query()
      .nearestTo(vector)
      .distanceType("cosine")
      .refineFactor(10)
      .select([...COLUMNS, "_distance"])
      .limit(limit)
      .toArray();
    return rows.map((row) => hit(row, Math.min(1, Math.max(0, 1 - Number(row._distance)))));
  }

  /** Length of the vectors; `undefined` where there are none. */
  async dimensions(): Promise<number | undefined> {
    const field = (await this.#table.schema()).fields.find(({ name }) => name === "vector");
    return field && (field.type as FixedSizeList).listSize;
  }

  async count(): Promise<number> {
    return await this.#table.countRows();
  }

  /** Compacts small files and updates the indexes. A timer calls it after writes. */
  async optimize(): Promise<void> {
    this.#dirtySince = 0;
    await this.#mutex.run("write", async () => {
      await this.#table.optimize({ cleanupOlderThan: new Date(Date.now() - KEEP_VERSIONS_MS) });
      if ((await this.dimensions()) === undefined || (await this.#table.countRows()) < VECTOR_INDEX_ROWS) return;
      const indices = await this.#table.listIndices();
      const { Index } = await lance();
      if (!indices.some((index) => index.columns.includes("vector")))
        await this.#table.createIndex("vector", { config: Index.ivfRq({ distanceType: "cosine" }) });
    });
  }

  /** Waits for the current write. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#mutex.idle();
    clearTimeout(this.#timer);
    this.#table.close();
  }

  async #vectorColumn(length: number | undefined): Promise<boolean> {
    const there = await this.dimensions();
    if (length === undefined) return there !== undefined;
    if (there === undefined)
      await this.#alone(async () => {
        if ((await this.dimensions()) === undefined)
          await this.#table.addColumns([
            { name: "vector", valueSql: `arrow_cast(NULL, 'FixedSizeList(${length}, Float32)')` },
          ]);
      });
    return true;
  }

  async #alone<T>(work: () => Promise<T>): Promise<T> {
    const result = await this.#mutex.run("write", work);
    const now = performance.now();
    this.#dirtySince ||= now;
    clearTimeout(this.#timer);
    const wait = Math.min(OPTIMIZE_AFTER_MS, Math.max(0, this.#dirtySince + OPTIMIZE_AT_LATEST_MS - now));
    this.#timer = setTimeout(() => {
      // A failed compaction loses nothing; the next write schedules another.
      this.optimize().catch(() => undefined);
    }, wait).unref();
    return result;
  }
}

/**
 * A BM25 sum as a number from 0 to below 1 that can be compared between questions: the mean a term of the question
 * earned, squeezed. Of a question whose terms are all found it is about 0.6 to 0.85, of one with one term in six 0.2 to 0.35.
 */
function wordScore(sum: number, queryLength: number): number {
  const mean = sum / queryLength;
  return mean / (mean + 1);
}

/** A file name as words to search by: no extension, separators as spaces. */
function spoken(title: string): string {
  return title.replace(/\.[a-z0-9]{1,8}$/i, "").replaceAll(/[/\\_-]+/g, " ");
}

function hit(row: Record<string, unknown>, score: number): Hit {
  const found: Hit = { key: String(row.key), title: String(row.title), text: String(row.text), score };
  if (row.heading) found.heading = String(row.heading);
  if (row.line !== null && row.line !== undefined) found.line = Number(row.line);
  if (row.page !== null && row.page !== undefined) found.page = Number(row.page);
  return found;
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Converts errors of LanceDB; our own errors are returned unchanged. */
export function indexError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof PatchbayError || error.name === "AbortError") return error;
  if (/No space left|os error 28\b/i.test(error.message))
    return new PatchbayError(
      "storage_full",
      "The disk is full: the index could not be written. Free some space and try again.",
      {
        cause: error,
      },
    );
  const why = error.message.split("\n")[0]!.slice(0, 200);
  return new PatchbayError(
    "unavailable",
    `The index of this knowledge cannot be read or written (${why}); reindex it.`,
    {
      cause: error,
    },
  );
}
