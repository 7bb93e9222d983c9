/**
 * One process among several that does what must not be done twice at once: tasks, and with them the writing of
 * knowledge. It holds an advisory lock of PostgreSQL on a connection of its own; when that ends, another one has it.
 */
import pg from "pg";

/** Any number that nobody else uses. */
const LOCK = 7_283_640_116;
const TRY_MS = 1_500;
const ANSWER_MS = 5_000;

export interface Leader {
  leads(): boolean;
  /** Lets another one lead. */
  close(): Promise<void>;
}

/** `begin` when this process leads from now on; `end` when it no longer may: the lock can be another's by then. */
export function standForLeader(options: {
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
        connectionTimeoutMillis: ANSWER_MS,
        query_timeout: ANSWER_MS,
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
    const { rows } = await client.query<{ mine: boolean }>("SELECT pg_try_advisory_lock($1) AS mine", [LOCK]);
    if (!rows[0]?.mine || closed) return;
    leading = true;
    await options.begin();
  };

  const step = () => {
    const asked = client;
    turn = turn
      .then(tick)
      .catch(() => lose(client ?? asked))
      .catch(options.report);
    return turn;
  };
  const timer = setInterval(step, TRY_MS);
  timer.unref();
  void step();
  return {
    leads: () => leading,
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
