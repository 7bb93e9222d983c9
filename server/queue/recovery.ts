/** Runs that have something to do where one process has the log: what the last one left, and waits that are over. */
import type { EventLog } from "../stores/event-log.ts";

/** How often it is looked. */
const SWEEP_MS = 1_000;
const SWEEP_LIMIT = 10_000;
/** Runs that are taken up at once. */
const AT_ONCE = 32;

export interface Recovery {
  stop(): Promise<void>;
}

/** Resolves when all that is due now is under way; from then on it is looked again and again. */
export async function startRecovery(options: {
  log: Pick<EventLog, "due">;
  /** Resolves when the run is under way. Rejects only when it should be tried again. */
  takeUp(run: string): Promise<void>;
  report(thrown: unknown): void;
}): Promise<Recovery> {
  const { log, takeUp, report } = options;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  const sweep = async () => {
    const due = (await log.due(Date.now(), SWEEP_LIMIT)).values();
    const take = async () => {
      for (const run of due) if (!stopped) await takeUp(run);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, take));
  };
  const later = () => {
    if (stopped) return;
    timer = setTimeout(() => {
      working = sweep().catch(report).then(later);
    }, SWEEP_MS);
    timer.unref();
  };

  let working = sweep();
  await working;
  later();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await working;
    },
  };
}
