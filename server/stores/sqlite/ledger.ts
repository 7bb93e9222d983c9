/** The ledger over kysely: the same statements on SQLite and on PostgreSQL. */
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
 * The ledger in a file of its own, whose commits outlive the process but are not waited for on the disk: a power cut
 * may forget the last moment of it, and no call waits for a sync. Rejects as `openSqlite` does.
 */
export async function sqliteLedger(file: string): Promise<Ledger> {
  const database = await openSqlite(file, SQLITE_LEDGER);
  database.pragma("synchronous = NORMAL");
  return new KyselyLedger(new SqliteDialect({ database }), storageError, { closed: () => database.close() });
}

/** Thrown to undo a hold that does not fit. */
const FULL = new Error("The limit is reached.");

export class KyselyLedger implements Ledger {
  readonly #db: Kysely<Tables>;
  readonly #failure: (error: unknown) => PatchbayError;
  readonly #again: <T>(work: () => Promise<T>) => Promise<T>;
  readonly #closed: (() => void) | undefined;

  /**
   * `failure` words what went wrong in the database; `schema`: where the tables lie, where there are schemas; `again`
   * does a statement anew while the database is away for a moment; `closed` closes what the dialect was given.
   */
  constructor(
    dialect: Dialect,
    failure: (error: unknown) => PatchbayError,
    options: { schema?: string; again?: <T>(work: () => Promise<T>) => Promise<T>; closed?(): void } = {},
  ) {
    const db = new Kysely<Tables>({ dialect });
    this.#db = options.schema === undefined ? db : db.withSchema(options.schema);
    this.#failure = failure;
    this.#again = options.again ?? ((work) => work());
    this.#closed = options.closed;
  }

  async day(key: string, day: string): Promise<LedgerDay | undefined> {
    const row = await this.#try(() =>
      this.#db.selectFrom("key_days").selectAll().where("key", "=", key).where("day", "=", day).executeTakeFirst(),
    );
    return (
      row && {
        // PostgreSQL gives 64-bit integers as text where no parser is set.
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
          const noted = await tables
            .insertInto("key_holds")
            .values({ id, key, day, tokens: amount.tokens, nano_usd: amount.nanoUsd, taken_at: Date.now() })
            .onConflict((conflict) => conflict.column("id").doNothing())
            .executeTakeFirst();
          if (Number(noted.numInsertedOrUpdatedRows ?? 0) === 0) return true;
          const taken = await tables
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
          if (Number(taken.numUpdatedRows) === 0) throw FULL;
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
    // A call that is counted twice, its answer lost, errs on the safe side.
    const taken = await this.#try(() =>
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
    return Number(taken.numInsertedOrUpdatedRows ?? 0) > 0;
  }

  async giveUp(before: number): Promise<void> {
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
    // kysely closes nothing that it has not used.
    this.#closed?.();
  }

  #transaction<T>(work: (tables: Transaction<Tables>) => Promise<T>): Promise<T> {
    return this.#db.transaction().execute(work);
  }

  async #try<T>(query: () => Promise<T>): Promise<T> {
    try {
      return await this.#again(query);
    } catch (error) {
      throw error === FULL ? error : this.#failure(error);
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

/** The larger of what stands and what was to be written. */
function atLeast(column: "used_tokens" | "used_nano_usd") {
  const [stands, comes] = [sql.ref(`key_days.${column}`), sql.ref(`excluded.${column}`)];
  return sql<number>`CASE WHEN ${stands} < ${comes} THEN ${comes} ELSE ${stands} END`;
}

/** No limit, as a number that databases know. */
function bounded(limit: number): number {
  return Math.min(limit, Number.MAX_SAFE_INTEGER);
}
