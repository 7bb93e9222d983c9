import { BoundedMap } from "../../runtime/bounded-map.ts";

const MINUTE = 60_000;
/** Callers that are counted at a time. */
const MAX_CALLERS = 10_000;

/** Counts per caller and minute. The window of a caller begins with its first count. */
export class CallerLimit {
  readonly #max: number;
  readonly #clock: () => number;
  readonly #counts = new BoundedMap<string, { since: number; count: number }>(MAX_CALLERS);

  constructor(max: number, clock: () => number) {
    this.#max = max;
    this.#clock = clock;
  }

  /** Counts once. Returns the seconds until the caller may try again when it is over the limit. */
  take(caller: string): number | undefined {
    const now = this.#clock();
    let held = this.#counts.get(caller);
    if (!held || now - held.since >= MINUTE) {
      held = { since: now, count: 0 };
      this.#counts.set(caller, held);
    }
    return ++held.count > this.#max ? (held.since + MINUTE - now) / 1000 : undefined;
  }
}
