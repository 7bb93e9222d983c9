/** Who wants to hear of which run, and how far runs came that other processes write. */

/** Told behind a run's last event: nobody has the run any more. */
export const RESTS = "rests";

export interface WatchersOptions {
  /** Runs that this process writes: what is stored of them is told by `wake`. */
  isLive(run: string): boolean;
  /** `seq` of the last event of each run that has any. */
  lasts(runs: string[]): Promise<Map<string, number>>;
}

export class Watchers {
  readonly #options: WatchersOptions;
  readonly #listeners = new Map<string, Set<() => void>>();
  /** `seq` of the last event, as far as it was seen, of runs that are watched and not live here. */
  readonly #lasts = new Map<string, number>();

  constructor(options: WatchersOptions) {
    this.#options = options;
  }

  watch(run: string, listener: () => void): () => void {
    let listeners = this.#listeners.get(run);
    if (!listeners) {
      listeners = new Set();
      this.#listeners.set(run, listeners);
      // What was stored before anybody listened is not told.
      if (!this.#options.isLive(run)) void this.look([run]);
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

  /** The run is live here no more; it stands at `last`. */
  left(run: string, last: number): void {
    if (this.has(run)) this.#lasts.set(run, last);
  }

  /** The run is live here from now on. */
  took(run: string): void {
    this.#lasts.delete(run);
  }

  wake(run: string): void {
    const listeners = this.#listeners.get(run);
    if (listeners) for (const listener of [...listeners]) listener();
  }

  /** What another process told: `run last`, or `run last rests`, a line each. */
  hear(told: string): void {
    for (const line of told.split("\n")) {
      const [run = "", last, rests] = line.split(" ");
      if (this.#options.isLive(run)) continue;
      this.#saw(run, Number(last));
      if (rests === RESTS) this.wake(run);
    }
  }

  /** Looks up how far runs came that others write: telling can be missed. */
  async look(runs = [...this.#listeners.keys()].filter((run) => !this.#options.isLive(run))): Promise<void> {
    if (runs.length === 0) return;
    try {
      for (const [run, last] of await this.#options.lasts(runs)) this.#saw(run, last);
    } catch {
      // The database is away: the next look, or being told, makes up for it.
    }
  }

  #saw(run: string, last: number): void {
    if (!this.has(run) || last <= (this.#lasts.get(run) ?? -1)) return;
    this.#lasts.set(run, last);
    this.wake(run);
  }
}
