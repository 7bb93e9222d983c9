/**
 * Records that readers can rely on. A record of a wrong shape (from a damaged database, a foreign backup or another
 * version) is set aside: it stays in the store, is reported, and reads as absent, so that it stops no start and no list.
 */
import { BoundedMap } from "../../runtime/bounded-map.ts";
import type { Records, Stored, WholeRecord } from "./records.ts";

/** What is wrong with a record, such as `at /hash: …`. Undefined when its readers can read it. */
export type CheckRecord = (record: Pick<WholeRecord, "kind" | "id" | "body">) => string | undefined;

/** Records whose check is remembered until they change. */
const MAX_CHECKED = 20_000;
const DEFAULT_LIMIT = 1000;

export function checkedRecords(records: Records, check: CheckRecord, warn: (message: string) => void): Records {
  /** Revision by kind and id; negative when it is set aside. */
  const checked = new BoundedMap<string, number>(MAX_CHECKED);
  const isValid = (kind: string, { id, revision, body }: Stored<unknown>): boolean => {
    const key = `${kind} ${id}`;
    const before = checked.get(key);
    if (before === revision) return true;
    if (before === -revision) return false;
    const problem = check({ kind, id, body });
    checked.set(key, problem === undefined ? revision : -revision);
    if (problem !== undefined)
      warn(
        `The stored ${kind} "${id}" is set aside, because it is not valid ${problem}. Restore a backup, or delete it and create it again.`,
      );
    return problem === undefined;
  };
  return {
    async get<T>(kind: string, id: string) {
      const stored = await records.get<T>(kind, id);
      return stored && isValid(kind, stored) ? stored : undefined;
    },
    async list<T>(kind: string, options: Parameters<Records["list"]>[1] = {}) {
      const { limit = DEFAULT_LIMIT } = options;
      const found: Stored<T>[] = [];
      // A page is full unless it is the last: readers go on until one is not.
      for (let { after } = options; ; ) {
        const size = limit - found.length;
        const page = await records.list<T>(kind, { ...options, ...(after !== undefined && { after }), limit: size });
        found.push(...page.filter((stored) => isValid(kind, stored)));
        if (page.length < size || found.length >= limit) return found;
        after = page.at(-1)!.id;
      }
    },
    put: (...args) => records.put(...args),
    delete: (...args) => records.delete(...args),
    watch: (listener) => records.watch(listener),
    async *snapshot() {
      for await (const page of records.snapshot()) yield page.filter((record) => isValid(record.kind, record));
    },
    addAll: (pages) => records.addAll(pages),
    close: () => records.close(),
  };
}
