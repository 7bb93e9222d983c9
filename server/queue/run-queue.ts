/**
 * The queue of runs for the workers, on graphile-worker. A job only says "check this run": the claim in the event log
 * decides which process executes it, so a job that is duplicated, late or outdated does no harm.
 */
import { Logger, makeWorkerUtils, type Runner, run as runWorkers } from "graphile-worker";
import { connectionPool } from "../stores/postgres/connect.ts";
import type { PostgresLog } from "../stores/postgres/event-log.ts";

/** Runs that one worker executes at the same time; they mostly wait for models and tools. */
const CONCURRENCY = 100;
const MAX_CONNECTIONS = 4;
/** How often a worker looks for runs whose process died, and for expired waits. */
const SWEEP_MS = 1_000;
const SWEEP_LIMIT = 500;
/** The library also listens for jobs; polling finds those it missed. */
const POLL_MS = 2_000;

export interface RunQueueOptions {
  url: string;
  log: PostgresLog;
  /** Executes a run until it settles. Rejects only when it should be tried again. */
  work(run: string): Promise<void>;
  report(thrown: unknown): void;
  sweepMs?: number;
}

export interface RunQueue {
  /** Takes no more runs. Does not wait for live ones: `RunsService.stop` ends them, then `close` resolves. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

/** Reports the errors in the library's log and drops the rest. */
function logger(report: (thrown: unknown) => void): Logger {
  return new Logger(() => (level, message) => {
    if (level === "error" && !/worker is stopping/.test(message)) report(new Error(`Run queue: ${message}`));
  });
}

/** Creates the tables of the queue; the event log adds jobs to them. */
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

  const pool = connectionPool(url, MAX_CONNECTIONS);
  const start = async () => {
    const one = await runWorkers({
      pgPool: pool,
      concurrency: CONCURRENCY,
      pollInterval: POLL_MS,
      noHandleSignals: true,
      logger: logger(report),
      taskList: {
        run: async (payload) => {
          const { run } = payload as { run: string };
          // The library gives a failed job to another worker.
          if (stopped) throw new Error("This worker is stopping.");
          await work(run);
        },
      },
    });
    runner = one;
    // The library stops when the database is unavailable for long; the next sweep starts it again.
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
    // The database is unavailable: the next sweep tries again.
    await starting.catch(() => undefined);
  };

  await start();
  const timer = setInterval(() => void sweep(), sweepMs);
  timer.unref();
  // Runs of a process that is gone are taken over at once.
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
