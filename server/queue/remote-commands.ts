/** Asks another process to do something with a run that it has: cancel it, or take answers in. */
import type pg from "pg";
import { errorData, PatchbayError } from "../../runtime/error.ts";
import { newId } from "../lib/ids.ts";
import type { Listener } from "../stores/postgres/listen.ts";
import type { Members } from "../stores/postgres/members.ts";

/** A living process answers within milliseconds; one that died is known to be gone before this is over. */
const PATIENCE_MS = 8_000;

export interface RemoteCommand {
  run: string;
  what: "cancel" | "answer";
  answers?: unknown;
}

export interface RemoteCommands {
  /**
   * Resolves with true when the other process did it, with false when it is gone, whether it did it or not. Rejects
   * with its failure, or with `unavailable` when it does not answer.
   */
  ask(member: string, ask: RemoteCommand): Promise<boolean>;
  close(): Promise<void>;
}

type Reply = { ok: true } | { error: ReturnType<typeof errorData> };

/** `serve` does what others ask of this process. */
export async function openRemoteCommands(options: {
  pool: pg.Pool;
  listener: Listener;
  members: Pick<Members, "id" | "onGone">;
  serve(ask: RemoteCommand): Promise<void>;
}): Promise<RemoteCommands> {
  const { pool, listener, members } = options;
  const open = new Map<string, { member: string; waiting: PromiseWithResolvers<boolean> }>();

  const settle = (id: string, reply: Reply) => {
    const waiting = open.get(id)?.waiting;
    open.delete(id);
    if ("ok" in reply) waiting?.resolve(true);
    else waiting?.reject(new PatchbayError(reply.error.code, reply.error.message));
  };

  const stopReplies = await listener.on("patchbay_replies", async (id) => {
    if (!open.has(id)) return;
    const { rows } = await pool.query<{ reply: string }>(
      "DELETE FROM patchbay.asks WHERE id = $1 AND reply IS NOT NULL RETURNING reply",
      [id],
    );
    if (rows[0]) settle(id, JSON.parse(rows[0].reply) as Reply);
  });

  const stopAsks = await listener.on("patchbay_asks", async (told) => {
    const space = told.indexOf(" ");
    if (told.slice(space + 1) !== members.id()) return;
    const id = told.slice(0, space);
    const { rows } = await pool.query<{ body: string }>(
      "SELECT body FROM patchbay.asks WHERE id = $1 AND reply IS NULL",
      [id],
    );
    if (!rows[0]) return;
    const reply: Reply = await options.serve(JSON.parse(rows[0].body) as RemoteCommand).then(
      () => ({ ok: true }) as const,
      (thrown: unknown) => ({ error: errorData(thrown) }),
    );
    await pool.query(
      `WITH answered AS (UPDATE patchbay.asks SET reply = $2 WHERE id = $1 RETURNING id)
       SELECT pg_notify('patchbay_replies', id) FROM answered`,
      [id, JSON.stringify(reply)],
    );
  });

  const forget = (id: string) => {
    open.delete(id);
    void pool.query("DELETE FROM patchbay.asks WHERE id = $1", [id]).catch(() => undefined);
  };
  const stopGone = members.onGone((who) => {
    for (const [id, { member, waiting }] of open)
      if (member === who) {
        forget(id);
        waiting.resolve(false);
      }
  });

  return {
    async ask(member, ask) {
      const id = newId();
      const waiting = Promise.withResolvers<boolean>();
      open.set(id, { member, waiting });
      const timer = setTimeout(() => {
        forget(id);
        waiting.reject(
          new PatchbayError(
            "unavailable",
            "The process that works on this run does not answer; try again in a moment.",
            {
              retryAfter: 2,
            },
          ),
        );
      }, PATIENCE_MS);
      try {
        await pool.query(
          `WITH asked AS (INSERT INTO patchbay.asks (id, body) VALUES ($1, $2) RETURNING id)
           SELECT pg_notify('patchbay_asks', id || ' ' || $3) FROM asked`,
          [id, JSON.stringify(ask), member],
        );
        return await waiting.promise;
      } finally {
        clearTimeout(timer);
        open.delete(id);
      }
    },
    async close() {
      stopReplies();
      stopAsks();
      stopGone();
    },
  };
}
