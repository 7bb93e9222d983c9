/** Sessions: conversations, folded from their runs. */
import { Hono } from "hono";
import { z } from "zod";
import { PatchbayError } from "../../runtime/error.ts";
import { about, Paging, query } from "../http/describe.ts";
import type { AppEnv } from "../http/guard.ts";
import type { Conversations } from "../runs/conversations.ts";
import type { Services } from "../services.ts";
import type { EventLog, RunRow } from "../stores/event-log.ts";
import { Rating } from "./runs.ts";

const Row = z.object({
  id: z.string(),
  agent: z.string().optional(),
  key: z.string().optional(),
  user: z.string().optional(),
  name: z.string(),
  title: z.string(),
  turns: z.number(),
  startedAt: z.number(),
  updatedAt: z.number(),
});

const Session = z.object({
  id: z.string(),
  turns: z.array(
    z.object({
      run: z.string(),
      status: z.string(),
      startedAt: z.number(),
      rating: Rating.optional(),
      messages: z.array(z.unknown()),
    }),
  ),
});

export function sessionRoutes({ log, conversations }: Pick<Services, "log" | "conversations">) {
  return new Hono<AppEnv>()
    .get(
      "/",
      about({
        summary: "List sessions, the last spoken first",
        tag: "sessions",
        gives: z.object({ sessions: z.array(Row) }),
      }),
      query(Paging.extend({ agent: z.string().optional(), key: z.string().optional(), user: z.string().optional() })),
      async (c) => c.json({ sessions: await log.sessions(c.req.valid("query")) }),
    )
    .get(
      "/:id",
      about({ summary: "Get a session's turns", tag: "sessions", gives: Session, errors: { 404: "There is none." } }),
      async (c) => c.json(await readSession(log, conversations, c.req.param("id"))),
    )
    .delete(
      "/:id",
      about({
        summary: "Delete a session with its runs",
        tag: "sessions",
        gives: null,
        status: 204,
        errors: { 404: "There is none.", 409: "A turn of it still runs." },
      }),
      async (c) => {
        await deleteSession(log, conversations, c.req.param("id"));
        return c.body(null, 204);
      },
    );
}

/** The turns of a conversation, tool messages included. `key`: only that key's. Rejects with `not_found`. */
export async function readSession(log: EventLog, conversations: Conversations, id: string, key?: string) {
  const rows = await rowsOf(log, id, key);
  const turns = await Promise.all(
    rows.map(async (row) => ({
      run: row.id,
      status: row.status,
      startedAt: row.startedAt,
      ...(row.rating && { rating: row.rating }),
      messages: await messagesOf(conversations, row),
    })),
  );
  return { id, turns };
}

/** Rejects with `not_found`, and with `conflict` while a turn runs; nothing is deleted then. */
export async function deleteSession(
  log: EventLog,
  conversations: Conversations,
  id: string,
  key?: string,
): Promise<void> {
  const rows = await rowsOf(log, id, key);
  const open = rows.find((row) => row.endedAt === undefined);
  if (open)
    throw new PatchbayError("conflict", `A turn of session "${id}" has not ended (${open.id}); cancel it first.`);
  for (const row of rows) await log.delete(row.id);
  conversations.forget(id, key ?? "");
}

async function rowsOf(log: EventLog, id: string, key: string | undefined): Promise<RunRow[]> {
  const rows = await log.sessionRuns(id, key === undefined ? {} : { key });
  if (rows.length === 0) throw new PatchbayError("not_found", `There is no session "${id.slice(0, 100)}".`);
  return rows;
}

/** A turn that has no answer (yet) is its question alone. */
async function messagesOf(conversations: Conversations, row: RunRow) {
  const messages = await conversations.turn(row);
  return messages.length > 0 ? messages : [{ role: "user" as const, content: row.message }];
}
