/** Tokens and money, the money in billionths of a dollar so that sums are exact. */
export interface Amount {
  tokens: number;
  nanoUsd: number;
}

/** Usage of a key on one day, and the amounts reserved by its running calls. */
export interface LedgerDay {
  used: Amount;
  held: Amount;
}

/**
 * Usage of keys per day (UTC, YYYY-MM-DD), in the store that all processes share. Before a model call, the maximum that
 * it may use is held; after it, the hold is settled with the actual usage. Both may be repeated when a response was
 * lost: each hold counts once, by its id. SQLite and PostgreSQL run the same contract suite.
 */
export interface Ledger {
  /** Undefined before the day has begun. */
  day(key: string, day: string): Promise<LedgerDay | undefined>;
  /** Begins a day with the known usage. When it has already begun, its usage becomes at least this. */
  begin(key: string, day: string, used: Amount): Promise<void>;
  /**
   * Holds an amount, visible to all processes, unless usage and holds together have reached a limit. So one call can
   * exceed the limit, but not a second one. False: nothing was held, or the day has not begun. Rejects with
   * `unavailable` while the store cannot be reached.
   */
  hold(hold: { id: string; key: string; day: string; amount: Amount }, limits: Amount): Promise<boolean>;
  /** Removes a hold and adds the actual usage. Does nothing when the hold is already settled. */
  settle(id: string, used: Amount): Promise<void>;
  /**
   * Counts calls in a minute (whole minutes since 1970), over all processes. False when fewer than `calls` are left of
   * `limit`; then none is counted. Rejects with `unavailable`.
   */
  takeCalls(key: string, minute: number, calls: number, limit: number): Promise<boolean>;
  /** Counts holds from before that time (Unix milliseconds) as used, because their process died. Deletes older minutes. */
  settleOld(before: number): Promise<void>;
  close(): Promise<void>;
}
