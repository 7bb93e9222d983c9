/** The record store on PostgreSQL: the queries of SQLite in another dialect. */
import { type Kysely, PostgresDialect, sql } from "kysely";
import type pg from "pg";
import type { Records, WholeRecord } from "../records.ts";
import { KyselyRecords, SNAPSHOT_PAGE, type SnapshotRow, type Tables, toWholeRecord } from "../sqlite/records.ts";
import type { Postgres } from "./connect.ts";
import { postgresError } from "./errors.ts";
import { retryTransient } from "./retry.ts";

/** Closing the records leaves the pool open. */
export async function postgresRecords({ pool, listener }: Pick<Postgres, "pool" | "listener">): Promise<Records> {
  const records = new PostgresRecords(pool);
  await listener.on(
    "patchbay_records",
    (payload) => {
      const space = payload.indexOf(" ");
      if (space < 0) records.publish(undefined);
      else records.publish({ kind: payload.slice(0, space), id: payload.slice(space + 1) });
    },
    () => records.publish(undefined),
  );
  return records;
}

class PostgresRecords extends KyselyRecords {
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool) {
    const dialect = new PostgresDialect({
      pool: {
        options: pool.options,
        // Connecting is retried while the database restarts; a statement is not repeated.
        connect: () => retryTransient(() => pool.connect()),
        end: async () => {},
      },
    });
    super(dialect, postgresError, "patchbay");
    this.#pool = pool;
  }

  async *snapshot(): AsyncGenerator<WholeRecord[]> {
    const client = await retryTransient(() => this.#pool.connect());
    let broken: Error | undefined;
    try {
      await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
      for (let after = "0"; ; ) {
        const { rows } = await client.query<SnapshotRow & { seq: string }>(
          "SELECT * FROM patchbay.records WHERE seq > $1 ORDER BY seq LIMIT $2",
          [after, SNAPSHOT_PAGE],
        );
        if (rows.length === 0) break;
        after = rows.at(-1)!.seq;
        yield rows.map(toWholeRecord);
      }
    } catch (error) {
      broken = error as Error;
      throw postgresError(error);
    } finally {
      if (!broken) await client.query("ROLLBACK").catch((error: Error) => (broken = error));
      client.release(broken);
    }
  }

  protected override async notifyPeers(transaction: Kysely<Tables>): Promise<void> {
    await sql`SELECT pg_notify('patchbay_records', '')`.execute(transaction);
  }
}
