/** Sign-ins of browsers, stored so that they can be ended on the server. Their cookies survive a restart. */
import { randomBytes } from "node:crypto";
import { everyRecord } from "../stores/mirror.ts";
import type { Records } from "../stores/records.ts";

const KIND = "sign-in";
export const SIGN_IN_SECONDS = 90 * 24 * 3600;

export interface SignIns {
  /** The id of a new sign-in. It ends after 90 days. */
  create(): Promise<string>;
  has(id: string): Promise<boolean>;
  end(id: string): Promise<void>;
  /** Signs every browser out. */
  endAll(): Promise<void>;
  close(): void;
}

export function openSignIns(records: Records, now: () => number = Date.now): SignIns {
  /** Known sign-ins, with the time at which they end. Another process's end of one is followed by `watch`. */
  const known = new Map<string, number>();
  const endOf = (createdAt: number) => createdAt + SIGN_IN_SECONDS * 1000;
  const end = async (id: string) => {
    known.delete(id);
    await records.delete(KIND, id);
  };
  const stopWatching = records.watch((change) => {
    if (!change) known.clear();
    else if (change.kind === KIND) known.delete(change.id);
  });
  return {
    async create() {
      for (const { id, createdAt } of await everyRecord(records, KIND)) if (endOf(createdAt) <= now()) await end(id);
      const id = randomBytes(16).toString("base64url");
      const { createdAt } = await records.put(KIND, id, {}, { revision: 0 });
      known.set(id, endOf(createdAt));
      return id;
    },
    async has(id) {
      let until = known.get(id);
      if (until === undefined) {
        const stored = await records.get(KIND, id);
        if (!stored) return false;
        until = endOf(stored.createdAt);
        known.set(id, until);
      }
      return now() < until;
    },
    end,
    async endAll() {
      for (const { id } of await everyRecord(records, KIND)) await end(id);
    },
    close: stopWatching,
  };
}
