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

/** A record with its kind, for backups. */
export interface WholeRecord extends Stored<unknown> {
  kind: string;
}

/**
 * The record store: JSON bodies by kind and id. SQLite and PostgreSQL run the same contract suite. Bodies are parsed with
 * the zod schema of their module, not here.
 */
export interface Records {
  get<T>(kind: string, id: string): Promise<Stored<T> | undefined>;
  /** In order of id (or newest first); `after` is the last id of the previous page. */
  list<T>(
    kind: string,
    options?: { parent?: string; after?: string; limit?: number; newestFirst?: boolean },
  ): Promise<Stored<T>[]>;
  /**
   * Creates or replaces. With `revision: 0` the record must not exist yet, with `revision: n` it must have revision n;
   * otherwise it rejects with `conflict` and nothing is written.
   */
  put<T>(kind: string, id: string, body: T, options?: { parent?: string; revision?: number }): Promise<Stored<T>>;
  /** False when there is no such record. */
  delete(kind: string, id: string): Promise<boolean>;
  /**
   * Calls back soon after another process changed a record (possibly also after a change of this process), until the
   * returned function is called. Without an argument when changes may have been missed. For copies in memory.
   */
  watch(listener: (change: { kind: string; id: string } | undefined) => void): () => void;
  /** All records at the moment of the first page, in order of creation. Later writes are not included and do not wait. */
  snapshot(): AsyncGenerator<WholeRecord[]>;
  /**
   * Adds records unchanged, all or none. Rejects with `conflict` when one already exists. Watchers are then called
   * without an argument.
   */
  addAll(records: AsyncIterable<WholeRecord[]>): Promise<void>;
  close(): Promise<void>;
}
