/** The record store, with the same kysely queries on SQLite and PostgreSQL; only dialect, snapshot and migrations differ. */
import type Database from "better-sqlite3";
import { type Dialect, type Generated, Kysely, SqliteDialect, sql } from "kysely";
import { PatchbayError } from "../../../runtime/error.ts";
import type { Records, Stored, WholeRecord } from "../records.ts";
import { connectSqlite, openSqlite, storageError } from "./database.ts";

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

export interface Tables {
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

/** Records in one SQLite file. Rejects as `openSqlite` does. */
export async function sqliteRecords(file: string): Promise<Records> {
  return new SqliteRecords(file, await openSqlite(file, SQLITE_RECORDS));
}

const COLUMNS = ["id", "revision", "parent", "body", "created_at", "updated_at"] as const;
/** Records per page of a snapshot. */
export const SNAPSHOT_PAGE = 500;

type Change = Parameters<Parameters<Records["watch"]>[0]>[0];
/** A row as `snapshot` reads it. */
export type SnapshotRow = Pick<RecordTable, (typeof COLUMNS)[number]> & { seq: number; kind: string };

export abstract class KyselyRecords implements Records {
  readonly #db: Kysely<Tables>;
  readonly #toError: (error: unknown) => PatchbayError;
  readonly #listeners = new Set<(change: Change) => void>();

  /** `toError` converts errors of the database for the caller. `schema`: schema of the table, on PostgreSQL. */
  constructor(dialect: Dialect, toError: (error: unknown) => PatchbayError, schema?: string) {
    const db = new Kysely<Tables>({ dialect });
    this.#db = schema === undefined ? db : db.withSchema(schema);
    this.#toError = toError;
  }

  async get<T>(kind: string, id: string): Promise<Stored<T> | undefined> {
    const row = await this.#try(() =>
      this.#db.selectFrom("records").select(COLUMNS).where("kind", "=", kind).where("id", "=", id).executeTakeFirst(),
    );
    return row && toStored<T>(row);
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
    return rows.map((row) => toStored<T>(row));
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
    if (row) return toStored<T>(row);
    throw new PatchbayError(
      "conflict",
      expected === 0
        ? `The ${kind} "${id}" already exists.`
        : `The ${kind} "${id}" is no longer at revision ${expected}: it was changed or deleted meanwhile; load it again.`,
    );
  }

  async delete(kind: string, id: string): Promise<boolean> {
    const result = await this.#try(() =>
      this.#db.deleteFrom("records").where("kind", "=", kind).where("id", "=", id).executeTakeFirst(),
    );
    return Number(result?.numDeletedRows ?? 0) > 0;
  }

  watch(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Calls the watchers in this process. */
  publish(change: Change): void {
    for (const listener of [...this.#listeners]) listener(change);
  }

  abstract snapshot(): AsyncGenerator<WholeRecord[]>;

  async addAll(records: AsyncIterable<WholeRecord[]>): Promise<void> {
    await this.#try(() =>
      this.#db.transaction().execute(async (transaction) => {
        for await (const page of records) {
          if (page.length === 0) continue;
          const added = await transaction
            .insertInto("records")
            .values(
              page.map(({ kind, id, parent, revision, body, createdAt, updatedAt }) => ({
                kind,
                id,
                parent: parent ?? null,
                revision,
                body: JSON.stringify(body),
                created_at: createdAt,
                updated_at: updatedAt,
              })),
            )
            .onConflict((conflict) => conflict.columns(["kind", "id"]).doNothing())
            .returning(["kind", "id"])
            .execute();
          const inserted = new Set(added.map(({ kind, id }) => `${kind}/${id}`));
          const existing = page.find(({ kind, id }) => !inserted.has(`${kind}/${id}`));
          if (existing) throw new PatchbayError("conflict", `The ${existing.kind} "${existing.id}" already exists.`);
        }
        await this.notifyPeers(transaction);
      }),
    );
    this.publish(undefined);
  }

  /** Notifies other processes, at the end of a transaction, that any record may have changed. A file has one process. */
  protected async notifyPeers(_transaction: Kysely<Tables>): Promise<void> {}

  async close(): Promise<void> {
    await this.#db.destroy();
  }

  async #try<R>(query: () => Promise<R>): Promise<R> {
    try {
      return await query();
    } catch (error) {
      throw this.#toError(error);
    }
  }
}

class SqliteRecords extends KyselyRecords {
  readonly #file: string;

  constructor(file: string, database: Database.Database) {
    super(new SqliteDialect({ database }), storageError);
    this.#file = file;
  }

  /** Uses its own connection, so that nothing waits for it. */
  async *snapshot(): AsyncGenerator<WholeRecord[]> {
    const db = connectSqlite(this.#file, { readonly: true });
    try {
      db.exec("BEGIN");
      const select = db.prepare("SELECT * FROM records WHERE seq > ? ORDER BY seq LIMIT ?");
      for (let after = 0; ; ) {
        const rows = select.all(after, SNAPSHOT_PAGE) as SnapshotRow[];
        if (rows.length === 0) return;
        after = rows.at(-1)!.seq;
        yield rows.map(toWholeRecord);
      }
    } catch (error) {
      throw storageError(error);
    } finally {
      db.close();
    }
  }
}

export function toWholeRecord(row: SnapshotRow): WholeRecord {
  return { kind: row.kind, ...toStored(row) };
}

function toStored<T>(row: Pick<RecordTable, (typeof COLUMNS)[number]>): Stored<T> {
  const result: Stored<T> = {
    id: row.id,
    // PostgreSQL returns 64-bit integers as text.
    revision: Number(row.revision),
    body: JSON.parse(row.body) as T,
    createdAt: Number(row.created_at),
    updatedAt: Number(row.updated_at),
  };
  if (row.parent !== null) result.parent = row.parent;
  return result;
}
