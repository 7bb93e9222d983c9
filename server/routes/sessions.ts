/** Sessions: conversations, derived from their runs. */
import { Hono } from "hono";
import { z } from "zod";
import { Session, SessionRow } from "../contract/run.ts";
import { describe, Paging, query } from "../http/describe.ts";
import type { AppEnv } from "../http/guard.ts";
import { deleteSession, readSession } from "../runs/sessions.ts";
import type { Services } from "../services.ts";

export function sessionRoutes(services: Pick<Services, "log" | "conversations" | "runFiles">) {
  const { log, conversations } = services;
  return new Hono<AppEnv>()
    .get(
      "/",
      describe({
        summary: "List sessions, most recent first",
        tag: "sessions",
        response: z.object({ sessions: z.array(SessionRow) }),
      }),
      query(Paging.extend({ agent: z.string().optional(), key: z.string().optional(), user: z.string().optional() })),
      async (c) => c.json({ sessions: await log.sessions(c.req.valid("query")) }),
    )
    .get(
      "/:id",
      describe({
        summary: "Get a session's turns",
        tag: "sessions",
        response: Session,
        errors: { 404: "Not found." },
      }),
      async (c) => c.json(await readSession(log, conversations, c.req.param("id"))),
    )
    .delete(
      "/:id",
      describe({
        summary: "Delete a session with its runs and files",
        tag: "sessions",
        response: null,
        status: 204,
        errors: { 404: "Not found.", 409: "A turn of the session is running." },
      }),
      async (c) => {
        await deleteSession(services, c.req.param("id"));
        return c.body(null, 204);
      },
    );
}
