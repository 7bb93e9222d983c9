/** The listeners of runs, and the last event of runs that other processes write. */

/** Third word of a notification: no process has the run any more. */
export const RELEASED = "released";

export interface WatchersOptions {
  /** Whether this process writes the run: then `wake` announces its events. */
  isLive(run: string): boolean;
  /** `seq` of the last event of each run that has any. */
  lasts(runs: string[]): Promise<Map<string, number>>;
}

export class Watchers {
  readonly #options: WatchersOptions;
  readonly #listeners = new Map<string, Set<() => void>>();
  /** The last known `seq` of runs that are watched and not live here. */
  readonly #lasts = new Map<string, number>();

  constructor(options: WatchersOptions) {
    this.#options = options;
  }

  watch(run: string, listener: () => void): () => void {
    let listeners = this.#listeners.get(run);
    if (!listeners) {
      listeners = new Set();
      this.#listeners.set(run, listeners);
      // Events that were stored before the first listener came are not notified.
      if (!this.#options.isLive(run)) void this.refresh([run]);
    }
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size > 0 || this.#listeners.get(run) !== listeners) return;
      this.#listeners.delete(run);
      this.#lasts.delete(run);
    };
  }

  has(run: string): boolean {
    return this.#listeners.has(run);
  }

  last(run: string): number | undefined {
    return this.#lasts.get(run);
  }

  /** The run is no longer live here; `last` is its last stored `seq`. */
  becameRemote(run: string, last: number): void {
    if (this.has(run)) this.#lasts.set(run, last);
  }

  becameLive(run: string): void {
    this.#lasts.delete(run);
  }

  wake(run: string): void {
    const listeners = this.#listeners.get(run);
    if (listeners) for (const listener of [...listeners]) listener();
  }

  /** A notification of another process: `run last` or `run last released`, one per line. */
  receive(payload: string): void {
    for (const line of payload.split("\n")) {
      const [run = "", last, state] = line.split(" ");
      if (this.#options.isLive(run)) continue;
      this.#advance(run, Number(last));
      if (state === RELEASED) this.wake(run);
    }
  }

  /** Reads the last event of runs that others write: notifications can be lost. */
  async refresh(runs = [...this.#listeners.keys()].filter((run) => !this.#options.isLive(run))): Promise<void> {
    if (runs.length === 0) return;
    try {
      for (const [run, last] of await this.#options.lasts(runs)) this.#advance(run, last);
    } catch {
      // The database is unavailable: the next refresh or notification follows.
    }
  }

  #advance(run: string, last: number): void {
    if (!this.has(run) || last <= (this.#lasts.get(run) ?? -1)) return;
    this.#lasts.set(run, last);
    this.wake(run);
  }
}
