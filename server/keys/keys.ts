/**
 * Agent keys: 256 random bits, stored as their SHA-256, found by their prefix, compared in constant time. All are kept in
 * memory, so that a call needs no read and a deleted key stops at once.
 */
import { hash, randomBytes, timingSafeEqual } from "node:crypto";
import { PatchbayError } from "../../runtime/error.ts";
import type { KeyLimits } from "../contract/key.ts";
import { newId } from "../lib/ids.ts";
import type { Ledger } from "../stores/ledger.ts";
import { everyRecord } from "../stores/mirror.ts";
import type { Records } from "../stores/records.ts";
import { type Minute, ownMinute, sharedMinute } from "./minute.ts";
import type { CallerKey, Keys } from "./service.ts";

const KIND = "key";
const PREFIX = "pb_";
/** `pb_` and the 8 characters by which a key is found. */
const SHOWN = PREFIX.length + 8;
const KEY = /^pb_[A-Za-z0-9_-]{43}$/;
const MINUTE = 60_000;

/** Default limits when only this machine can call: none. */
export const OPEN_LIMITS: Required<KeyLimits> = {
  callsPerMinute: Infinity,
  liveRuns: Infinity,
  openStreams: Infinity,
  tokensPerDay: Infinity,
  costUsdPerDay: Infinity,
};
export const NETWORK_LIMITS: Required<KeyLimits> = {
  ...OPEN_LIMITS,
  callsPerMinute: 600,
  liveRuns: 50,
  openStreams: 100,
};

interface StoredKey extends CallerKey {
  hash: string;
}

interface Held {
  card: CallerKey;
  hash: Buffer;
  limits: Required<KeyLimits>;
  minute: Minute;
  streams: Set<AbortController>;
}

export interface KeysOptions {
  records: Records;
  /** Defaults for keys without limits of their own. */
  limits: Required<KeyLimits>;
  /** Counts the calls of a minute over all processes. Absent with a single process. See `Ledger.takeCalls`. */
  takeCalls?: Ledger["takeCalls"];
  /** Replaced in tests. */
  clock?(): number;
}

/** Loads all keys. */
export async function openKeys({
  records,
  limits,
  takeCalls,
  clock = () => performance.now(),
}: KeysOptions): Promise<
  Keys & { limitsOf(id: string): Required<KeyLimits>; nameOf(id: string): string; close(): void }
> {
  const byPrefix = new Map<string, Held>();
  const byId = new Map<string, Held>();
  const minuteOf = (): Minute => (takeCalls ? sharedMinute(takeCalls) : ownMinute(clock));
  const hold = ({ hash, ...card }: StoredKey) => {
    const held: Held = {
      card,
      hash: Buffer.from(hash, "hex"),
      limits: { ...limits, ...card.limits },
      minute: minuteOf(),
      streams: new Set(),
    };
    byPrefix.set(card.prefix, held);
    byId.set(card.id, held);
  };
  for (const { body } of await everyRecord<StoredKey>(records, KIND)) hold(body);
  const drop = (held: Held) => {
    byPrefix.delete(held.card.prefix);
    byId.delete(held.card.id);
    for (const stream of held.streams) stream.abort(new PatchbayError("unauthorized", "This key was revoked."));
  };
  /** Applies another process's change of a key. */
  const refresh = async (id: string) => {
    const stored = await records.get<StoredKey>(KIND, id);
    const held = byId.get(id);
    if (!stored) {
      if (held) drop(held);
    } else if (held) {
      const { hash: _hash, ...card } = stored.body;
      held.card = card;
      held.limits = { ...limits, ...card.limits };
    } else hold(stored.body);
  };
  const stopWatching = records.watch(async (change) => {
    if (change && change.kind !== KIND) return;
    try {
      const known = [...byPrefix.values()].map((held) => held.card.id);
      const ids = change ? [change.id] : [...known, ...(await everyRecord(records, KIND)).map((one) => one.id)];
      for (const id of new Set(ids)) await refresh(id);
    } catch {
      // The store is unavailable. Everything is read again when it is back.
    }
  });
  /** Changes the stored key. Tries again when another process changed it meanwhile. Undefined when it does not exist. */
  const update = async (id: string, change: (stored: StoredKey) => StoredKey): Promise<StoredKey | undefined> => {
    for (let tries = 3; ; tries--) {
      const stored = await records.get<StoredKey>(KIND, id);
      if (!stored) return undefined;
      try {
        return (await records.put(KIND, id, change(stored.body), { revision: stored.revision })).body;
      } catch (error) {
        if (tries === 1 || !(error instanceof PatchbayError) || error.code !== "conflict") throw error;
      }
    }
  };
  // The time of the last use is written once a minute and not at every call.
  const used = new Set<Held>();
  const writeUsed = async () => {
    const pending = [...used];
    used.clear();
    for (const held of pending) {
      const { id, lastUsedAt } = held.card;
      await update(id, (stored) => ({ ...stored, lastUsedAt })).catch(() => byId.has(id) && used.add(held));
    }
  };
  const timer = setInterval(writeUsed, MINUTE);
  timer.unref();

  const find = (key: CallerKey) => byPrefix.get(key.prefix);
  const denied = () => new PatchbayError("unauthorized", "Send a valid agent key: Authorization: Bearer pb_….");

  return {
    async list() {
      return [...byPrefix.values()].map((held) => held.card).sort((a, b) => (a.id < b.id ? -1 : 1));
    },

    async create(options) {
      let key: string;
      do key = PREFIX + randomBytes(32).toString("base64url");
      while (byPrefix.has(key.slice(0, SHOWN)));
      const prefix = key.slice(0, SHOWN);
      const card: CallerKey = {
        id: newId(),
        name: options.name,
        agents: options.agents,
        rights: options.rights,
        ...(options.expiresAt !== undefined && { expiresAt: options.expiresAt }),
        ...(options.limits && { limits: options.limits }),
        prefix,
        createdAt: Date.now(),
      };
      const stored = { ...card, hash: digest(key).toString("hex") };
      await records.put<StoredKey>(KIND, card.id, stored, { revision: 0 });
      hold(stored);
      return { card, key };
    },

    async change(id, { expiresAt, ...change }) {
      const stored = await update(id, ({ expiresAt: before, ...rest }) => {
        const until = expiresAt === undefined ? before : (expiresAt ?? undefined);
        return { ...rest, ...change, ...(until !== undefined && { expiresAt: until }) };
      });
      if (!stored) return undefined;
      const { hash: _hash, ...card } = stored;
      const held = byId.get(id);
      if (held) {
        held.card = { ...card, ...(held.card.lastUsedAt !== undefined && { lastUsedAt: held.card.lastUsedAt }) };
        held.limits = { ...limits, ...card.limits };
      }
      return held?.card ?? card;
    },

    async delete(id) {
      const held = byId.get(id);
      if (!held) return false;
      byId.delete(id);
      drop(held);
      await records.delete(KIND, id);
      return true;
    },

    authenticate(authorization) {
      if (authorization === undefined || !/^bearer /i.test(authorization)) throw denied();
      const key = authorization.slice(7).trim();
      if (!KEY.test(key)) throw denied();
      const held = byPrefix.get(key.slice(0, SHOWN));
      // Compared also when no key was found, so that timing does not reveal it.
      const same = timingSafeEqual(digest(key), held?.hash ?? NO_HASH);
      if (!held || !same) throw denied();
      const now = Date.now();
      if (held.card.expiresAt !== undefined && now >= held.card.expiresAt)
        throw new PatchbayError("unauthorized", `The key "${held.card.name}" expired.`);
      held.card.lastUsedAt = now;
      used.add(held);
      return held.card;
    },

    allows(key, slug) {
      return key.agents === "*" || key.agents.includes(slug);
    },

    count(key) {
      const held = find(key);
      if (!held || held.limits.callsPerMinute === Infinity) return undefined;
      return held.minute.take(held.card, held.limits.callsPerMinute);
    },

    openStream(key) {
      const held = find(key);
      if (!held) throw denied();
      if (held.streams.size >= held.limits.openStreams)
        throw new PatchbayError(
          "rate_limited",
          `The key "${held.card.name}" may have ${held.limits.openStreams} open streams; close one first.`,
          { retryAfter: 5 },
        );
      const controller = new AbortController();
      held.streams.add(controller);
      const left = key.expiresAt === undefined ? undefined : key.expiresAt - Date.now();
      // The longest delay of a timer is 2^31 ms.
      const timer =
        left !== undefined && left < 2 ** 31
          ? setTimeout(() => controller.abort(new PatchbayError("unauthorized", "This key expired.")), left)
          : undefined;
      timer?.unref();
      return {
        signal: controller.signal,
        release() {
          clearTimeout(timer);
          held.streams.delete(controller);
        },
      };
    },

    limitsOf(id) {
      return byId.get(id)?.limits ?? limits;
    },

    nameOf(id) {
      return byId.get(id)?.card.name ?? id;
    },

    close() {
      clearInterval(timer);
      stopWatching();
    },
  };
}

const NO_HASH = Buffer.alloc(32);

function digest(key: string): Buffer {
  return hash("sha256", key, "buffer");
}
