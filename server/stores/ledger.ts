/** Tokens and money, the money in billionths of a dollar so that sums are exact. */
export interface Amount {
  tokens: number;
  nanoUsd: number;
}

/** What a key used of a day, and what its calls under way hold. */
export interface LedgerDay {
  used: Amount;
  held: Amount;
}

/**
 * What keys used of a day (UTC, YYYY-MM-DD), in the shared store: all processes see the same. A model call holds the
 * most that it may use before it is made, and settles what it did use after. Both may be sent again when an answer got
 * lost: each hold counts once, by its id. One contract suite, run on SQLite and on PostgreSQL.
 */
export interface Ledger {
  /** The key's day; undefined where nothing is written of it yet. */
  day(key: string, day: string): Promise<LedgerDay | undefined>;
  /** Begins a day with what is known to be used of it; where it has begun, no less than that is used of it. */
  begin(key: string, day: string, used: Amount): Promise<void>;
  /**
   * Holds an amount, at once and for all processes, unless what is used and held together has reached a limit; so the
   * last call may go over it, and no second one. False: nothing is held, or the day has not begun. Rejects with
   * `unavailable` while the store cannot be reached.
   */
  hold(hold: { id: string; key: string; day: string; amount: Amount }, limits: Amount): Promise<boolean>;
  /** Takes a hold back and counts what was used. Nothing happens where it is settled already. */
  settle(id: string, used: Amount): Promise<void>;
  /**
   * Calls of a minute (whole minutes since 1970): gives as many of `calls` as are left of `limit`, all or none, over all
   * processes. Rejects with `unavailable`.
   */
  takeCalls(key: string, minute: number, calls: number, limit: number): Promise<boolean>;
  /** Counts holds taken before that time (Unix milliseconds) as used: whoever took them died. Forgets minutes before it. */
  giveUp(before: number): Promise<void>;
  close(): Promise<void>;
}
