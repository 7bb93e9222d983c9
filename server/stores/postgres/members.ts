/**
 * Which processes are alive. Each increments a counter in its own row (its heartbeat). A process whose counter does not
 * change for `deadMs`, by the watcher's own monotonic clock, is dead: its row is removed, and its runs can be claimed.
 * Clocks are not compared, and time in which the watcher could not reach the database does not count.
 *
 * Removing a process that is alive (a long pause, a lost connection) does no harm: a claim increments the fence of a run,
 * and an append under an old fence is rejected.
 */
import type pg from "pg";
import type { Listener } from "./listen.ts";

export interface MembersOptions {
  pool: pg.Pool;
  listener: Listener;
  id: string;
  role: string;
  heartbeatMs?: number;
  deadMs?: number;
  /** This process was taken for dead: others may have claimed its runs. */
  onRemoved?(): void;
  /** Called after each heartbeat that reached the database. */
  onHeartbeat?(): void;
}

export interface Members {
  /** The id under which this process owns runs now. */
  id(): string;
  /** How many other processes are alive. */
  others(): number;
  /** Number of living processes by role, this one included. */
  roles(): Record<string, number>;
  /** Calls back with the id of each other process that left or was removed, until the returned function is called. */
  onGone(listener: (id: string) => void): () => void;
  /** Sends a heartbeat now. */
  heartbeat(): Promise<void>;
  close(): Promise<void>;
}

export const HEARTBEAT_MS = 1_000;
export const DEAD_MS = 4_500;

/** Registers this process. Rejects when the database cannot be reached. */
export async function joinMembers(options: MembersOptions): Promise<Members> {
  const { pool, listener, role, heartbeatMs: beatMs = HEARTBEAT_MS, deadMs = DEAD_MS } = options;
  const seen = new Map<string, { beats: number; quietMs: number; role: string }>();
  const goneListeners = new Set<(id: string) => void>();
  let generation = 0;
  let id = options.id;
  let closed = false;
  let beating: Promise<void> | undefined;
  let beatAt = performance.now();

  const enter = async () => {
    await pool.query("INSERT INTO patchbay.members (id, role, beats) VALUES ($1, $2, 0)", [id, role]);
    await pool.query("SELECT pg_notify('patchbay_members', $1)", [id]);
  };

  const gone = (member: string) => {
    seen.delete(member);
    for (const listener of goneListeners) listener(member);
  };

  async function beat(): Promise<void> {
    const result = await pool.query<{ id: string; role: string; beats: number; mine: boolean }>(
      `WITH me AS (UPDATE patchbay.members SET beats = beats + 1 WHERE id = $1 RETURNING id)
       SELECT m.id, m.role, m.beats, EXISTS (SELECT FROM me) AS mine FROM patchbay.members m`,
      [id],
    );
    const now = performance.now();
    if (!result.rows.some((row) => row.mine)) {
      // The others removed this process. It registers again under a new id.
      options.onRemoved?.();
      id = `${options.id}-${++generation}`;
      await enter();
    }
    const passedMs = Math.min(now - beatAt, 2 * beatMs);
    beatAt = now;
    const present = new Set(result.rows.map((row) => row.id));
    for (const known of seen.keys()) if (!present.has(known)) gone(known);
    for (const row of result.rows) {
      if (row.id === id) continue;
      const before = seen.get(row.id);
      if (before?.beats !== row.beats) seen.set(row.id, { beats: row.beats, quietMs: 0, role: row.role });
      else {
        before.quietMs += passedMs;
        if (before.quietMs < deadMs) continue;
        await pool.query("DELETE FROM patchbay.members WHERE id = $1 AND beats = $2", [row.id, row.beats]);
        gone(row.id);
      }
    }
    options.onHeartbeat?.();
  }

  const tick = () => {
    // A failed heartbeat is not repeated: the next one follows, else the others remove this process.
    beating ??= beat()
      .catch(() => undefined)
      .finally(() => {
        beating = undefined;
      });
    return beating;
  };

  await enter();
  await beat();
  const stopListening = await listener.on("patchbay_members", (member) => {
    if (member !== id && !closed) void tick();
  });
  const timer = setInterval(() => void tick(), beatMs);
  timer.unref();

  return {
    id: () => id,
    heartbeat: tick,
    others: () => seen.size,
    roles() {
      const counts: Record<string, number> = { [role]: 1 };
      for (const one of seen.values()) counts[one.role] = (counts[one.role] ?? 0) + 1;
      return counts;
    },
    onGone(listener) {
      goneListeners.add(listener);
      return () => {
        goneListeners.delete(listener);
      };
    },
    async close() {
      closed = true;
      clearInterval(timer);
      stopListening();
      await beating;
      await pool.query("DELETE FROM patchbay.members WHERE id = $1", [id]).catch(() => undefined);
    },
  };
}
