/** The ledger on PostgreSQL, shared by all replicas. */
import { PostgresDialect } from "kysely";
import type pg from "pg";
import type { Ledger } from "../ledger.ts";
import { KyselyLedger } from "../sqlite/ledger.ts";
import { postgresError } from "./errors.ts";
import { retryTransient } from "./retry.ts";

/** Closing the ledger leaves the pool open. */
export function postgresLedger(pool: pg.Pool): Ledger {
  const dialect = new PostgresDialect({
    pool: { options: pool.options, connect: () => pool.connect(), end: async () => {} },
  });
  // Each statement may be repeated: see `Ledger`.
  return new KyselyLedger(dialect, postgresError, { schema: "patchbay", retry: retryTransient });
}
