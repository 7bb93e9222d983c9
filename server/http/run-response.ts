/** The three responses to a run: JSON when it ends or waits, a stream of events, or 202 with its id. */
import type { Context } from "hono";
import { PatchbayError } from "../../runtime/error.ts";
import type { RunItem } from "../../runtime/event.ts";
import type { RunResult } from "../contract/run.ts";
import type { RunCaller, Runs } from "../runs/service.ts";
import type { EventLog } from "../stores/event-log.ts";
import { sse } from "./sse.ts";

export const RUN_HEADERS = {
  Accept: "text/event-stream: returns the run's events as they happen.",
  Prefer: "respond-async: returns 202 with the id immediately.",
  "Idempotency-Key":
    "A repeated request with the same key returns the same run; with a different body it is refused (409).",
};

export function wantsStream(c: Context): boolean {
  return (c.req.header("accept") ?? "").includes("text/event-stream");
}

function wantsAsync(c: Context): boolean {
  return /(?:^|[,\s])respond-async(?:$|[,;\s])/i.test(c.req.header("prefer") ?? "");
}

/** The last event that the reader has, by `Last-Event-ID` or `?after=`; -1 for none. Throws `bad_request`. */
export function lastEventId(c: Context): number {
  const text = c.req.header("last-event-id") ?? c.req.query("after");
  if (text === undefined || text === "") return -1;
  if (!/^\d{1,15}$/.test(text))
    throw new PatchbayError("bad_request", `Last-Event-ID "${text.slice(0, 50)}" is not an event number.`);
  return Number(text);
}

/**
 * Checks that the run and the event exist, before a stream starts. Rejects with `not_found`, or with `bad_request` for
 * an event that does not exist yet.
 */
export async function requireEvent(runs: Runs, log: EventLog, id: string, after: number, key?: string): Promise<void> {
  await runs.get(id, key);
  const last = await log.last(id);
  if (after > last)
    throw new PatchbayError("bad_request", `Run ${id} has no event ${after} yet; the last one is ${last}.`);
}

/** A sent item: `type` is the SSE event name, `seq` its id. A text delta has no `seq`. */
type Sent = { type: string; seq?: number };

interface StreamOptions {
  after?: number;
  /** The stream ends when the run waits. */
  untilWait?: boolean;
  /** What the reader receives of an item; undefined hides it. Default: the whole item. */
  view?(item: RunItem): Sent | undefined | Promise<Sent | undefined>;
  /** Aborts the stream, for example when the key is revoked. */
  signal?: AbortSignal;
  /** Called once at the end. */
  done?(): void;
  headers?: Record<string, string>;
}

/** Streams a run. Failures as in `Runs.follow`. */
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

/** Starts a run by `begin` and responds in the way that the request headers ask for. `path`: of the `Location` header. */
export async function respondWithRun(
  c: Context,
  runs: Runs,
  begin: (options: { stream: boolean; eager: boolean }) => ReturnType<Runs["start"]>,
  options: StreamOptions & { path: string; result?(result: RunResult): unknown },
): Promise<Response> {
  const later = wantsAsync(c);
  const stream = !later && wantsStream(c);
  const { id, done, accepted } = await begin({ stream: stream || later, eager: stream || later });
  c.header("x-run-id", id);
  if (later) {
    await accepted;
    options.done?.();
    return c.json({ id, status: "running" }, 202, {
      Location: `${options.path}/${id}`,
      "Preference-Applied": "respond-async",
    });
  }
  if (stream) {
    await accepted;
    return streamRun(runs, id, { untilWait: true, ...options, headers: { "x-run-id": id, ...options.headers } });
  }
  try {
    const result = await done;
    // When the first event could not be stored, the run was not accepted: this throws the storage error.
    if (result.status === "failed") await accepted;
    return c.json((options.result?.(result) ?? result) as never);
  } finally {
    options.done?.();
  }
}

/** Adds the idempotency key of the request header, bound to the request text. */
export function withIdempotency(caller: RunCaller, id: string | undefined, request: string): RunCaller {
  return id === undefined || id === "" ? caller : { ...caller, idempotency: { id, body: request } };
}
