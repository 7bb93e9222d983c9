/**
 * Patchbay's own API of published agents. Callers send inputs and receive the reply, usage and waits. They cannot change
 * what runs, and never see prompts, traces or addresses. Over 350 lines, because all routes of the API are in one chain that
 * is typed as a whole.
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
import { filesOf, hostedResult, hostedTurn, hostedView, type Visibility } from "./view.ts";

const RunRequest = z.strictObject({
  input: z
    .record(z.string(), z.unknown())
    .describe("`message`, `files` (ids of uploads), and the fields that the agent declares."),
  session: z.string().optional(),
  user: z.string().optional(),
  replaces: z
    .string()
    .optional()
    .describe("An ended run of the same session: its turn and all later ones leave the conversation."),
});

type HostedServices = Pick<
  PublishedDeps,
  "agents" | "runs" | "log" | "keys" | "files" | "runFiles" | "conversations" | "visitors"
>;

export function hostedRoutes(services: HostedServices) {
  const { agents, runs, log, keys, files, runFiles, conversations, visitors } = services;

  /** Rejects with `not_found`, also for a file of another key. */
  const requireOwner = async (id: string, key: CallerKey) => {
    const owner = await files.get(id).then((file) => file.owner, ignoreNotFound);
    if (owner !== key.id) throw fileNotFound(id);
  };

  /** Programs see the reply only; visitors of a chat page also see what its settings show. */
  const visibleTo = async (key: CallerKey): Promise<Visibility> =>
    key.session === undefined
      ? { steps: false }
      : {
          ...undecided(key),
          steps: (await agents.publication(key.agents[0]!))?.steps === true,
          events: (run) => conversations.events(run),
        };

  /** A visitor who may not decide does not see what is asked. */
  const undecided = (key: CallerKey) => ({ undecided: key.session !== undefined && !key.rights.includes("answer") });
  const resultFor = (key: CallerKey) => (result: RunResult) => hostedResult(result, undecided(key));

  /** Stream options: the stream counts for the key and ends when the key is revoked. */
  const streamOptions = async (c: Context<AppEnv>) => {
    const key = c.get("key");
    const shown = await visibleTo(key);
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
        body: RunRequest,
        headers: RUN_HEADERS,
        errors: {
          400: "Invalid or undeclared input.",
          404: "Agent not found for this key.",
          409: "A turn of this session is running, or the Idempotency-Key was used with another body.",
          429: "A limit of the key is exceeded.",
        },
      }),
      async (c) => {
        const key = c.get("key");
        const { input, session, user, replaces } = await readRunRequest(c);
        const target = await targetOf(services, key, c.req.param("slug"));
        const idempotencyKey = c.req.header("idempotency-key");
        const text = idempotencyKey ? c.req.path + (await c.req.text()) : "";
        const caller = withIdempotency({ key: key.id, session: key.session ?? session, user }, idempotencyKey, text);
        const begin = (options: object) =>
          runs.start(target, input, caller, { ...options, ...(replaces !== undefined && { replaces }) });
        const streams = wantsStream(c) ? await streamOptions(c) : {};
        return respondWithRun(c, runs, begin, { path: "/v1/runs", result: resultFor(key), ...streams });
      },
    )
    .get(
      "/runs/:id",
      describe({
        summary: "Get a run",
        tag: "hosted",
        response: RunResult,
        errors: { 404: "Run not found for this key." },
      }),
      async (c) => c.json(resultFor(c.get("key"))(await runs.get(c.req.param("id"), c.get("key").id))),
    )
    .get(
      "/runs/:id/events",
      describe({
        summary: "Stream the events of a run",
        tag: "hosted",
        response: "text/event-stream",
        headers: { "Last-Event-ID": "Number of the last received event." },
        errors: { 404: "Run not found for this key." },
      }),
      async (c) => {
        const id = c.req.param("id");
        const after = lastEventId(c);
        await requireEvent(runs, log, id, after, c.get("key").id);
        return streamRun(runs, id, { after, ...(await streamOptions(c)) });
      },
    )
    .post(
      "/runs/:id/cancel",
      describe({
        summary: "Cancel a run",
        tag: "hosted",
        response: RunResult,
        errors: { 404: "Run not found for this key." },
      }),
      async (c) => {
        await readJson(c, LIMITS.hosted);
        const { id } = await runs.get(c.req.param("id"), c.get("key").id);
        return c.json(resultFor(c.get("key"))(await runs.cancel(id)));
      },
    )
    .post(
      "/runs/:id/answer",
      describe({
        summary: "Decide on the waits of a run",
        tag: "hosted",
        response: RunResult,
        body: Decisions,
        headers: RUN_HEADERS,
        errors: {
          403: "The key does not have the right `answer`.",
          404: "Run or wait not found for this key.",
          409: "Another decision was already made.",
          410: "The wait has expired.",
        },
      }),
      async (c) => {
        const key = c.get("key");
        if (!key.rights.includes("answer"))
          throw new PatchbayError("forbidden", 'This key cannot decide on waits: it does not have the right "answer".');
        const given = Decisions.safeParse(await readJson(c, LIMITS.hosted));
        if (!given.success)
          throw new PatchbayError(
            "bad_request",
            "The body must be { wait, choice, value? }, where choice is approve, reject, retry, skip or fail.",
          );
        const { id } = await runs.get(c.req.param("id"), key.id);
        const after = await log.last(id);
        const begin = async () => {
          const { done } = await runs.answer(id, "answers" in given.data ? given.data.answers : [given.data]);
          return { id, done, accepted: Promise.resolve() };
        };
        const streams = wantsStream(c) ? await streamOptions(c) : {};
        return respondWithRun(c, runs, begin, { path: "/v1/runs", after, result: resultFor(key), ...streams });
      },
    )
    .post(
      "/runs/:id/rating",
      describe({
        summary: "Rate a run",
        tag: "hosted",
        response: null,
        status: 204,
        body: Rating,
        errors: { 404: "Run not found for this key." },
      }),
      async (c) => {
        const key = requireRunRight(c);
        const given = Rating.safeParse(await readJson(c, LIMITS.hosted));
        if (!given.success)
          throw new PatchbayError("bad_request", "The body must be { score, comment? }, where score is -1 to 1.");
        const { id } = await runs.get(c.req.param("id"), key.id);
        await log.rate(id, given.data);
        return c.body(null, 204);
      },
    )
    .get(
      "/runs/:id/files/:file",
      describe({
        summary: "Download a file of a reply",
        tag: "hosted",
        response: "application/octet-stream",
        errors: { 404: "Run or file not found for this key." },
      }),
      async (c) => {
        const key = c.get("key");
        const { id } = await runs.get(c.req.param("id"), key.id);
        const named = filesOf(await conversations.events(id), await visibleTo(key));
        const file = c.req.param("file");
        if (!named.some((one) => one.id === file)) throw fileNotFound(file);
        return fileResponse(files, file);
      },
    )
    .get(
      "/sessions/:id",
      describe({
        summary: "Get a session",
        tag: "hosted",
        errors: { 404: "Session not found for this key." },
      }),
      async (c) => {
        const key = c.get("key");
        const session = await readSession(log, conversations, c.req.param("id"), key.id);
        const shown = await visibleTo(key);
        // Only user messages and replies; tool calls and results stay private.
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
        summary: "Delete a session with its runs and files",
        tag: "hosted",
        response: null,
        status: 204,
        errors: { 404: "Session not found for this key.", 409: "A turn of the session is running." },
      }),
      async (c) => {
        await deleteSession(services, c.req.param("id"), c.get("key").id);
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
        errors: { 413: "The file is too large." },
      }),
      async (c) => {
        const key = requireRunRight(c);
        const file = await upload(c);
        visitors.countUpload(key, file.bytes.byteLength);
        return c.json(await files.put({ ...file, owner: key.id }), 201);
      },
    )
    .get(
      "/files/:id",
      describe({
        summary: "Download a file that this key uploaded",
        tag: "hosted",
        response: "application/octet-stream",
        errors: { 404: "File not found for this key." },
      }),
      async (c) => {
        const id = c.req.param("id");
        await requireOwner(id, c.get("key"));
        return fileResponse(files, id);
      },
    )
    .delete(
      "/files/:id",
      describe({
        summary: "Delete a file that this key uploaded",
        tag: "hosted",
        response: null,
        status: 204,
        errors: { 404: "File not found for this key." },
      }),
      async (c) => {
        const id = c.req.param("id");
        await requireOwner(id, c.get("key"));
        await runFiles.delete(id);
        return c.body(null, 204);
      },
    );
}

function fileNotFound(id: string): PatchbayError {
  return new PatchbayError("not_found", `The file "${id.slice(0, 100)}" was not found.`);
}

function ignoreNotFound(thrown: unknown): undefined {
  if (!(thrown instanceof PatchbayError) || thrown.code !== "not_found") throw thrown;
}

function requireRunRight(c: Context<AppEnv>): CallerKey {
  const key = c.get("key");
  if (!key.rights.includes("run"))
    throw new PatchbayError("forbidden", 'This key cannot call agents: it does not have the right "run".');
  return key;
}

const REQUEST_KEYS: ReadonlySet<string> = new Set(["input", "session", "user", "replaces"]);

/** Parses the body of a call. Hand-written, because it is on the hot path of every call. Unknown keys are refused. */
async function readRunRequest(
  c: Context,
): Promise<{ input: Record<string, unknown>; session?: string; user?: string; replaces?: string }> {
  const value = await readJson(c, LIMITS.hosted);
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw bad("", "must be an object");
  const body = value as Record<string, unknown>;
  for (const key of Object.keys(body))
    if (!REQUEST_KEYS.has(key))
      throw bad(`/${key}`, "is not supported; the body must be { input, session?, user?, replaces? }");
  const { input, session, user, replaces } = body;
  if (typeof input !== "object" || input === null || Array.isArray(input))
    throw bad("/input", "must be an object with `message`");
  return {
    input: input as Record<string, unknown>,
    ...optionalName("session", session),
    ...optionalName("user", user),
    ...optionalName("replaces", replaces),
  };
}

function optionalName<K extends string>(key: K, value: unknown): { [key in K]?: string } {
  if (value === undefined) return {};
  if (typeof value !== "string" || value === "" || value.length > 200)
    throw bad(`/${key}`, "must be a string of 1 to 200 characters");
  return { [key]: value } as { [key in K]?: string };
}

function bad(path: string, what: string): PatchbayError {
  return new PatchbayError("bad_request", `At ${path || "the body"}: ${what}.`, { path });
}
