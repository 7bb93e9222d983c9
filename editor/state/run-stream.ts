/** Following a run over SSE: events and deltas as they come, through dropped connections, to the end. */
import { EventSourceParserStream } from "eventsource-parser/stream";
import { type Delta, type RunEvent, TERMINAL } from "../../runtime/event.ts";
import { PatchbayError } from "../../runtime/error.ts";

export type Fetch = (path: string, init: RequestInit) => Promise<Response>;

export interface Follow {
  fetch: Fetch;
  signal: AbortSignal;
  onItem(item: RunEvent | Delta): void;
  /** The connection was lost and is tried again. */
  onLost?(): void;
  /** Waits before another try; resolves early or rejects on abort. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
}

const TRIES = 6;

/**
 * Starts a run by `POST path` and follows it. Resolves when the run has ended or waits for a person. Rejects with
 * `PatchbayError` where the server refuses (its own sentence), with `connection_lost` where it cannot be reached again,
 * and with the signal's reason on abort; the run itself goes on then.
 */
export async function startRun(path: string, body: unknown, follow: Follow): Promise<void> {
  const response = await follow.fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "text/event-stream" },
    body: JSON.stringify(body),
    signal: follow.signal,
  });
  await followFrom(response, undefined, follow);
}

/** Follows a run that is there already, from after the event `after`. */
export async function resumeRun(run: string, after: number, follow: Follow): Promise<void> {
  await followFrom(await open(run, after, follow), { run, seq: after }, follow);
}

function open(run: string, after: number, follow: Follow): Promise<Response> {
  return follow.fetch(`/api/runs/${encodeURIComponent(run)}/events`, {
    headers: { accept: "text/event-stream", ...(after >= 0 ? { "last-event-id": String(after) } : {}) },
    signal: follow.signal,
  });
}

async function followFrom(first: Response, known: { run: string; seq: number } | undefined, follow: Follow): Promise<void> {
  let place = known;
  let response = first;
  for (let tries = 0; ; ) {
    if (!response.ok || !response.body) throw await refusal(response);
    const before = place?.seq;
    const settled = await read(response.body, follow, (event) => {
      place = { run: event.run, seq: event.seq };
    });
    if (settled) return;
    if (place?.seq !== before) tries = 0;
    if (!place || ++tries > TRIES) throw lost();
    follow.onLost?.();
    await follow.pause(Math.min(4000, 200 * 2 ** tries), follow.signal);
    try {
      response = await open(place.run, place.seq, follow);
    } catch (error) {
      if (follow.signal.aborted) throw error;
      // Still unreachable: the next round tries again.
      response = new Response(new ReadableStream({ start: (controller) => controller.close() }));
    }
  }
}

/** True when the run ended or waits; false when the stream broke off before. */
async function read(body: ReadableStream<Uint8Array>, follow: Follow, note: (event: RunEvent) => void): Promise<boolean> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).pipeThrough(new EventSourceParserStream()).getReader();
  let settled = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return settled;
      const item = parse(value.data);
      if (!item) continue;
      follow.onItem(item);
      if (!("seq" in item)) continue;
      note(item);
      if (TERMINAL.has(item.type)) return true;
      settled = item.type === "run-wait";
    }
  } catch (error) {
    if (follow.signal.aborted) throw error;
    return settled;
  } finally {
    reader.cancel().catch(() => {
      // The stream is broken already; there is nothing left to close.
    });
  }
}

function parse(data: string): RunEvent | Delta | undefined {
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === "object" && value !== null && "run" in value ? (value as RunEvent | Delta) : undefined;
  } catch {
    return undefined;
  }
}

async function refusal(response: Response): Promise<PatchbayError> {
  try {
    const { error } = (await response.json()) as { error: ConstructorParameters<typeof PatchbayError>[2] & { code: PatchbayError["code"]; message: string } };
    return new PatchbayError(error.code, error.message, { path: error.path, issues: error.issues });
  } catch {
    return new PatchbayError("bad_response", `The server answered with status ${response.status}.`);
  }
}

function lost(): PatchbayError {
  return new PatchbayError("connection_lost", "The connection to the server was lost. The run goes on there; look under Runs.");
}
