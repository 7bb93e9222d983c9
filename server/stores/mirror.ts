/** A copy of records in memory, until this or another process changes them. */
import type { Records, Stored } from "./records.ts";

/** Maximum age of the copy without a check for changes by other processes. */
const RECHECK_MS = 2_000;

export interface Mirror<T> {
  /** The current value. Reads the store at the first call, after `changed`, and after a change by another process. */
  current(): Promise<T>;
  /** Call it after each write: drops the copy, and makes other processes drop theirs. */
  changed(): Promise<void>;
}

/** `name` identifies the mirror in all processes; `load` reads the value from the store. */
export function createMirror<T>(records: Records, name: string, now: () => number, load: () => Promise<T>): Mirror<T> {
  let held: { value: T; revision: number } | undefined;
  let checkedAt = 0;
  let loading: Promise<T> | undefined;
  /** Counts local changes: a load that began before one is not kept. */
  let changes = 0;

  const revisionNow = async () => (await records.get("mirror", name))?.revision ?? 0;

  function drop(): void {
    changes++;
    held = undefined;
    loading = undefined;
  }

  async function refresh(): Promise<T> {
    const changesBefore = changes;
    const revision = await revisionNow();
    if (held?.revision === revision) {
      checkedAt = now();
      return held.value;
    }
    const value = await load();
    if (changes === changesBefore) {
      held = { value, revision };
      checkedAt = now();
    }
    return value;
  }

  // Any record may have changed, without a call of `changed`.
  records.watch((change) => {
    if (!change) drop();
  });

  return {
    current: () => {
      if (held && Math.abs(now() - checkedAt) < RECHECK_MS) return Promise.resolve(held.value);
      loading ??= refresh().finally(() => {
        loading = undefined;
      });
      return loading;
    },
    changed: async () => {
      drop();
      await records.put("mirror", name, {});
    },
  };
}

/** All records of a kind, read page by page. */
export async function everyRecord<T>(records: Records, kind: string): Promise<Stored<T>[]> {
  const all: Stored<T>[] = [];
  for (;;) {
    const page = await records.list<T>(kind, { after: all.at(-1)?.id, limit: 500 });
    all.push(...page);
    if (page.length < 500) return all;
  }
}
