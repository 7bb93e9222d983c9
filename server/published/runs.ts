/**
 * Published agents, for agent keys: the message in, the answer, usage and waits out. Nothing that a caller sends changes
 * what runs, and nothing of the inside (prompts, traces, addresses) is told.
 */
import type { Context } from "hono";
import { Hono } from "hono";
import { z } from "zod";
import { PatchbayError } from "../../runtime/error.ts";
import type { RunItem } from "../../runtime/event.ts";
import { Decisions, Rating, RunResult } from "../contract/run.ts";
import { describe } from "../http/describe.ts";
import { fileResponse } from "../http/file-response.ts";
import type { AppEnv } from "../http/guard.ts";
import { LIMITS, readJson } from "../http/intake.ts";
import {
  lastEventId,
  RUN_HEADERS,
  requireEvent,
  respondWithRun,
  streamRun,
  wantsStream,
  withIdempotency,
} from "../http/run-response.ts";
import { upload } from "../http/uploads.ts";
import type { CallerKey } from "../keys/service.ts";
import { deleteSession, readSession } from "../runs/sessions.ts";
import { targetOf } from "./agent-call.ts";
import type { PublishedDeps } from "./deps.ts";
import { filesOf, hostedResult, hostedTurn, hostedView, type Shown } from "./view.ts";

const Asked = z.strictObject({
  input: z
    .record(z.string(), z.unknown())
    .describe("message, files (ids of uploads), and the fields that the agent declares."),
  session: z.string().optional(),
  user: z.string().optional(),
});

type HostedServices = Pick<PublishedDeps, "agents" | "runs" | "log" | "keys" | "files" | "conversations">;

export function hostedRoutes(services: HostedServices) {
  const { agents, runs, log, keys, files, conversations } = services;

  /** Programs get the answer alone; visitors of a chat page what its owner shows there. */
  const shownTo = async (key: CallerKey): Promise<Shown> =>
    key.session === undefined
      ? { steps: false }
      : {
          steps: (await agents.publication(key.agents[0]!))?.steps === true,
          events: (run) => conversations.events(run),
        };

  /** A stream that ends when its key does. */
  const stream = async (c: Context<AppEnv>) => {
    const key = c.get("key");
    const shown = await shownTo(key);
    const { signal, release } = keys.openStream(key);
    return { signal, done: release, view: (item: RunItem) => hostedView(item, runs, shown) };
  };

  return new Hono<AppEnv>()
    .post(
      "/agents/:slug/runs",
      describe({
        summary: "Call a published agent",
        tag: "hosted",
        response: RunResult,
        body: Asked,
        headers: RUN_HEADERS,
        errors: {
          400: "Something was sent that the agent does not take.",
          404: "There is no such agent for this key.",
          409: "A turn of this session still runs, or the Idempotency-Key came with another body.",
          429: "More than the key may do.",
        },
      }),
      async (c) => {
        const key = c.get("key");
        const { input, session, user } = await readAsked(c);
        const target = await targetOf(services, key, c.req.param("slug"));
        const idempotencyKey = c.req.header("idempotency-key");
        const text = idempotencyKey ? c.req.path + (await c.req.text()) : "";
        const caller = withIdempotency({ key: key.id, session: key.session ?? session, user }, idempotencyKey, text);
        const begin = (how: object) => runs.start(target, input, caller, how);
        const streams = wantsStream(c) ? await stream(c) : {};
        return respondWithRun(c, runs, begin, { path: "/v1/runs", result: hostedResult, ...streams });
      },
    )
    .get(
      "/runs/:id",
      describe({
        summary: "Get a run of this key",
        tag: "hosted",
        response: RunResult,
        errors: { 404: "This key has no such run." },
      }),
      async (c) => c.json(hostedResult(await runs.get(c.req.param("id"), c.get("key").id))),
    )
    .get(
      "/runs/:id/events",
      describe({
        summary: "Follow a run of this key",
        tag: "hosted",
        response: "text/event-stream",
        headers: { "Last-Event-ID": "The number of the last event that was seen." },
        errors: { 404: "This key has no such run." },
      }),
      async (c) => {
        const id = c.req.param("id");
        const after = lastEventId(c);
        await requireEvent(runs, log, id, after, c.get("key").id);
        return streamRun(runs, id, { after, ...(await stream(c)) });
      },
    )
    .post(
      "/runs/:id/cancel",
      describe({
        summary: "Cancel a run of this key",
        tag: "hosted",
        response: RunResult,
        errors: { 404: "This key has no such run." },
      }),
      async (c) => {
        await readJson(c, LIMITS.hosted);
        const { id } = await runs.get(c.req.param("id"), c.get("key").id);
        return c.json(hostedResult(await runs.cancel(id)));
      },
    )
    .post(
      "/runs/:id/answer",
      describe({
        summary: "Answer what a run of this key waits for",
        tag: "hosted",
        response: RunResult,
        body: Decisions,
        headers: RUN_HEADERS,
        errors: {
          403: "The key may not answer.",
          404: "There is no such run or wait.",
          409: "It was answered otherwise.",
          410: "The time to answer is over.",
        },
      }),
      async (c) => {
        const key = c.get("key");
        if (!key.rights.includes("answer"))
          throw new PatchbayError("forbidden", 'This key may not answer: it lacks the right "answer".');
        const given = Decisions.safeParse(await readJson(c, LIMITS.hosted));
        if (!given.success)
          throw new PatchbayError(
            "bad_request",
            "An answer is { wait, choice, value? }, with approve, reject, retry, skip or fail.",
          );
        const { id } = await runs.get(c.req.param("id"), key.id);
        const after = await log.last(id);
        const begin = async () => {
          const { done } = await runs.answer(id, "answers" in given.data ? given.data.answers : [given.data]);
          return { id, done, accepted: Promise.resolve() };
        };
        const streams = wantsStream(c) ? await stream(c) : {};
        return respondWithRun(c, runs, begin, { path: "/v1/runs", after, result: hostedResult, ...streams });
      },
    )
    .post(
      "/runs/:id/rating",
      describe({
        summary: "Say how good the answer of a run of this key was",
        tag: "hosted",
        response: null,
        status: 204,
        body: Rating,
        errors: { 404: "This key has no such run." },
      }),
      async (c) => {
        const key = mayRun(c);
        const given = Rating.safeParse(await readJson(c, LIMITS.hosted));
        if (!given.success)
          throw new PatchbayError("bad_request", "A rating is { score, comment? }, with a score from -1 to 1.");
        const { id } = await runs.get(c.req.param("id"), key.id);
        await log.rate(id, given.data);
        return c.body(null, 204);
      },
    )
    .get(
      "/runs/:id/files/:file",
      describe({
        summary: "Get a file that the answer of a run names",
        tag: "hosted",
        response: "application/octet-stream",
        errors: { 404: "This key has no such run, or its answer no such file." },
      }),
      async (c) => {
        const key = c.get("key");
        const { id } = await runs.get(c.req.param("id"), key.id);
        const named = filesOf(await conversations.events(id), await shownTo(key));
        const file = c.req.param("file");
        if (!named.some((one) => one.id === file)) throw noFile(file);
        return fileResponse(files, file);
      },
    )
    .get(
      "/sessions/:id",
      describe({
        summary: "Get a conversation of this key",
        tag: "hosted",
        errors: { 404: "This key has no such session." },
      }),
      async (c) => {
        const key = c.get("key");
        const session = await readSession(log, conversations, c.req.param("id"), key.id);
        const shown = await shownTo(key);
        // What was asked and answered; how the agent came to it stays inside.
        const turns = await Promise.all(
          session.turns.map(async (turn) => ({
            ...turn,
            messages: turn.messages.flatMap((message) =>
              message.role === "user" ||
              (message.role === "assistant" && !("calls" in message && message.calls?.length))
                ? [{ role: message.role, content: message.content }]
                : [],
            ),
            ...hostedTurn(await conversations.events(turn.run), shown),
          })),
        );
        return c.json({ ...session, turns });
      },
    )
    .delete(
      "/sessions/:id",
      describe({
        summary: "Delete a conversation of this key with its runs",
        tag: "hosted",
        response: null,
        status: 204,
        errors: { 404: "This key has no such session.", 409: "A turn of it still runs." },
      }),
      async (c) => {
        await deleteSession(log, conversations, c.req.param("id"), c.get("key").id);
        return c.body(null, 204);
      },
    )
    .post(
      "/files",
      describe({
        summary: "Upload a file for this key's runs",
        tag: "hosted",
        response: z.object({ id: z.string(), mediaType: z.string(), name: z.string(), bytes: z.number() }),
        status: 201,
        body: { media: "multipart/form-data", description: "One file." },
        errors: { 413: "It is too large." },
      }),
      async (c) => {
        const key = mayRun(c);
        const ref = await files.put({ ...(await upload(c)), owner: key.id });
        return c.json(ref, 201);
      },
    )
    .get(
      "/files/:id",
      describe({
        summary: "Get a file that this key uploaded",
        tag: "hosted",
        response: "application/octet-stream",
        errors: { 404: "This key has no such file." },
      }),
      async (c) => {
        const id = c.req.param("id");
        // Another's file looks the same as one that is not there.
        const owner = await files.get(id).then((file) => file.owner, passNotFound);
        if (owner !== c.get("key").id) throw noFile(id);
        return fileResponse(files, id);
      },
    );
}

function noFile(id: string): PatchbayError {
  return new PatchbayError("not_found", `There is no file "${id.slice(0, 100)}" for this key.`);
}

function passNotFound(thrown: unknown): undefined {
  if (!(thrown instanceof PatchbayError) || thrown.code !== "not_found") throw thrown;
}

function mayRun(c: Context<AppEnv>): CallerKey {
  const key = c.get("key");
  if (!key.rights.includes("run"))
    throw new PatchbayError("forbidden", 'This key may not call agents: it lacks the right "run".');
  return key;
}

/** The body of a call, checked by hand: it is on the path of every call. Any key that is not declared is refused. */
async function readAsked(c: Context): Promise<{ input: Record<string, unknown>; session?: string; user?: string }> {
  const value = await readJson(c, LIMITS.hosted);
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw bad("", "it must be an object");
  const asked = value as Record<string, unknown>;
  for (const key of Object.keys(asked))
    if (key !== "input" && key !== "session" && key !== "user")
      throw bad(`/${key}`, "is not taken here; a call is { input, session?, user? }");
  const { input, session, user } = asked;
  if (typeof input !== "object" || input === null || Array.isArray(input))
    throw bad("/input", "must be an object with the message");
  return { input: input as Record<string, unknown>, ...name("session", session), ...name("user", user) };
}

function name<K extends string>(key: K, value: unknown): { [key in K]?: string } {
  if (value === undefined) return {};
  if (typeof value !== "string" || value === "" || value.length > 200)
    throw bad(`/${key}`, "must be a text of 1 to 200 characters");
  return { [key]: value } as { [key in K]?: string };
}

function bad(path: string, what: string): PatchbayError {
  return new PatchbayError("bad_request", `At ${path || "the body"}: ${what}.`, { path });
}
