/**
 * Terminal events that could not be stored. When a run failed because the log rejected its events, its `run-fail` is
 * stored as soon as the log accepts events again, so that the stored run agrees with the result the caller received.
 */
import type { ErrorData } from "../../runtime/error.ts";
import type { EventLog } from "../stores/event-log.ts";
import { endRun } from "./end-run.ts";

/** Time between two attempts to store the end of a run. */
const RETRY_MS = 5_000;

export class DeferredFailures {
  readonly #log: Pick<EventLog, "row" | "read" | "last" | "recover" | "append">;
  readonly #everyMs: number;
  readonly #timers = new Set<NodeJS.Timeout>();
  #stopped = false;

  constructor(log: Pick<EventLog, "row" | "read" | "last" | "recover" | "append">, everyMs = RETRY_MS) {
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
        // The storage is still full or busy. If this process ends first, the next one resumes the run.
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
