/** Records kept in memory as long as nobody changed them, also in another process. */
import type { Records, Stored } from "./records.ts";

/** How long a process may not have seen the change of another one. */
const RECHECK_MS = 2_000;

export interface Mirror<T> {
  /** What stands. Reads the store at the first call, after `changed`, and after a change by another process. */
  current(): Promise<T>;
  /** To be called after each write: drops what is in memory and tells the other processes. */
  changed(): Promise<void>;
}

/** `name` tells mirrors apart; `load` reads the whole. */
export function createMirror<T>(records: Records, name: string, now: () => number, load: () => Promise<T>): Mirror<T> {
  let held: { value: T; revision: number } | undefined;
  let checkedAt = 0;
  let loading: Promise<T> | undefined;
  /** Counts local changes: a load that began before one is not kept. */
  let era = 0;

  const revisionNow = async () => (await records.get("mirror", name))?.revision ?? 0;

  function drop(): void {
    era++;
    held = undefined;
    loading = undefined;
  }

  async function refresh(): Promise<T> {
    const began = era;
    const revision = await revisionNow();
    if (held?.revision === revision) {
      checkedAt = now();
      return held.value;
    }
    const value = await load();
    if (era === began) {
      held = { value, revision };
      checkedAt = now();
    }
    return value;
  }

  // Anything may have changed without this mirror's own mark.
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

/** Every record of a kind, read page by page. */
export async function everyRecord<T>(records: Records, kind: string): Promise<Stored<T>[]> {
  const all: Stored<T>[] = [];
  for (;;) {
    const page = await records.list<T>(kind, { after: all.at(-1)?.id, limit: 500 });
    all.push(...page);
    if (page.length < 500) return all;
  }
}
