/** Runs of drafts and unsaved graphs; reading, deciding, forking, rating and deleting any run. */
import { Hono } from "hono";
import { z } from "zod";
import { Decisions, Rating, RunFilter, RunResult, RunRow } from "../contract/run.ts";
import { body, describe, Paging, query } from "../http/describe.ts";
import type { AppEnv } from "../http/guard.ts";
import {
  lastEventId,
  RUN_HEADERS,
  requireEvent,
  respondWithRun,
  streamRun,
  wantsStream,
  withIdempotency,
} from "../http/run-response.ts";
import { notFound } from "../lib/not-found.ts";
import { deleteRun } from "../runs/sessions.ts";
import type { Services } from "../services.ts";

const Values = z.record(z.string(), z.unknown());

const RunRequest = z.strictObject({
  input: Values.default({}).describe("`message`, `files`, `history`, and the fields that the agent declares."),
  session: z.string().min(1).max(200).optional(),
  user: z.string().min(1).max(200).optional(),
  pins: z
    .record(z.string(), Values)
    .optional()
    .describe("Outputs by node: a pinned node is not run and returns these."),
  range: z
    .strictObject({ to: z.string().optional(), from: z.string().optional(), only: z.string().optional() })
    .optional()
    .describe("Run a part of the graph: up to, from, or only one node."),
  replaces: z
    .string()
    .max(200)
    .optional()
    .describe("An ended run of the same session: its turn and all later ones leave the conversation."),
});

const Filter = Paging.extend(RunFilter.omit({ after: true, limit: true }).shape);

const RUN_ERRORS = {
  404: "Agent not found.",
  409: "A turn of this session is running, or the Idempotency-Key was used with another body.",
  422: "The graph has issues.",
  429: "Too many runs in progress.",
};

/** `POST /api/agents/:id/runs`. */
export function agentRunRoutes({ runs }: Pick<Services, "runs">) {
  return new Hono<AppEnv>().post(
    "/:id/runs",
    describe({
      summary: "Run the draft of an agent",
      tag: "runs",
      response: RunResult,
      headers: RUN_HEADERS,
      errors: RUN_ERRORS,
    }),
    body(RunRequest),
    async (c) => {
      const { input, pins, range, replaces, ...caller } = c.req.valid("json");
      const text = await c.req.text();
      const begin = (options: object) =>
        runs.start(
          { agent: c.req.param("id") },
          input,
          withIdempotency(caller, c.req.header("idempotency-key"), c.req.path + text),
          {
            ...options,
            pins,
            range,
            replaces,
          },
        );
      return respondWithRun(c, runs, begin, { path: "/api/runs" });
    },
  );
}

export function runRoutes(services: Pick<Services, "runs" | "log" | "conversations" | "runFiles">) {
  const { runs, log } = services;
  return new Hono<AppEnv>()
    .post(
      "/",
      describe({
        summary: "Run an unsaved graph",
        tag: "runs",
        response: RunResult,
        headers: RUN_HEADERS,
        errors: RUN_ERRORS,
      }),
      body(RunRequest.extend({ graph: z.unknown().describe("An agent file.") })),
      async (c) => {
        const { graph, input, pins, range, replaces, ...caller } = c.req.valid("json");
        const text = await c.req.text();
        const begin = (options: object) =>
          runs.start({ graph: graph as never }, input, withIdempotency(caller, c.req.header("idempotency-key"), text), {
            ...options,
            pins,
            range,
            replaces,
          });
        return respondWithRun(c, runs, begin, { path: "/api/runs" });
      },
    )
    .get(
      "/",
      describe({ summary: "List runs, newest first", tag: "runs", response: z.object({ runs: z.array(RunRow) }) }),
      query(Filter),
      async (c) => c.json({ runs: await log.rows(c.req.valid("query")) }),
    )
    .get(
      "/:id",
      describe({
        summary: "Get a run",
        tag: "runs",
        response: RunRow.omit({ error: true }).extend(RunResult.shape),
        errors: { 404: "Not found." },
      }),
      async (c) => {
        const result = await runs.get(c.req.param("id"));
        const row = await log.row(result.id);
        return c.json({ ...row, error: undefined, ...result });
      },
    )
    .get(
      "/:id/graph",
      describe({ summary: "Get the graph of a run", tag: "runs", errors: { 404: "Not found." } }),
      async (c) => {
        const row = await log.row(c.req.param("id"));
        const graph = row && (await log.graph(row.graph));
        if (!graph) throw notFound("run", c.req.param("id"));
        return c.json({ graph });
      },
    )
    .get(
      "/:id/events",
      describe({
        summary: "Get or follow a run's events",
        tag: "runs",
        description:
          "Returns a page of events as JSON (?after=&limit=). With Accept: text/event-stream, streams events as they happen until the run ends, with `delta` events for partial text.",
        headers: {
          Accept: "text/event-stream: streams the events.",
          "Last-Event-ID": "Number of the last received event.",
        },
        errors: { 400: "The event does not exist yet.", 404: "Run not found." },
      }),
      async (c) => {
        const id = c.req.param("id");
        const after = lastEventId(c);
        if (wantsStream(c)) {
          await requireEvent(runs, log, id, after);
          return streamRun(runs, id, { after });
        }
        await requireEvent(runs, log, id, after);
        const limit = Math.min(Math.max(1, Number(c.req.query("limit")) || 1000), 1000);
        return c.json({ events: await log.read(id, after, limit), last: await log.last(id) });
      },
    )
    .post(
      "/:id/cancel",
      describe({
        summary: "Cancel a run",
        tag: "runs",
        description: "No model or tool call starts after the response. A run that has ended does not change.",
        response: RunResult,
        errors: { 404: "Not found." },
      }),
      async (c) => c.json(await runs.cancel(c.req.param("id"))),
    )
    .post(
      "/:id/answer",
      describe({
        summary: "Decide on the waits of a run",
        tag: "runs",
        response: RunResult,
        headers: RUN_HEADERS,
        errors: {
          404: "Run or wait not found.",
          409: "Another decision was already made.",
          410: "The wait has expired.",
        },
      }),
      body(Decisions),
      async (c) => {
        const given = c.req.valid("json");
        const id = c.req.param("id");
        const after = await log.last(id);
        const begin = async () => {
          const { done } = await runs.answer(id, "answers" in given ? given.answers : [given]);
          return { id, done, accepted: Promise.resolve() };
        };
        return respondWithRun(c, runs, begin, { path: "/api/runs", after });
      },
    )
    .post(
      "/:id/fork",
      describe({
        summary: "Run again from a node, with the outputs of earlier nodes unchanged",
        tag: "runs",
        response: RunResult,
        headers: RUN_HEADERS,
        errors: { 404: "Run or node not found.", 409: "The run did not reach the node." },
      }),
      body(z.strictObject({ node: z.string(), outputs: Values.optional() })),
      async (c) => {
        const { node, outputs } = c.req.valid("json");
        return respondWithRun(c, runs, () => runs.fork(c.req.param("id"), node, outputs), { path: "/api/runs" });
      },
    )
    .post(
      "/:id/rating",
      describe({ summary: "Rate a run", tag: "runs", response: null, status: 204, errors: { 404: "Not found." } }),
      body(Rating),
      async (c) => {
        if (!(await log.rate(c.req.param("id"), c.req.valid("json")))) throw notFound("run", c.req.param("id"));
        return c.body(null, 204);
      },
    )
    .delete(
      "/:id",
      describe({
        summary: "Delete a run with its events and files",
        tag: "runs",
        response: null,
        status: 204,
        errors: { 404: "Not found.", 409: "The run has not ended." },
      }),
      async (c) => {
        if (!(await deleteRun(services, c.req.param("id")))) throw notFound("run", c.req.param("id"));
        return c.body(null, 204);
      },
    );
}
