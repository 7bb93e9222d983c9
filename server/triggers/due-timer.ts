/** Calls a function when something is due. The next call starts after the last one has ended. */

/** Maximum delay of a call: the clock may be set, and other processes may change what is due. */
const MAX_DELAY_MS = 30_000;
/** Delay after a temporary failure. */
export const RETRY_MS = 5_000;

export interface DueTimerOptions {
  /** Resolves with the time of the next call, in Unix milliseconds. */
  work(): Promise<number>;
  /** Unix milliseconds. */
  now(): number;
  report(thrown: unknown): void;
}

export class DueTimer {
  readonly #options: DueTimerOptions;
  #timer: NodeJS.Timeout | undefined;
  #timerAt = 0;
  #abort: AbortController | undefined;
  #working: Promise<unknown> = Promise.resolve();

  constructor(options: DueTimerOptions) {
    this.#options = options;
  }

  /** Aborts when the timer is stopped. */
  get signal(): AbortSignal {
    return (this.#abort ?? new AbortController()).signal;
  }

  /** The first call follows `wake`. */
  start(): void {
    this.#abort = new AbortController();
  }

  /** Aborts `signal`, and resolves when the current call has ended. */
  async stop(): Promise<void> {
    this.#abort?.abort();
    this.#abort = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#working;
  }

  /** Makes sure that there is a call within this delay, unless the timer is stopped. */
  wake(delayMs = 0): void {
    const abort = this.#abort;
    const at = performance.now() + Math.min(delayMs, MAX_DELAY_MS);
    if (!abort || (this.#timer && this.#timerAt <= at)) return;
    clearTimeout(this.#timer);
    this.#timerAt = at;
    this.#timer = setTimeout(() => this.#call(abort), Math.max(0, at - performance.now()));
    this.#timer.unref();
  }

  #call(abort: AbortController): void {
    const { work, now, report } = this.#options;
    // A `wake` during the call sets the timer again.
    this.#timer = undefined;
    this.#working = this.#working
      .then(() => (abort.signal.aborted ? Number.POSITIVE_INFINITY : work()))
      .catch((error: unknown) => {
        report(error);
        return now() + RETRY_MS;
      })
      .then((next) => {
        if (this.#abort === abort) this.wake(Math.max(0, next - now()));
      });
  }
}
