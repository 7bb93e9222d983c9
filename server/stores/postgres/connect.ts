/** The connections to PostgreSQL of one process: a pool for statements and one that listens. */
import pg from "pg";
import { isSilence, openFailure } from "./errors.ts";
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
/**
 * A connection that does not answer a statement for so long is taken for dead (a failover, a firewall); the database
 * itself gives up before that, so that what is tried again is not still under way.
 */
const ANSWER_MS = 9_000;

/** 64-bit integers as numbers: ours stay below 2^53. */
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: "text" | "binary") =>
    oid === pg.types.builtins.INT8
      ? Number
      : pg.types.getTypeParser(oid, format)) as pg.CustomTypesConfig["getTypeParser"],
};

/** Connections for statements, of which none takes longer than `answerMs`. The caller ends the pool. */
export function connectionPool(url: string, max = POOL, answerMs = ANSWER_MS): pg.Pool {
  const pool = new pg.Pool({
    ...clientConfig(url),
    max,
    idleTimeoutMillis: 30_000,
    statement_timeout: answerMs * 0.9,
    query_timeout: answerMs,
  });
  // A connection that breaks is replaced at the next query, and whoever used it hears of it; unheard, it would end the process.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  // Where one connection is dead without a word, those that were idle meanwhile are not waited for one by one.
  pool.on("release", (error: Error | boolean | undefined) => {
    if (!(error instanceof Error) || !isSilence(error)) return;
    for (let idle = pool.idleCount; idle > 0; idle--)
      pool.connect().then(
        (client) => client.release(true),
        () => undefined,
      );
  });
  return pool;
}

/**
 * Connects and brings the schema up to date. Rejects with `unavailable` and one line that says what is wrong, without
 * the password.
 */
export async function openPostgres(url: string, answerMs?: number): Promise<Postgres> {
  const pool = connectionPool(url, POOL, answerMs);
  try {
    // Without a limit to its statements: a large table takes its time.
    const client = new pg.Client(clientConfig(url));
    client.on("error", () => {});
    try {
      await client.connect();
      await migrate(client);
    } finally {
      await client.end().catch(() => undefined);
    }
    const listener = await listenTo(clientConfig(url), answerMs);
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

function clientConfig(url: string): pg.ClientConfig {
  return {
    connectionString: url,
    connectionTimeoutMillis: CONNECT_MS,
    keepAlive: true,
    application_name: "patchbay",
    types,
  };
}
