/** The record store on PostgreSQL: the same queries as on SQLite, in another dialect. */
import { PostgresDialect } from "kysely";
import type pg from "pg";
import type { Records } from "../../services.ts";
import { KyselyRecords } from "../records.ts";
import type { Postgres } from "./connect.ts";
import { postgresError } from "./errors.ts";
import { retrying } from "./retry.ts";

/** Records in the database that the pool leads to. Closing them leaves the connections open: others use them. */
export async function postgresRecords({ pool, listener }: Pick<Postgres, "pool" | "listener">): Promise<Records> {
  const records = new WatchedRecords(pool);
  await listener.on(
    "patchbay_records",
    (told) => {
      const space = told.indexOf(" ");
      records.tell({ kind: told.slice(0, space), id: told.slice(space + 1) });
    },
    () => records.tell(undefined),
  );
  return records;
}

type Change = Parameters<Parameters<Records["watch"]>[0]>[0];

class WatchedRecords extends KyselyRecords {
  readonly #listeners = new Set<(change: Change) => void>();

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
  }

  tell(change: Change): void {
    for (const listener of [...this.#listeners]) listener(change);
  }

  override watch(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }
}
