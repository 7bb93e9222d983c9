/** The ledger on PostgreSQL: one for all replicas. */
import { PostgresDialect } from "kysely";
import type pg from "pg";
import type { Ledger } from "../ledger.ts";
import { KyselyLedger } from "../sqlite/ledger.ts";
import { postgresError } from "./errors.ts";
import { retrying } from "./retry.ts";

/** The ledger in the database that the pool leads to. Closing it leaves the connections open: others use them. */
export function postgresLedger(pool: pg.Pool): Ledger {
  const dialect = new PostgresDialect({
    pool: { options: pool.options, connect: () => pool.connect(), end: async () => {} },
  });
  // Each statement may be sent again: see `Ledger`.
  return new KyselyLedger(dialect, postgresError, { schema: "patchbay", again: retrying });
}
