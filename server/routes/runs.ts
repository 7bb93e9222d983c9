/** Runs of drafts and of graphs that are not saved; and all runs, to look at, answer, fork, rate and delete. */
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
import type { Services } from "../services.ts";

const Values = z.record(z.string(), z.unknown());

const Asked = z.strictObject({
  input: Values.default({}).describe("message, files, history, and the fields that the agent declares."),
  session: z.string().min(1).max(200).optional(),
  user: z.string().min(1).max(200).optional(),
  pins: z.record(z.string(), Values).optional().describe("Outputs that stand in for a node's own."),
  range: z
    .strictObject({ to: z.string().optional(), from: z.string().optional(), only: z.string().optional() })
    .optional()
    .describe("Run a part: up to, from, or exactly one node."),
});

const Filter = Paging.extend(RunFilter.omit({ after: true, limit: true }).shape);

const RUN_ERRORS = {
  404: "There is no such agent.",
  409: "A turn of this session still runs, or the Idempotency-Key came with another body.",
  422: "The graph has issues.",
  429: "Too many runs are under way.",
};

/** `POST /api/agents/:id/runs`. */
export function agentRunRoutes({ runs }: Pick<Services, "runs">) {
  return new Hono<AppEnv>().post(
    "/:id/runs",
    describe({
      summary: "Run an agent as it is saved",
      tag: "runs",
      response: RunResult,
      headers: RUN_HEADERS,
      errors: RUN_ERRORS,
    }),
    body(Asked),
    async (c) => {
      const { input, pins, range, ...caller } = c.req.valid("json");
      const text = await c.req.text();
      const begin = (how: object) =>
        runs.start(
          { agent: c.req.param("id") },
          input,
          withIdempotency(caller, c.req.header("idempotency-key"), c.req.path + text),
          {
            ...how,
            pins,
            range,
          },
        );
      return respondWithRun(c, runs, begin, { path: "/api/runs" });
    },
  );
}

export function runRoutes({ runs, log }: Pick<Services, "runs" | "log">) {
  return new Hono<AppEnv>()
    .post(
      "/",
      describe({
        summary: "Run a graph that is not saved",
        tag: "runs",
        response: RunResult,
        headers: RUN_HEADERS,
        errors: RUN_ERRORS,
      }),
      body(Asked.extend({ graph: z.unknown().describe("An agent file.") })),
      async (c) => {
        const { graph, input, pins, range, ...caller } = c.req.valid("json");
        const text = await c.req.text();
        const begin = (how: object) =>
          runs.start({ graph: graph as never }, input, withIdempotency(caller, c.req.header("idempotency-key"), text), {
            ...how,
            pins,
            range,
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
        errors: { 404: "There is none." },
      }),
      async (c) => {
        const result = await runs.get(c.req.param("id"));
        const row = await log.row(result.id);
        return c.json({ ...row, error: undefined, ...result });
      },
    )
    .get(
      "/:id/graph",
      describe({ summary: "Get the graph that a run goes by", tag: "runs", errors: { 404: "There is none." } }),
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
          "JSON by default, a page at a time (?after=&limit=). With Accept: text/event-stream they come as they happen, with `delta` events for text on its way, until the run ends.",
        headers: {
          Accept: "text/event-stream to follow.",
          "Last-Event-ID": "The number of the last event that was seen.",
        },
        errors: { 400: "That event does not exist yet.", 404: "There is no such run." },
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
        description: "No model or tool call starts after the answer. A run that has ended stays as it is.",
        response: RunResult,
        errors: { 404: "There is none." },
      }),
      async (c) => c.json(await runs.cancel(c.req.param("id"))),
    )
    .post(
      "/:id/answer",
      describe({
        summary: "Answer what a run waits for",
        tag: "runs",
        response: RunResult,
        headers: RUN_HEADERS,
        errors: {
          404: "There is no such run or wait.",
          409: "It was answered otherwise.",
          410: "The time to answer is over.",
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
        summary: "Run again from a node, with what came before it as it was",
        tag: "runs",
        response: RunResult,
        headers: RUN_HEADERS,
        errors: { 404: "There is no such run or node.", 409: "The run did not reach the node." },
      }),
      body(z.strictObject({ node: z.string(), outputs: Values.optional() })),
      async (c) => {
        const { node, outputs } = c.req.valid("json");
        return respondWithRun(c, runs, () => runs.fork(c.req.param("id"), node, outputs), { path: "/api/runs" });
      },
    )
    .post(
      "/:id/rating",
      describe({ summary: "Rate a run", tag: "runs", response: null, status: 204, errors: { 404: "There is none." } }),
      body(Rating),
      async (c) => {
        if (!(await log.rate(c.req.param("id"), c.req.valid("json")))) throw notFound("run", c.req.param("id"));
        return c.body(null, 204);
      },
    )
    .delete(
      "/:id",
      describe({
        summary: "Delete a run with its events",
        tag: "runs",
        response: null,
        status: 204,
        errors: { 404: "There is none.", 409: "It has not ended." },
      }),
      async (c) => {
        if (!(await log.delete(c.req.param("id")))) throw notFound("run", c.req.param("id"));
        return c.body(null, 204);
      },
    );
}
