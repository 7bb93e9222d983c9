/**
 * Ends that could not be stored. A run that failed because the log could not take its events has no end in it; it is
 * written when the log takes events again, so that what the caller was told and what is stored agree.
 */
import type { ErrorData } from "../../runtime/error.ts";
import type { EventLog } from "../stores/event-log.ts";
import { endRun } from "./end-run.ts";

/** How often a run that could not be stored is looked after. */
const RECOVER_MS = 5_000;

export class DeferredFailures {
  readonly #log: Pick<EventLog, "row" | "read" | "last" | "recover" | "append">;
  readonly #everyMs: number;
  readonly #timers = new Set<NodeJS.Timeout>();
  #stopped = false;

  constructor(log: Pick<EventLog, "row" | "read" | "last" | "recover" | "append">, everyMs = RECOVER_MS) {
    this.#log = log;
    this.#everyMs = everyMs;
  }

  schedule(run: string, error: ErrorData): void {
    const timer = setTimeout(async () => {
      this.#timers.delete(timer);
      try {
        const row = await this.#log.row(run);
        if (!row || row.endedAt !== undefined) return;
        const last = await this.#log.recover(run);
        await endRun(this.#log, run, { type: "run-fail", error }, last);
      } catch {
        // Still full or busy: it is tried again until the process ends, and then the next one resumes the run.
        if (!this.#stopped) this.schedule(run, error);
      }
    }, this.#everyMs);
    timer.unref();
    this.#timers.add(timer);
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) clearTimeout(timer);
  }
}
