/** Calls of a key in a minute: counted in this process, or with all others. */
import { PatchbayError } from "../../runtime/error.ts";
import type { Ledger } from "../stores/ledger.ts";
import type { CallerKey } from "./service.ts";

const MINUTE = 60_000;
/** With others: a twentieth of a minute's calls is taken at once, so that few calls ask the store. */
const PARTS = 20;

export interface Minute {
  /** Counts one call. Throws or rejects with `rate_limited`; nothing to wait for where it is known at once. */
  take(key: CallerKey, limit: number): Promise<void> | undefined;
}

/** The first call begins a minute. `clock`: milliseconds that only go up. */
export function ownMinute(clock: () => number): Minute {
  let since = Number.NEGATIVE_INFINITY;
  let calls = 0;
  return {
    take(key, limit) {
      const now = clock();
      if (now - since >= MINUTE) {
        since = now;
        calls = 0;
      }
      if (calls >= limit) throw tooMany(key, limit, since + MINUTE - now);
      calls++;
      return undefined;
    },
  };
}

/** Minutes are those of the clock on the wall, the same for all. */
export function sharedMinute(takeCalls: Ledger["takeCalls"], now: () => number = Date.now): Minute {
  let minute = 0;
  /** Calls that this process was given and has not used. */
  let left = 0;
  const fetch = async (key: CallerKey, limit: number): Promise<void> => {
    const asked = minute;
    const part = Math.max(1, Math.floor(limit / PARTS));
    // The last few are given out one by one.
    for (const calls of part > 1 ? [part, 1] : [1])
      if (await takeCalls(key.id, asked, calls, limit)) {
        if (asked === minute) left += calls - 1;
        return;
      }
    // Another call may have been given more than it needed meanwhile.
    if (asked !== minute || left === 0) throw tooMany(key, limit, MINUTE - (now() % MINUTE));
    left--;
  };
  return {
    take(key, limit) {
      const current = Math.floor(now() / MINUTE);
      if (current !== minute) {
        minute = current;
        left = 0;
      }
      if (left > 0) {
        left--;
        return undefined;
      }
      return fetch(key, limit);
    },
  };
}

function tooMany(key: CallerKey, limit: number, waitMs: number): PatchbayError {
  return new PatchbayError("rate_limited", `The key "${key.name}" may call ${limit} times a minute.`, {
    retryAfter: waitMs / 1000,
  });
}
