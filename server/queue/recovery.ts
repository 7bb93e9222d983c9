/** Resumes runs in a single process: those the last process left, and those whose wait expired. */
import type { EventLog } from "../stores/event-log.ts";

const SWEEP_MS = 1_000;
const SWEEP_LIMIT = 10_000;
/** How many runs are resumed at the same time. */
const CONCURRENCY = 32;

export interface Recovery {
  stop(): Promise<void>;
}

/** Resolves when all runs that are due now are resumed; later ones follow every `SWEEP_MS`. */
export async function startRecovery(options: {
  log: Pick<EventLog, "due">;
  /** Resolves when the run is executing. Rejects only when it should be tried again. */
  resume(run: string): Promise<void>;
  report(thrown: unknown): void;
}): Promise<Recovery> {
  const { log, resume, report } = options;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  const sweep = async () => {
    const due = (await log.due(Date.now(), SWEEP_LIMIT)).values();
    const take = async () => {
      for (const run of due) if (!stopped) await resume(run);
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, take));
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
