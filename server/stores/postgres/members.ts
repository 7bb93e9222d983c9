/**
 * Which processes are alive. Each counts up its own row; one whose count stands still for `deadMs` by the watcher's own
 * monotonic clock is dead and is buried: its row goes, and what it owned is free. No clock is compared with another,
 * and time in which the watcher itself could not reach the database does not count: after an outage nobody is dead.
 *
 * Being buried while alive (a long pause, a cut line) does no harm: each run carries a fence that goes up when another
 * process takes it, and an append under an old fence is refused.
 */
import type pg from "pg";
import type { Listener } from "./listen.ts";

export interface MembersOptions {
  pool: pg.Pool;
  listener: Listener;
  id: string;
  role: string;
  beatMs?: number;
  deadMs?: number;
  /** This process was taken for dead: what it owned is free, or another's by now. */
  onBuried?(): void;
  /** After each beat that reached the database. */
  onBeat?(): void;
}

export interface Members {
  /** The id under which this process owns runs now. */
  id(): string;
  /** How many others are alive. */
  others(): number;
  /** Calls back with the id of each other process that left or was buried, until the returned function is called. */
  onGone(heard: (id: string) => void): () => void;
  /** Beats now instead of at the next turn. */
  beat(): Promise<void>;
  close(): Promise<void>;
}

export const BEAT_MS = 1_000;
export const DEAD_MS = 4_500;

/** Joins. Rejects when the database cannot be reached. */
export async function join(options: MembersOptions): Promise<Members> {
  const { pool, listener, role, beatMs = BEAT_MS, deadMs = DEAD_MS } = options;
  const seen = new Map<string, { beats: number; quietMs: number }>();
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

  const gone = (who: string) => {
    seen.delete(who);
    for (const heard of goneListeners) heard(who);
  };

  async function beat(): Promise<void> {
    const result = await pool.query<{ id: string; beats: number; mine: boolean }>(
      `WITH me AS (UPDATE patchbay.members SET beats = beats + 1 WHERE id = $1 RETURNING id)
       SELECT m.id, m.beats, EXISTS (SELECT FROM me) AS mine FROM patchbay.members m`,
      [id],
    );
    const now = performance.now();
    if (!result.rows.some((row) => row.mine)) {
      // The others buried this process. It comes back as another one.
      options.onBuried?.();
      id = `${options.id}-${++generation}`;
      await enter();
    }
    const passedMs = Math.min(now - beatAt, 2 * beatMs);
    beatAt = now;
    const there = new Set(result.rows.map((row) => row.id));
    for (const known of seen.keys()) if (!there.has(known)) gone(known);
    for (const row of result.rows) {
      if (row.id === id) continue;
      const before = seen.get(row.id);
      if (before?.beats !== row.beats) seen.set(row.id, { beats: row.beats, quietMs: 0 });
      else {
        before.quietMs += passedMs;
        if (before.quietMs < deadMs) continue;
        await pool.query("DELETE FROM patchbay.members WHERE id = $1 AND beats = $2", [row.id, row.beats]);
        gone(row.id);
      }
    }
    options.onBeat?.();
  }

  const tick = () => {
    // A beat that fails is made up for by the next; the others bury this process if none comes.
    beating ??= beat()
      .catch(() => undefined)
      .finally(() => {
        beating = undefined;
      });
    return beating;
  };

  await enter();
  await beat();
  const stopListening = await listener.on("patchbay_members", (who) => {
    if (who !== id && !closed) void tick();
  });
  const timer = setInterval(() => void tick(), beatMs);
  timer.unref();

  return {
    id: () => id,
    beat: tick,
    others: () => seen.size,
    onGone(heard) {
      goneListeners.add(heard);
      return () => {
        goneListeners.delete(heard);
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
