/**
 * Elects the one process that runs tasks (and so writes knowledge). The leader holds an advisory lock of PostgreSQL on a
 * connection of its own; when that connection ends, another process can take the lock.
 */
import pg from "pg";

/** An arbitrary number that no other program on the database uses. */
const LOCK_ID = 7_283_640_116;
const INTERVAL_MS = 1_500;
const TIMEOUT_MS = 5_000;

export interface Leader {
  isLeading(): boolean;
  /** Gives up the lead. */
  close(): Promise<void>;
}

/** Calls `begin` when this process becomes the leader, and `end` when it lost the lock; another may lead by then. */
export function electLeader(options: {
  url: string;
  begin(): Promise<void>;
  end(): Promise<void>;
  report(thrown: unknown): void;
}): Leader {
  let client: pg.Client | undefined;
  let leading = false;
  let closed = false;
  let turn: Promise<void> = Promise.resolve();

  const lose = async (which: pg.Client | undefined) => {
    if (client !== which) return;
    client = undefined;
    which?.end().catch(() => undefined);
    if (!leading) return;
    leading = false;
    await options.end();
  };

  const tick = async () => {
    if (closed) return;
    if (!client) {
      const fresh = new pg.Client({
        connectionString: options.url,
        connectionTimeoutMillis: TIMEOUT_MS,
        query_timeout: TIMEOUT_MS,
        keepAlive: true,
        application_name: "patchbay leader",
      });
      const broken = () => {
        turn = turn.then(() => lose(fresh)).catch(options.report);
      };
      fresh.on("error", broken);
      fresh.on("end", broken);
      client = fresh;
      await fresh.connect();
    }
    if (leading) {
      await client.query("SELECT 1");
      return;
    }
    const { rows } = await client.query<{ mine: boolean }>("SELECT pg_try_advisory_lock($1) AS mine", [LOCK_ID]);
    if (!rows[0]?.mine || closed) return;
    leading = true;
    await options.begin();
  };

  const step = () => {
    const before = client;
    turn = turn
      .then(tick)
      .catch(() => lose(client ?? before))
      .catch(options.report);
    return turn;
  };
  const timer = setInterval(step, INTERVAL_MS);
  timer.unref();
  void step();
  return {
    isLeading: () => leading,
    async close() {
      closed = true;
      clearInterval(timer);
      await turn;
      leading = false;
      const last = client;
      client = undefined;
      await last?.end().catch(() => undefined);
    },
  };
}
