/** The three ways in which a run is answered: when it rests, as a stream, or at once with its id. */
import type { Context } from "hono";
import { PatchbayError } from "../../runtime/error.ts";
import type { RunItem } from "../../runtime/event.ts";
import type { RunResult } from "../contract/run.ts";
import type { RunCaller, Runs } from "../runs/service.ts";
import type { EventLog } from "../stores/event-log.ts";
import { sse } from "./sse.ts";

export const RUN_HEADERS = {
  Accept: "text/event-stream: the run's events as they happen.",
  Prefer: "respond-async: 202 with the id, at once.",
  "Idempotency-Key": "The same key again is the same run; with another body it is refused (409).",
};

export function wantsStream(c: Context): boolean {
  return (c.req.header("accept") ?? "").includes("text/event-stream");
}

function wantsAsync(c: Context): boolean {
  return /(?:^|[,\s])respond-async(?:$|[,;\s])/i.test(c.req.header("prefer") ?? "");
}

/** The place behind which events are wanted: `Last-Event-ID`, or `?after=`. Throws `bad_request` for what is no number. */
export function lastEventId(c: Context): number {
  const text = c.req.header("last-event-id") ?? c.req.query("after");
  if (text === undefined || text === "") return -1;
  if (!/^\d{1,15}$/.test(text))
    throw new PatchbayError("bad_request", `Last-Event-ID "${text.slice(0, 50)}" is no event's number.`);
  return Number(text);
}

/**
 * Whether the run and the event are there, before a stream begins. Rejects with `not_found`, and with `bad_request` for
 * an event that does not exist yet.
 */
export async function mustHave(runs: Runs, log: EventLog, id: string, after: number, key?: string): Promise<void> {
  await runs.get(id, key);
  const last = await log.last(id);
  if (after > last)
    throw new PatchbayError("bad_request", `Run ${id} has no event ${after} yet; it stands at ${last}.`);
}

/** What is sent of a run: `type` is the name of the SSE event, `seq` its id. Text between events has no `seq`. */
type Sent = { type: string; seq?: number };

interface StreamOptions {
  after?: number;
  /** The stream ends when the run waits. */
  untilWait?: boolean;
  /** What the reader gets of an item; undefined hides it. Default: all of it. */
  view?(item: RunItem): Sent | undefined | Promise<Sent | undefined>;
  /** Ends the stream from outside: a revoked key. */
  signal?: AbortSignal;
  /** Called once at the end. */
  done?(): void;
  headers?: Record<string, string>;
}

/** Streams a run. Throws as `Runs.follow` does. */
export function streamRun(runs: Runs, id: string, options: StreamOptions = {}): Response {
  const controller = new AbortController();
  const signal = options.signal ? AbortSignal.any([controller.signal, options.signal]) : controller.signal;
  const items = runs.follow(id, { after: options.after, untilWait: options.untilWait, deltas: true, signal });
  const { view } = options;
  async function* messages() {
    for await (const item of items) {
      const sent: Sent | undefined = view ? await view(item) : item;
      if (sent) yield { id: sent.seq, event: sent.type, data: sent };
    }
  }
  return sse(
    messages(),
    () => {
      controller.abort();
      options.done?.();
    },
    options.headers,
  );
}

/** Starts a run by `begin` and answers as the caller asked. */
export async function answerRun(
  c: Context,
  runs: Runs,
  begin: (options: { stream: boolean; eager: boolean }) => ReturnType<Runs["start"]>,
  options: StreamOptions & { place: string; result?(result: RunResult): unknown },
): Promise<Response> {
  const later = wantsAsync(c);
  const stream = !later && wantsStream(c);
  const { id, done, accepted } = await begin({ stream: stream || later, eager: stream || later });
  c.header("x-run-id", id);
  if (later) {
    await accepted;
    options.done?.();
    return c.json({ id, status: "running" }, 202, {
      Location: `${options.place}/${id}`,
      "Preference-Applied": "respond-async",
    });
  }
  if (stream) {
    await accepted;
    return streamRun(runs, id, { untilWait: true, ...options, headers: { "x-run-id": id, ...options.headers } });
  }
  try {
    const result = await done;
    // What could not be stored from its first event on was never accepted, and is no run that could be looked at.
    if (result.status === "failed") await accepted;
    return c.json((options.result?.(result) ?? result) as never);
  } finally {
    options.done?.();
  }
}

/** The caller with the idempotency id that came in a header, bound to what was asked. */
export function withKey(caller: RunCaller, id: string | undefined, asked: string): RunCaller {
  return id === undefined || id === "" ? caller : { ...caller, idempotency: { id, body: asked } };
}
