/** Goes on through a restart or failover of the database. */
import { setTimeout as pause } from "node:timers/promises";
import { isTransient } from "./errors.ts";

/** How long a caller is kept waiting for a database that is away. */
export const PATIENCE_MS = 20_000;
const FIRST_MS = 50;
const MOST_MS = 1_000;

/**
 * Does `work` until it succeeds, fails for good, or `patienceMs` are over; then it rejects with the last failure.
 * `work` must be safe to do again: what failed so may have been done.
 */
export async function retrying<T>(work: () => Promise<T>, patienceMs = PATIENCE_MS): Promise<T> {
  const startedAt = performance.now();
  for (let waitMs = FIRST_MS; ; waitMs = Math.min(MOST_MS, waitMs * 2)) {
    try {
      return await work();
    } catch (error) {
      if (!isTransient(error) || performance.now() - startedAt + waitMs > patienceMs) throw error;
      // Spread, so that all processes do not come back in the same instant.
      await pause(waitMs * (0.75 + Math.random() / 2));
    }
  }
}
