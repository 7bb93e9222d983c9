/** Retries work during a restart or failover of the database. */
import { setTimeout as pause } from "node:timers/promises";
import { isTransient } from "./errors.ts";

/** How long a caller waits for an unavailable database. */
export const RETRY_FOR_MS = 20_000;
const FIRST_WAIT_MS = 50;
const MAX_WAIT_MS = 1_000;

/**
 * Calls `work` until it succeeds, fails permanently, or `retryForMs` have passed; then it rejects with the last failure.
 * `work` must be safe to repeat: a failed attempt may have been committed.
 */
export async function retryTransient<T>(work: () => Promise<T>, retryForMs = RETRY_FOR_MS): Promise<T> {
  const startedAt = performance.now();
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(MAX_WAIT_MS, waitMs * 2)) {
    try {
      return await work();
    } catch (error) {
      if (!isTransient(error) || performance.now() - startedAt + waitMs > retryForMs) throw error;
      // Jitter, so that not all processes reconnect at the same time.
      await pause(waitMs * (0.75 + Math.random() / 2));
    }
  }
}
