export interface Stored<T> {
  id: string;
  /** 1 when created, one more at each change. */
  revision: number;
  parent?: string;
  body: T;
  /** Unix milliseconds. */
  createdAt: number;
  updatedAt: number;
}

/** A record as it stands, with its kind: for backups. */
export interface WholeRecord extends Stored<unknown> {
  kind: string;
}

/**
 * The record store: JSON bodies by kind and id. One contract suite, run on SQLite and on PostgreSQL.
 * Bodies are parsed by their owner's zod schema, not here.
 */
export interface Records {
  get<T>(kind: string, id: string): Promise<Stored<T> | undefined>;
  /** In order of id (or newest first); `after` is the last id of the page before. */
  list<T>(
    kind: string,
    options?: { parent?: string; after?: string; limit?: number; newestFirst?: boolean },
  ): Promise<Stored<T>[]>;
  /**
   * Creates or replaces. `revision: 0` must not exist yet, `revision: n` must stand at n: else it rejects with
   * `conflict` and nothing is written.
   */
  put<T>(kind: string, id: string, body: T, options?: { parent?: string; revision?: number }): Promise<Stored<T>>;
  /** False when it was not there. */
  delete(kind: string, id: string): Promise<boolean>;
  /**
   * Calls back soon after another process changed a record (and perhaps after this one did); without a change when any
   * may have been missed. For what a process keeps in memory. Until the returned function is called.
   */
  watch(listener: (change: { kind: string; id: string } | undefined) => void): () => void;
  /** All records as they stand when it begins, in order of creation; what is written meanwhile neither shows nor waits. */
  snapshot(): AsyncGenerator<WholeRecord[]>;
  /**
   * Adds records as they are, all or none. Rejects with `conflict` where one is there already. Everybody who watches is
   * then told that anything may have changed.
   */
  addAll(records: AsyncIterable<WholeRecord[]>): Promise<void>;
  close(): Promise<void>;
}
