/** How fast the messages of one server are read. A flood then waits in its own pipe, and takes no time from others. */
const WINDOW_MS = 1_000;
const MAX_LINES = 5_000;
const MAX_BYTES = 32 * 1024 * 1024;

export class ReadRate {
  #since = 0;
  #lines = 0;
  #bytes = 0;

  /** Counts what was read; returns how many milliseconds to wait before the next read, usually 0. */
  take(lines: number, bytes: number): number {
    const now = performance.now();
    if (now - this.#since >= WINDOW_MS) {
      this.#since = now;
      this.#lines = 0;
      this.#bytes = 0;
    }
    this.#lines += lines;
    this.#bytes += bytes;
    const isOver = this.#lines > MAX_LINES || this.#bytes > MAX_BYTES;
    return isOver ? Math.ceil(this.#since + WINDOW_MS - now) : 0;
  }
}
