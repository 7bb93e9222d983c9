/**
 * Runs that want a worker, on graphile-worker. The queue only says "look at this run": who may work on it is decided by
 * the claim in the event log, so a job that comes twice, late, or after its run ended does no harm.
 */
import { Logger, makeWorkerUtils, type Runner, run as runWorkers } from "graphile-worker";
import { connectionPool } from "../stores/postgres/connect.ts";
import type { PostgresLog } from "../stores/postgres/event-log.ts";

/** Runs that one worker works on at once; they mostly wait for models and tools. */
const AT_ONCE = 100;
/** Connections of its own. */
const POOL = 4;
/** How often a worker looks for runs whose process died, and for waits that are over. */
const SWEEP_MS = 1_000;
const SWEEP_LIMIT = 500;
/** The library listens too; this is for what it may miss. */
const POLL_MS = 2_000;

export interface RunQueueOptions {
  url: string;
  log: PostgresLog;
  /** Works on a run until it rests. Rejects only when it should be tried again. */
  work(run: string): Promise<void>;
  report(thrown: unknown): void;
  sweepMs?: number;
}

export interface RunQueue {
  /** Takes no more runs. What is under way is not waited for: `Runs.stop` sees to it, and then `close` can end. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

/** The library's own log: its failures are ours to report, the rest is noise. */
function logger(report: (thrown: unknown) => void): Logger {
  return new Logger(() => (level, message) => {
    if (level === "error" && !/worker is stopping/.test(message)) report(new Error(`Run queue: ${message}`));
  });
}

/** Makes the queue's tables, which the event log writes to when a run is left to the workers. */
export async function prepareRunQueue(url: string, report: (thrown: unknown) => void): Promise<void> {
  const utils = await makeWorkerUtils({ connectionString: url, maxPoolSize: 1, logger: logger(report) });
  try {
    await utils.migrate();
  } finally {
    await utils.release();
  }
}

/** Starts taking runs. */
export async function startRunQueue({
  url,
  log,
  work,
  report,
  sweepMs = SWEEP_MS,
}: RunQueueOptions): Promise<RunQueue> {
  let stopped = false;
  let runner: Runner | undefined;
  let starting: Promise<void> | undefined;

  const pool = connectionPool(url, POOL);
  const start = async () => {
    const one = await runWorkers({
      pgPool: pool,
      concurrency: AT_ONCE,
      pollInterval: POLL_MS,
      noHandleSignals: true,
      logger: logger(report),
      taskList: {
        run: async (payload) => {
          const { run } = payload as { run: string };
          // Another worker gets it: the library gives a failed job again.
          if (stopped) throw new Error("This worker is stopping.");
          await work(run);
        },
      },
    });
    runner = one;
    // The library gives up when the database is away for long; then it is started again by the next sweep.
    one.promise.then(
      () => {
        if (runner === one) runner = undefined;
      },
      (error: unknown) => {
        if (runner === one) runner = undefined;
        if (!stopped) report(error);
      },
    );
  };

  const sweep = async () => {
    if (stopped) return;
    starting ??= (async () => {
      if (!runner) await start();
      await log.queueDue(Date.now(), SWEEP_LIMIT);
    })().finally(() => {
      starting = undefined;
    });
    // The database is away: the next sweep makes up for it.
    await starting.catch(() => undefined);
  };

  await start();
  const timer = setInterval(() => void sweep(), sweepMs);
  timer.unref();
  // What a process had that is gone is taken over at once.
  const stopWatching = log.members.onGone(() => void sweep());
  void sweep();
  let stopping: Promise<void> | undefined;
  return {
    async stop() {
      stopped = true;
      clearInterval(timer);
      stopWatching();
      await starting?.catch(() => undefined);
      stopping = runner?.stop().catch(() => undefined);
    },
    async close() {
      await stopping;
      await pool.end();
    },
  };
}
