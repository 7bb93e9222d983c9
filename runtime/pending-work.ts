/**
 * Counts the pending work of a run, to detect that it only waits for people. Every task holds one count and releases it
 * while it waits for a person. At zero, with waits, the run is parked.
 *
 * Three places acquire for another task, so that the count does not fall to zero in between: `runFrame` for its caller
 * when it is aborted, `decide` while it writes decisions, and a wait that ends for the node that continues.
 */
export class PendingWork {
  #held = 0;
  #waiting = new Set<Waiter>();
  #parked = false;

  /** All waits have been rejected. The run continues by being resumed. */
  get parked(): boolean {
    return this.#parked;
  }

  /** Work begins. */
  acquire(): void {
    this.#held++;
  }

  /** Work ended. Parks the run when it was the last and there are waits. */
  release(): void {
    this.#held--;
    if (this.#held > 0 || this.#parked || this.#waiting.size === 0) return;
    this.#parked = true;
    for (const waiter of this.#waiting) waiter.reject(new Parked());
  }

  /** Releases the caller's count until `resolve` is called with this id. Rejects with `Parked` or the signal's reason. */
  wait<T>(id: string, signal: AbortSignal): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const end = (settle: () => void) => {
        if (!this.#waiting.delete(waiter)) return;
        signal.removeEventListener("abort", onAbort);
        // For the node that continues.
        this.acquire();
        settle();
      };
      const onAbort = () => end(() => reject(signal.reason));
      const waiter: Waiter = {
        id,
        resolve: (value) => end(() => resolve(value as T)),
        reject: (reason) => end(() => reject(reason)),
      };
      this.#waiting.add(waiter);
      signal.addEventListener("abort", onAbort, { once: true });
      if (signal.aborted) onAbort();
      else this.release();
    });
  }

  /** Resolves the wait with this id. False when it does not exist. */
  resolve(id: string, value: unknown): boolean {
    for (const waiter of this.#waiting)
      if (waiter.id === id) {
        waiter.resolve(value);
        return true;
      }
    return false;
  }

  /**
   * Runs tasks in parallel, at most `limit` at once. The caller's count passes to them and returns at the end.
   * The first failure aborts the others and starts no more; it is thrown when all have ended.
   */
  all<T>(tasks: ((signal: AbortSignal) => Promise<T>)[], limit: number, signal: AbortSignal): Promise<T[]> {
    if (tasks.length === 0) return Promise.resolve([]);
    const controller = new AbortController();
    const onAbort = () => controller.abort(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    return new Promise<T[]>((resolve, reject) => {
      const results = new Array<T>(tasks.length);
      let next = 0;
      let running = 0;
      let failed: { reason: unknown } | undefined;
      const start = () => {
        const index = next++;
        running++;
        tasks[index]!(controller.signal)
          .then(
            (value) => {
              results[index] = value;
            },
            (reason: unknown) => {
              // A failure outweighs a parked task: the run is over.
              if (!failed || (failed.reason instanceof Parked && !(reason instanceof Parked))) failed = { reason };
              if (!(reason instanceof Parked)) controller.abort(reason);
            },
          )
          .then(() => {
            running--;
            if (next < tasks.length && !failed) return start();
            if (running > 0) return this.release();
            signal.removeEventListener("abort", onAbort);
            if (failed) reject(failed.reason);
            else resolve(results);
          });
      };
      const first = Math.min(Math.max(1, limit), tasks.length);
      for (let i = 0; i < first; i++) {
        this.acquire();
        start();
      }
      this.release();
    });
  }
}

interface Waiter {
  id: string;
  resolve(value: unknown): void;
  reject(reason: unknown): void;
}

/** Thrown through a waiting node when its run is parked. Not a failure: the node runs again with the decision. */
export class Parked extends Error {
  constructor() {
    super("The run is parked until a person decides.");
    this.name = "Parked";
  }
}
