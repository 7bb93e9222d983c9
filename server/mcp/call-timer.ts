/** The two limits of a call: how long the server may be silent, and how long the call may take in total. */
export class CallTimer {
  readonly #controller = new AbortController();
  readonly #silentMs: number;
  readonly #totalMs: number;
  readonly #total: NodeJS.Timeout;
  #silent: NodeJS.Timeout;
  #reached = "";

  /** Both in milliseconds. */
  constructor(silentMs: number, totalMs: number) {
    this.#silentMs = silentMs;
    this.#totalMs = totalMs;
    this.#silent = this.#startSilence();
    this.#total = setTimeout(() => this.#end(`${span(totalMs)}, its limit in total`), totalMs);
  }

  /** Aborts when a limit is reached. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The limit that was reached, as part of a sentence. */
  get reached(): string {
    return this.#reached;
  }

  /** The server reported progress: the limit of its silence starts again. */
  restart(): void {
    if (this.signal.aborted) return;
    clearTimeout(this.#silent);
    this.#silent = this.#startSilence();
  }

  stop(): void {
    clearTimeout(this.#silent);
    clearTimeout(this.#total);
  }

  #startSilence(): NodeJS.Timeout {
    return setTimeout(() => this.#end(this.#reason()), this.#silentMs);
  }

  #reason(): string {
    return this.#silentMs < this.#totalMs ? `${span(this.#silentMs)} without progress` : span(this.#silentMs);
  }

  #end(reached: string): void {
    this.stop();
    this.#reached = reached;
    this.#controller.abort(new Error(`No result within ${reached}.`));
  }
}

function span(ms: number): string {
  return ms % 1000 === 0 ? `${ms / 1000} s` : `${ms} ms`;
}
