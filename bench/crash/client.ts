/** A persistent client: retries until its run is accepted, resumes its stream after every break, and decides on its waits. */
import { setTimeout as pause } from "node:timers/promises";
import { EventSourceParserStream } from "eventsource-parser/stream";
import { type RunEvent, TERMINAL } from "../../runtime/event.ts";

export const TOKEN = "a-token-for-the-crash-harness";

/** What the client observed: the input of the judge. */
export interface Record {
  key: string;
  /** Set when the server has accepted the run. */
  id?: string;
  /** Events of the stream, in order, over all breaks. */
  seen: RunEvent[];
  breaks: number;
  /** What a client must never see: another id for the same key, an event twice or out of order. */
  faults: string[];
  ended: boolean;
  acceptedAt?: number;
  endedAt?: number;
}

export interface ClientOptions {
  /** Origins to call, in rotation. */
  doors: string[];
  agent: string;
  key: string;
  message: string;
  signal: AbortSignal;
}

const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };

/** Resolves when the run ends or the signal aborts. Server errors never reject it. */
export async function drive(options: ClientOptions, record: Record): Promise<void> {
  const { signal } = options;
  let turn = Math.floor(Math.random() * options.doors.length);
  const door = () => options.doors[turn++ % options.doors.length]!;
  const given = new Set<string>();

  while (!signal.aborted && !(await accept(options, door(), record))) await pause(20);
  while (!signal.aborted && !record.ended) {
    try {
      const last = record.seen.at(-1)?.seq;
      const answer = await fetch(`${door()}/api/runs/${record.id}/events`, {
        headers: {
          ...headers,
          accept: "text/event-stream",
          ...(last !== undefined && { "last-event-id": String(last) }),
        },
        signal: AbortSignal.any([signal, AbortSignal.timeout(20_000)]),
      });
      if (!answer.ok || !answer.body) {
        if (answer.status === 404) record.faults.push(`An accepted run is not found: ${await answer.text()}`);
        throw new Error(`status ${answer.status}`);
      }
      for await (const message of answer.body
        .pipeThrough(new TextDecoderStream())
        .pipeThrough(new EventSourceParserStream())) {
        if (message.id === undefined) continue;
        const event = JSON.parse(message.data) as RunEvent;
        const expected = (record.seen.at(-1)?.seq ?? -1) + 1;
        if (event.seq !== expected) record.faults.push(`The stream gave event ${event.seq} where ${expected} follows.`);
        record.seen.push(event);
        if (event.type === "run-wait")
          for (const wait of event.waits)
            if (!given.has(wait.wait)) {
              given.add(wait.wait);
              void decide(options, door, record, wait.wait);
            }
        if (TERMINAL.has(event.type)) {
          record.ended = true;
          record.endedAt = performance.now();
        }
      }
    } catch {
      record.breaks++;
      await pause(20);
    }
  }
}

async function accept(options: ClientOptions, door: string, record: Record): Promise<boolean> {
  try {
    const answer = await fetch(`${door}/api/agents/${options.agent}/runs`, {
      method: "POST",
      headers: { ...headers, prefer: "respond-async", "idempotency-key": options.key },
      body: JSON.stringify({ input: { message: options.message } }),
      signal: AbortSignal.any([options.signal, AbortSignal.timeout(20_000)]),
    });
    const body = (await answer.json()) as { id?: string; error?: { message: string } };
    if (answer.status !== 202) {
      if (answer.status < 500 && answer.status !== 409 && answer.status !== 429)
        record.faults.push(`${answer.status}: ${body.error?.message}`);
      return false;
    }
    if (record.id !== undefined && record.id !== body.id)
      record.faults.push(`The same key gave ${record.id} and then ${body.id}.`);
    record.id = body.id!;
    record.acceptedAt = performance.now();
    return true;
  } catch {
    return false;
  }
}

/** Decides "skip" until the server has accepted it: an uncertain call is not repeated. */
async function decide(options: ClientOptions, door: () => string, record: Record, wait: string): Promise<void> {
  while (!options.signal.aborted && !record.ended) {
    try {
      const answer = await fetch(`${door()}/api/runs/${record.id}/answer`, {
        method: "POST",
        headers: { ...headers, prefer: "respond-async" },
        body: JSON.stringify({ wait, choice: "skip" }),
        signal: AbortSignal.any([options.signal, AbortSignal.timeout(20_000)]),
      });
      if (answer.ok || answer.status === 410) return;
      if (answer.status === 400 || answer.status === 404) {
        record.faults.push(`An answer was refused: ${answer.status} ${await answer.text()}`);
        return;
      }
    } catch {
      // The server is unavailable. Tries again.
    }
    await pause(50);
  }
}
