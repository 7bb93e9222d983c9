/** The connections to PostgreSQL of one process: a pool for statements and one that listens. */
import pg from "pg";
import { openFailure } from "./errors.ts";
import { type Listener, listenTo } from "./listen.ts";
import { migrate } from "./schema.ts";

export interface Postgres {
  pool: pg.Pool;
  listener: Listener;
  close(): Promise<void>;
}

const CONNECT_MS = 5_000;
/** Connections of a process beside the listener. */
const POOL = 10;

/** 64-bit integers as numbers: ours stay below 2^53. */
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: "text" | "binary") =>
    oid === pg.types.builtins.INT8
      ? Number
      : pg.types.getTypeParser(oid, format)) as pg.CustomTypesConfig["getTypeParser"],
};

/**
 * Connects and brings the schema up to date. Rejects with `unavailable` and one line that says what is wrong, without
 * the password.
 */
export async function openPostgres(url: string): Promise<Postgres> {
  const config: pg.PoolConfig = {
    connectionString: url,
    max: POOL,
    connectionTimeoutMillis: CONNECT_MS,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    application_name: "patchbay",
    types,
  };
  const pool = new pg.Pool(config);
  // An idle connection that breaks is replaced at the next query; unheard, it would end the process.
  pool.on("error", () => {});
  try {
    const client = await pool.connect();
    try {
      await migrate(client);
    } finally {
      client.release();
    }
    const listener = await listenTo(config);
    return {
      pool,
      listener,
      async close() {
        await listener.close();
        await pool.end();
      },
    };
  } catch (error) {
    await pool.end().catch(() => undefined);
    throw openFailure(error, url);
  }
}
