/** Runs: their rows, results, decisions, ratings and usage. */
import { z } from "zod";
import type { ErrorData } from "../../runtime/error.ts";
import type { RunOutput, RunUsage, Wait, WaitDecision } from "../../runtime/event.ts";
import type { RunStatus as Status } from "../../runtime/fold-run.ts";
import type { Message } from "../../runtime/message.ts";
import { typed } from "./typed.ts";

export const RunStatus = z.enum([
  "queued",
  "running",
  "waiting",
  "uncertain",
  "done",
  "failed",
  "cancelled",
]) satisfies z.ZodType<Status>;

export const Usage = z.object({
  inputTokens: z.number(),
  outputTokens: z.number(),
  costUsd: z.number().optional(),
  steps: z.number(),
  toolCalls: z.number(),
}) satisfies z.ZodType<RunUsage>;

const OpenWait = z.looseObject({
  wait: z.string(),
  kind: z.enum(["approval", "tool", "uncertain"]),
  question: z.string(),
  argsHash: z.string().optional(),
  schema: z.record(z.string(), z.unknown()).optional().describe("JSON Schema of edited arguments."),
  call: z.object({ id: z.string(), tool: z.string(), arguments: z.unknown() }).optional(),
  expiresAt: z.number().optional(),
});

export const RunResult = z.object({
  id: z.string(),
  status: RunStatus,
  output: typed<RunOutput>(z.object({ reply: z.unknown(), documents: z.array(z.unknown()).optional() })).optional(),
  error: typed<ErrorData>(z.object({ code: z.string(), message: z.string() })).optional(),
  usage: Usage,
  /** Open waits, while `status` is `waiting` or `uncertain`. */
  waits: typed<Wait[]>(z.array(OpenWait)).optional(),
  session: z.string().optional(),
});
export type RunResult = z.infer<typeof RunResult>;

const Decision = z.strictObject({
  wait: z.string().max(200),
  choice: z.enum(["approve", "reject", "retry", "skip", "fail"]),
  value: z
    .unknown()
    .optional()
    .describe("With approve: the arguments of the call, or the value, to use instead. With reject: the reason."),
}) satisfies z.ZodType<WaitDecision>;

/** One decision, or several at once. */
export const Decisions = z.union([Decision, z.strictObject({ answers: z.array(Decision).min(1).max(100) })]);

/** `score`: -1 to 1. */
export const Rating = z.strictObject({ score: z.number().min(-1).max(1), comment: z.string().max(4000).optional() });
export type Rating = z.infer<typeof Rating>;

/** Summary of a run: origin, status and usage. Derived from its events and written with them. */
export const RunRow = z.object({
  id: z.string(),
  status: RunStatus,
  /** Id of the saved agent; absent for a graph that is not saved. */
  agent: z.string().optional(),
  slug: z.string().optional(),
  version: z.number().optional(),
  /** The graph's name, for lists. */
  name: z.string(),
  /** Hash of the graph; see `EventLog.graph`. */
  graph: z.string(),
  session: z.string().optional(),
  user: z.string().optional(),
  /** Id of the agent key that called. */
  key: z.string().optional(),
  /** The run that this one was forked from. */
  fork: z.string().optional(),
  /** The first 500 characters of the message. */
  message: z.string(),
  usage: Usage,
  /** Unix milliseconds. */
  startedAt: z.number(),
  endedAt: z.number().optional(),
  activeMs: z
    .number()
    .optional()
    .describe("Active milliseconds of an ended run, without the time it waited for a person."),
  /** The error's code, if it failed. */
  error: z.string().optional(),
  rating: Rating.optional(),
});
export type RunRow = z.infer<typeof RunRow>;

export const RatingFilter = z.enum(["good", "bad", "commented"]);
export type RatingFilter = z.infer<typeof RatingFilter>;

/** Which runs to list, newest first. */
export const RunFilter = z.object({
  /** Id of the last run of the previous page. */
  after: z.string().optional(),
  limit: z.number().optional(),
  agent: z.string().optional(),
  status: RunStatus.optional(),
  session: z.string().optional(),
  key: z.string().optional(),
  user: z.string().optional(),
  text: z.string().max(200).optional().describe("Text contained in the message."),
  rating: RatingFilter.optional().describe("Rated runs with this kind of rating."),
  from: z.coerce.number().int().optional().describe("Started at or after this time, in Unix milliseconds."),
  to: z.coerce.number().int().optional().describe("Started before this time, in Unix milliseconds."),
});
export type RunFilter = z.infer<typeof RunFilter>;

export const SessionRow = z.object({
  id: z.string(),
  /** Id of the agent of the first run. */
  agent: z.string().optional(),
  key: z.string().optional(),
  user: z.string().optional(),
  /** The agent's name. */
  name: z.string(),
  /** The first message. */
  title: z.string(),
  turns: z.number(),
  /** Unix milliseconds of the first and last run. */
  startedAt: z.number(),
  updatedAt: z.number(),
});
export type SessionRow = z.infer<typeof SessionRow>;

export const Session = z.object({
  id: z.string(),
  turns: z.array(
    z.object({
      run: z.string(),
      status: typed<Status>(z.string()),
      startedAt: z.number(),
      rating: Rating.optional(),
      messages: z.array(typed<Message>()),
      /** A later turn replaced this one: it is not part of the conversation any more. */
      replaced: z.literal(true).optional(),
    }),
  ),
});
export type Session = z.infer<typeof Session>;

export const USAGE_DIMENSIONS = ["day", "agent", "version", "key"] as const;
/** Grouping by `version` also groups by `agent`. */
export type UsageDimension = (typeof USAGE_DIMENSIONS)[number];

export const UsageRow = Usage.extend({
  day: z.string().optional().describe("YYYY-MM-DD, UTC."),
  agent: z.string().optional(),
  version: z.number().optional().describe("Absent for drafts."),
  key: z
    .string()
    .optional()
    .describe(
      "Id of the agent key. `visitor`: chat pages. `trigger`: schedules and webhooks. Absent: the admin's own runs.",
    ),
  /** The agent's name, from one of these runs. */
  name: z.string().optional(),
  runs: z.number(),
  failed: z.number(),
  p50Ms: z.number().optional().describe("Active milliseconds without waits; exact, by nearest rank."),
  p95Ms: z.number().optional(),
  p99Ms: z.number().optional(),
  rated: z.number().optional(),
  rating: z.number().optional().describe("Mean rating, -1 to 1."),
});
export type UsageRow = z.infer<typeof UsageRow>;
