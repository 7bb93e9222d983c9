/** Measures the working time of a node. It is stopped while the node, or a node inside it, waits for a person. */
import type { Host } from "./host.ts";

export class WorkClock {
  readonly #host: Pick<Host, "now" | "sleep">;
  readonly #onTimeout: () => void;
  #leftMs: number;
  #startedAt = 0;
  /** Number of open waits. The clock runs at zero. */
  #waiting = 0;
  #sleep: AbortController | undefined;

  /** Starts at once. Calls `onTimeout` after `ms` of work, unless `end` is called before. */
  constructor(host: Pick<Host, "now" | "sleep">, ms: number, onTimeout: () => void) {
    this.#host = host;
    this.#leftMs = ms;
    this.#onTimeout = onTimeout;
    this.#resume();
  }

  /** A wait began (1) or ended (-1). */
  countWait(change: 1 | -1): void {
    this.#waiting += change;
    if (change === 1 && this.#waiting === 1) {
      this.#leftMs -= this.#host.now() - this.#startedAt;
      this.#sleep?.abort();
    } else if (this.#waiting === 0) this.#resume();
  }

  end(): void {
    this.#sleep?.abort();
    this.#waiting = Number.POSITIVE_INFINITY;
  }

  #resume(): void {
    const sleep = new AbortController();
    this.#sleep = sleep;
    this.#startedAt = this.#host.now();
    this.#host.sleep(Math.max(0, this.#leftMs), sleep.signal).then(
      () => {
        if (!sleep.signal.aborted) this.#onTimeout();
      },
      // Stopped or ended.
      () => {},
    );
  }
}
