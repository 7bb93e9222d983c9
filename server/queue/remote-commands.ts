/** Sends commands to the process that has a run: cancel it, or apply decisions. */
import type pg from "pg";
import { errorData, PatchbayError } from "../../runtime/error.ts";
import { newId } from "../lib/ids.ts";
import type { Listener } from "../stores/postgres/listen.ts";
import type { Members } from "../stores/postgres/members.ts";

/** A living process replies within milliseconds; a dead one is detected before this timeout. */
const TIMEOUT_MS = 8_000;

export interface RemoteCommand {
  run: string;
  what: "cancel" | "answer";
  answers?: unknown;
}

export interface RemoteCommands {
  /**
   * Resolves with true when the other process did it. Resolves with false when it is gone; it may or may not have done
   * it. Rejects with its failure, or with `unavailable` when it does not reply.
   */
  send(member: string, command: RemoteCommand): Promise<boolean>;
  close(): Promise<void>;
}

type Reply = { ok: true } | { error: ReturnType<typeof errorData> };

/** `serve` executes the commands of other processes. */
export async function openRemoteCommands(options: {
  pool: pg.Pool;
  listener: Listener;
  members: Pick<Members, "id" | "onGone">;
  serve(command: RemoteCommand): Promise<void>;
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

  const stopCommands = await listener.on("patchbay_asks", async (payload) => {
    const space = payload.indexOf(" ");
    if (payload.slice(space + 1) !== members.id()) return;
    const id = payload.slice(0, space);
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
  const stopGone = members.onGone((gone) => {
    for (const [id, { member, waiting }] of open)
      if (member === gone) {
        forget(id);
        waiting.resolve(false);
      }
  });

  return {
    async send(member, command) {
      const id = newId();
      const waiting = Promise.withResolvers<boolean>();
      open.set(id, { member, waiting });
      const timer = setTimeout(() => {
        forget(id);
        waiting.reject(
          new PatchbayError(
            "unavailable",
            "The process that executes this run does not respond; try again in a moment.",
            {
              retryAfter: 2,
            },
          ),
        );
      }, TIMEOUT_MS);
      try {
        await pool.query(
          `WITH asked AS (INSERT INTO patchbay.asks (id, body) VALUES ($1, $2) RETURNING id)
           SELECT pg_notify('patchbay_asks', id || ' ' || $3) FROM asked`,
          [id, JSON.stringify(command), member],
        );
        return await waiting.promise;
      } finally {
        clearTimeout(timer);
        open.delete(id);
      }
    },
    async close() {
      stopReplies();
      stopCommands();
      stopGone();
    },
  };
}
