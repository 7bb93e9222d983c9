/** The ledger, with the same kysely statements on SQLite and PostgreSQL. */
import { type Dialect, Kysely, SqliteDialect, sql, type Transaction } from "kysely";
import type { PatchbayError } from "../../../runtime/error.ts";
import type { Amount, Ledger, LedgerDay } from "../ledger.ts";
import { openSqlite, storageError } from "./database.ts";

interface Tables {
  key_days: {
    key: string;
    day: string;
    used_tokens: number;
    used_nano_usd: number;
    held_tokens: number;
    held_nano_usd: number;
  };
  key_minutes: { key: string; minute: number; calls: number };
  key_holds: { id: string; key: string; day: string; tokens: number; nano_usd: number; taken_at: number };
}

const SQLITE_LEDGER = [
  `CREATE TABLE key_days (
     key TEXT NOT NULL,
     day TEXT NOT NULL,
     used_tokens INTEGER NOT NULL,
     used_nano_usd INTEGER NOT NULL,
     held_tokens INTEGER NOT NULL,
     held_nano_usd INTEGER NOT NULL,
     PRIMARY KEY (key, day)
   ) STRICT;
   CREATE TABLE key_holds (
     id TEXT NOT NULL PRIMARY KEY,
     key TEXT NOT NULL,
     day TEXT NOT NULL,
     tokens INTEGER NOT NULL,
     nano_usd INTEGER NOT NULL,
     taken_at INTEGER NOT NULL
   ) STRICT;`,
  `CREATE TABLE key_minutes (
     key TEXT NOT NULL,
     minute INTEGER NOT NULL,
     calls INTEGER NOT NULL,
     PRIMARY KEY (key, minute)
   ) STRICT;`,
];

/**
 * The ledger in its own file. Commits survive a crash of the process but are not synced, so that no call waits for the
 * disk: a power cut may lose the last ones. Rejects as `openSqlite` does.
 */
export async function sqliteLedger(file: string): Promise<Ledger> {
  const database = await openSqlite(file, SQLITE_LEDGER);
  database.pragma("synchronous = NORMAL");
  return new KyselyLedger(new SqliteDialect({ database }), storageError, { afterClose: () => database.close() });
}

/** Thrown to roll back a hold that exceeds the limit. */
const FULL = new Error("The limit is reached.");

export class KyselyLedger implements Ledger {
  readonly #db: Kysely<Tables>;
  readonly #toError: (error: unknown) => PatchbayError;
  readonly #retry: <T>(work: () => Promise<T>) => Promise<T>;
  readonly #afterClose: (() => void) | undefined;

  /**
   * `toError` converts errors of the database for the caller. `schema`: schema of the tables, on PostgreSQL. `retry`
   * repeats work while the database is unavailable for a moment. `afterClose` closes the database of the dialect.
   */
  constructor(
    dialect: Dialect,
    toError: (error: unknown) => PatchbayError,
    options: { schema?: string; retry?: <T>(work: () => Promise<T>) => Promise<T>; afterClose?(): void } = {},
  ) {
    const db = new Kysely<Tables>({ dialect });
    this.#db = options.schema === undefined ? db : db.withSchema(options.schema);
    this.#toError = toError;
    this.#retry = options.retry ?? ((work) => work());
    this.#afterClose = options.afterClose;
  }

  async day(key: string, day: string): Promise<LedgerDay | undefined> {
    const row = await this.#try(() =>
      this.#db.selectFrom("key_days").selectAll().where("key", "=", key).where("day", "=", day).executeTakeFirst(),
    );
    return (
      row && {
        // PostgreSQL returns 64-bit integers as text when no parser is set.
        used: { tokens: Number(row.used_tokens), nanoUsd: Number(row.used_nano_usd) },
        held: { tokens: Number(row.held_tokens), nanoUsd: Number(row.held_nano_usd) },
      }
    );
  }

  async begin(key: string, day: string, used: Amount): Promise<void> {
    await this.#try(() =>
      this.#db
        .insertInto("key_days")
        .values({
          key,
          day,
          used_tokens: used.tokens,
          used_nano_usd: used.nanoUsd,
          held_tokens: 0,
          held_nano_usd: 0,
        })
        .onConflict((conflict) =>
          conflict
            .columns(["key", "day"])
            .doUpdateSet({ used_tokens: atLeast("used_tokens"), used_nano_usd: atLeast("used_nano_usd") }),
        )
        .execute(),
    );
  }

  async hold({ id, key, day, amount }: Parameters<Ledger["hold"]>[0], limits: Amount): Promise<boolean> {
    try {
      return await this.#try(() =>
        this.#transaction(async (tables) => {
          const inserted = await tables
            .insertInto("key_holds")
            .values({ id, key, day, tokens: amount.tokens, nano_usd: amount.nanoUsd, taken_at: Date.now() })
            .onConflict((conflict) => conflict.column("id").doNothing())
            .executeTakeFirst();
          if (Number(inserted.numInsertedOrUpdatedRows ?? 0) === 0) return true;
          const updated = await tables
            .updateTable("key_days")
            .set({
              held_tokens: sql<number>`held_tokens + ${amount.tokens}`,
              held_nano_usd: sql<number>`held_nano_usd + ${amount.nanoUsd}`,
            })
            .where("key", "=", key)
            .where("day", "=", day)
            .where(sql<boolean>`used_tokens + held_tokens < ${bounded(limits.tokens)}`)
            .where(sql<boolean>`used_nano_usd + held_nano_usd < ${bounded(limits.nanoUsd)}`)
            .executeTakeFirst();
          if (Number(updated.numUpdatedRows) === 0) throw FULL;
          return true;
        }),
      );
    } catch (error) {
      if (error === FULL) return false;
      throw error;
    }
  }

  async settle(id: string, used: Amount): Promise<void> {
    await this.#try(() => this.#transaction((tables) => settle(tables, id, used)));
  }

  async takeCalls(key: string, minute: number, calls: number, limit: number): Promise<boolean> {
    if (calls > limit) return false;
    // A call whose response is lost is counted twice, which is on the safe side.
    const counted = await this.#try(() =>
      this.#db
        .insertInto("key_minutes")
        .values({ key, minute, calls })
        .onConflict((conflict) =>
          conflict
            .columns(["key", "minute"])
            .doUpdateSet({ calls: sql<number>`key_minutes.calls + ${calls}` })
            .where(sql<boolean>`key_minutes.calls + ${calls} <= ${limit}`),
        )
        .executeTakeFirst(),
    );
    return Number(counted.numInsertedOrUpdatedRows ?? 0) > 0;
  }

  async settleOld(before: number): Promise<void> {
    const lost = await this.#try(() =>
      this.#db.selectFrom("key_holds").selectAll().where("taken_at", "<", before).execute(),
    );
    for (const { id, tokens, nano_usd } of lost)
      await this.settle(id, { tokens: Number(tokens), nanoUsd: Number(nano_usd) });
    const minute = Math.floor(before / 60_000);
    await this.#try(() => this.#db.deleteFrom("key_minutes").where("minute", "<", minute).execute());
  }

  async close(): Promise<void> {
    await this.#db.destroy();
    // kysely does not close a database that it has not used.
    this.#afterClose?.();
  }

  #transaction<T>(work: (tables: Transaction<Tables>) => Promise<T>): Promise<T> {
    return this.#db.transaction().execute(work);
  }

  async #try<T>(query: () => Promise<T>): Promise<T> {
    try {
      return await this.#retry(query);
    } catch (error) {
      throw error === FULL ? error : this.#toError(error);
    }
  }
}

async function settle(tables: Transaction<Tables>, id: string, used: Amount): Promise<void> {
  const hold = await tables.deleteFrom("key_holds").where("id", "=", id).returningAll().executeTakeFirst();
  if (!hold) return;
  await tables
    .updateTable("key_days")
    .set({
      held_tokens: sql<number>`held_tokens - ${Number(hold.tokens)}`,
      held_nano_usd: sql<number>`held_nano_usd - ${Number(hold.nano_usd)}`,
      used_tokens: sql<number>`used_tokens + ${used.tokens}`,
      used_nano_usd: sql<number>`used_nano_usd + ${used.nanoUsd}`,
    })
    .where("key", "=", hold.key)
    .where("day", "=", hold.day)
    .execute();
}

/** The larger of the stored and the new value. */
function atLeast(column: "used_tokens" | "used_nano_usd") {
  const [stored, given] = [sql.ref(`key_days.${column}`), sql.ref(`excluded.${column}`)];
  return sql<number>`CASE WHEN ${stored} < ${given} THEN ${given} ELSE ${stored} END`;
}

/** Databases have no infinite integer. */
function bounded(limit: number): number {
  return Math.min(limit, Number.MAX_SAFE_INTEGER);
}
