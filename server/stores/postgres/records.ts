/** The record store on PostgreSQL: the same queries as on SQLite, in another dialect. */
import { type Kysely, PostgresDialect, sql } from "kysely";
import type pg from "pg";
import type { Records, WholeRecord } from "../records.ts";
import { KyselyRecords, SNAPSHOT_PAGE, type SnapshotRow, type Tables, whole } from "../sqlite/records.ts";
import type { Postgres } from "./connect.ts";
import { postgresError } from "./errors.ts";
import { retrying } from "./retry.ts";

/** Records in the database that the pool leads to. Closing them leaves the connections open: others use them. */
export async function postgresRecords({ pool, listener }: Pick<Postgres, "pool" | "listener">): Promise<Records> {
  const records = new PostgresRecords(pool);
  await listener.on(
    "patchbay_records",
    (told) => {
      const space = told.indexOf(" ");
      if (space < 0) records.tell(undefined);
      else records.tell({ kind: told.slice(0, space), id: told.slice(space + 1) });
    },
    () => records.tell(undefined),
  );
  return records;
}

class PostgresRecords extends KyselyRecords {
  readonly #pool: pg.Pool;

  constructor(pool: pg.Pool) {
    const dialect = new PostgresDialect({
      pool: {
        options: pool.options,
        // A connection is had again and again while the database restarts; a statement under way is not repeated.
        connect: () => retrying(() => pool.connect()),
        end: async () => {},
      },
    });
    super(dialect, postgresError, "patchbay");
    this.#pool = pool;
  }

  async *snapshot(): AsyncGenerator<WholeRecord[]> {
    const client = await retrying(() => this.#pool.connect());
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
        yield rows.map(whole);
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
