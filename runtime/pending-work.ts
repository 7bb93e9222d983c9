/**
 * Knows when a run has nothing left to do but wait for people. Every piece of work holds a token; whoever waits for a
 * person gives his up. When none is held and somebody waits, the run is parked.
 */
export class PendingWork {
  #held = 0;
  #waiting = new Set<Waiter>();
  #parked = false;

  /** Everybody who waited was sent away; the run goes on by being resumed. */
  get parked(): boolean {
    return this.#parked;
  }

  /** Work begins. */
  acquire(): void {
    this.#held++;
  }

  /** Work ended, and nothing took its token over. */
  release(): void {
    this.#held--;
    if (this.#held > 0 || this.#parked || this.#waiting.size === 0) return;
    this.#parked = true;
    for (const waiter of this.#waiting) waiter.reject(new Parked());
  }

  /** Gives the caller's token up until `open` is called with the wait's id. Rejects with `Parked`, or with the signal's reason. */
  wait<T>(id: string, signal: AbortSignal): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const end = (settle: () => void) => {
        if (!this.#waiting.delete(waiter)) return;
        signal.removeEventListener("abort", onAbort);
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

  /** Lets the waiter with this id go on. False when nobody waits under it. */
  resolve(id: string, value: unknown): boolean {
    for (const waiter of this.#waiting)
      if (waiter.id === id) {
        waiter.resolve(value);
        return true;
      }
    return false;
  }

  /**
   * Runs tasks side by side, at most `limit` at once. The caller lends its token to them and has it back at the end.
   * The first failure stops what has not started and aborts what has; it is thrown when all have ended.
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
              // A failure outweighs a parked sibling: the run is over, nobody needs to be asked.
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

/** Thrown through a node that waits when its run is parked. It is no failure: the node is run again with the answer. */
export class Parked extends Error {
  constructor() {
    super("The run is parked until a person answers.");
    this.name = "Parked";
  }
}
