/** The record store on PostgreSQL: the same queries as on SQLite, in another dialect. */
import { PostgresDialect } from "kysely";
import type pg from "pg";
import type { Records } from "../../services.ts";
import { KyselyRecords } from "../records.ts";
import { postgresError } from "./errors.ts";
import { retrying } from "./retry.ts";

/** Records in the database that the pool leads to. Closing them leaves the pool open: others use it. */
export function postgresRecords(pool: pg.Pool): Records {
  const dialect = new PostgresDialect({
    pool: {
      options: pool.options,
      // A connection is had again and again while the database restarts; a statement under way is not repeated.
      connect: () => retrying(() => pool.connect()),
      end: async () => {},
    },
  });
  return new KyselyRecords(dialect, postgresError, "patchbay");
}
