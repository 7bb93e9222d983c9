/** The PostgreSQL connections of one process: a pool for statements, and a listener. */
import pg from "pg";
import { isQueryTimeout, openFailure } from "./errors.ts";
import { type Listener, listenTo } from "./listen.ts";
import { migrate } from "./schema.ts";

export interface Postgres {
  pool: pg.Pool;
  listener: Listener;
  close(): Promise<void>;
}

const CONNECT_MS = 5_000;
/** Connections in the pool. */
const MAX_CONNECTIONS = 10;
/**
 * A connection without a response for this long is taken for dead (a failover, a firewall). The database cancels the
 * statement earlier, so that a retry does not run beside it.
 */
const TIMEOUT_MS = 9_000;

/** 64-bit integers as numbers: ours stay below 2^53. */
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: "text" | "binary") =>
    oid === pg.types.builtins.INT8
      ? Number
      : pg.types.getTypeParser(oid, format)) as pg.CustomTypesConfig["getTypeParser"],
};

/** `timeoutMs`: the limit of each statement. The caller ends the pool. */
export function connectionPool(url: string, max = MAX_CONNECTIONS, timeoutMs = TIMEOUT_MS): pg.Pool {
  const pool = new pg.Pool({
    ...clientConfig(url),
    max,
    idleTimeoutMillis: 30_000,
    statement_timeout: timeoutMs * 0.9,
    query_timeout: timeoutMs,
  });
  // A broken connection is replaced at the next query, and its query rejects. Without a listener the event would end the process.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  // When one connection timed out, the idle ones are probably dead too: replace them instead of waiting for each.
  pool.on("release", (error: Error | boolean | undefined) => {
    if (!(error instanceof Error) || !isQueryTimeout(error)) return;
    for (let idle = pool.idleCount; idle > 0; idle--)
      pool.connect().then(
        (client) => client.release(true),
        () => undefined,
      );
  });
  return pool;
}

/**
 * Connects and migrates the schema. Rejects with `unavailable` and one line without the password.
 */
export async function openPostgres(url: string, timeoutMs?: number): Promise<Postgres> {
  const pool = connectionPool(url, MAX_CONNECTIONS, timeoutMs);
  try {
    // Without a statement timeout: migrating a large table takes long.
    const client = new pg.Client(clientConfig(url));
    client.on("error", () => {});
    try {
      await client.connect();
      await migrate(client);
    } finally {
      await client.end().catch(() => undefined);
    }
    const listener = await listenTo(clientConfig(url), timeoutMs);
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
