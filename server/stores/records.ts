/**
 * The record store: JSON bodies by kind and id, over kysely. What differs between databases is the dialect and the
 * migrations it is opened with; the queries are the same.
 */
import { type Dialect, type Generated, Kysely, SqliteDialect, sql } from "kysely";
import { PatchbayError } from "../../runtime/error.ts";
import type { Records, Stored } from "../services.ts";
import { openSqlite, storageError } from "./database.ts";

interface RecordTable {
  kind: string;
  id: string;
  parent: string | null;
  revision: number;
  body: string;
  created_at: number;
  updated_at: number;
  /** Order of creation, for lists newest first. */
  seq: Generated<number>;
}

interface Tables {
  records: RecordTable;
}

export const SQLITE_RECORDS = [
  `CREATE TABLE records (
     seq INTEGER PRIMARY KEY AUTOINCREMENT,
     kind TEXT NOT NULL,
     id TEXT NOT NULL,
     parent TEXT,
     revision INTEGER NOT NULL,
     body TEXT NOT NULL,
     created_at INTEGER NOT NULL,
     updated_at INTEGER NOT NULL,
     UNIQUE (kind, id)
   ) STRICT;
   CREATE INDEX records_by_parent ON records (kind, parent, id);`,
];

/** Records in one SQLite file. Throws as `openSqlite` does. */
export function sqliteRecords(file: string): Records {
  return new KyselyRecords(new SqliteDialect({ database: openSqlite(file, SQLITE_RECORDS) }), storageError);
}

const COLUMNS = ["id", "revision", "parent", "body", "created_at", "updated_at"] as const;

export class KyselyRecords implements Records {
  readonly #db: Kysely<Tables>;
  readonly #failure: (error: unknown) => PatchbayError;

  /** `failure` words what went wrong in the database; `schema`: where the table lies, where there are schemas. */
  constructor(dialect: Dialect, failure: (error: unknown) => PatchbayError, schema?: string) {
    const db = new Kysely<Tables>({ dialect });
    this.#db = schema === undefined ? db : db.withSchema(schema);
    this.#failure = failure;
  }

  async get<T>(kind: string, id: string): Promise<Stored<T> | undefined> {
    const row = await this.#try(() =>
      this.#db.selectFrom("records").select(COLUMNS).where("kind", "=", kind).where("id", "=", id).executeTakeFirst(),
    );
    return row && stored<T>(row);
  }

  async list<T>(
    kind: string,
    options: { parent?: string; after?: string; limit?: number; newestFirst?: boolean } = {},
  ): Promise<Stored<T>[]> {
    let query = this.#db.selectFrom("records").select(COLUMNS).where("kind", "=", kind);
    if (options.parent !== undefined) query = query.where("parent", "=", options.parent);
    if (options.newestFirst) {
      if (options.after !== undefined) {
        const after = options.after;
        query = query.where("seq", "<", (q) =>
          q.selectFrom("records").select("seq").where("kind", "=", kind).where("id", "=", after),
        );
      }
      query = query.orderBy("seq", "desc");
    } else {
      if (options.after !== undefined) query = query.where("id", ">", options.after);
      query = query.orderBy("id");
    }
    const rows = await this.#try(() => query.limit(options.limit ?? 1000).execute());
    return rows.map((row) => stored<T>(row));
  }

  async put<T>(
    kind: string,
    id: string,
    body: T,
    options: { parent?: string; revision?: number } = {},
  ): Promise<Stored<T>> {
    const now = Date.now();
    const text = JSON.stringify(body);
    const expected = options.revision;
    const insert = this.#db.insertInto("records").values({
      kind,
      id,
      parent: options.parent ?? null,
      revision: 1,
      body: text,
      created_at: now,
      updated_at: now,
    });
    const change = {
      body: text,
      updated_at: now,
      revision: sql<number>`records.revision + 1`,
      ...(options.parent !== undefined && { parent: options.parent }),
    };
    const row = await this.#try(() => {
      if (expected === undefined)
        return insert
          .onConflict((conflict) => conflict.columns(["kind", "id"]).doUpdateSet(change))
          .returning(COLUMNS)
          .executeTakeFirst();
      if (expected === 0)
        return insert
          .onConflict((conflict) => conflict.columns(["kind", "id"]).doNothing())
          .returning(COLUMNS)
          .executeTakeFirst();
      return this.#db
        .updateTable("records")
        .set(change)
        .where("kind", "=", kind)
        .where("id", "=", id)
        .where("revision", "=", expected)
        .returning(COLUMNS)
        .executeTakeFirst();
    });
    if (row) return stored<T>(row);
    throw new PatchbayError(
      "conflict",
      expected === 0
        ? `There is a ${kind} "${id}" already.`
        : `The ${kind} "${id}" is no longer at revision ${expected}: it was changed or deleted elsewhere; load it again.`,
    );
  }

  async delete(kind: string, id: string): Promise<boolean> {
    const result = await this.#try(() =>
      this.#db.deleteFrom("records").where("kind", "=", kind).where("id", "=", id).executeTakeFirst(),
    );
    return Number(result?.numDeletedRows ?? 0) > 0;
  }

  /** A file has one process: nobody else changes it. */
  watch(_listener: Parameters<Records["watch"]>[0]): () => void {
    return () => {};
  }

  async close(): Promise<void> {
    await this.#db.destroy();
  }

  async #try<R>(query: () => Promise<R>): Promise<R> {
    try {
      return await query();
    } catch (error) {
      throw this.#failure(error);
    }
  }
}

function stored<T>(row: Pick<RecordTable, (typeof COLUMNS)[number]>): Stored<T> {
  const result: Stored<T> = {
    id: row.id,
    // PostgreSQL gives 64-bit integers as text.
    revision: Number(row.revision),
    body: JSON.parse(row.body) as T,
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
  };
  if (row.parent !== null) result.parent = row.parent;
  return result;
}
