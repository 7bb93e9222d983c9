/** Counts the calls of a key per minute, in this process or over all processes. */
import { PatchbayError } from "../../runtime/error.ts";
import type { Ledger } from "../stores/ledger.ts";
import type { CallerKey } from "./service.ts";

const MINUTE = 60_000;
/** With several processes, one takes a twentieth of a minute's calls at once, so that few calls read the store. */
const PARTS = 20;

export interface Minute {
  /** Counts one call. Throws or rejects with `rate_limited`. Undefined when no store is asked. */
  take(key: CallerKey, limit: number): Promise<void> | undefined;
}

/** The first call begins a minute. `clock`: monotonic milliseconds. */
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

/** Minutes are those of the wall clock, the same for all processes. */
export function sharedMinute(takeCalls: Ledger["takeCalls"], now: () => number = Date.now): Minute {
  let minute = 0;
  /** Calls that this process took and has not used. */
  let left = 0;
  const fetch = async (key: CallerKey, limit: number): Promise<void> => {
    const asked = minute;
    const part = Math.max(1, Math.floor(limit / PARTS));
    // The last calls are taken one by one.
    for (const calls of part > 1 ? [part, 1] : [1])
      if (await takeCalls(key.id, asked, calls, limit)) {
        if (asked === minute) left += calls - 1;
        return;
      }
    // Another call may have taken a part meanwhile.
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
