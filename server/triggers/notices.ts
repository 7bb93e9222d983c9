/**
 * Signed messages about runs that wait or have ended. A message is a record with the time of its next attempt, so it
 * survives restarts and blocks nothing while it waits. The record is deleted when the receiver has accepted the message.
 */
import { type ErrorCode, errorData, PatchbayError } from "../../runtime/error.ts";
import { type RunEvent, TERMINAL } from "../../runtime/event.ts";
import type { RunRow } from "../contract/run.ts";
import type { Delivery, Notice, Trigger } from "../contract/trigger.ts";
import { newId } from "../lib/ids.ts";
import type { SafeFetch } from "../net/service.ts";
import { hostedResult } from "../published/view.ts";
import type { Runs } from "../runs/service.ts";
import type { Secrets } from "../secrets/service.ts";
import type { EventLog } from "../stores/event-log.ts";
import { everyRecord } from "../stores/mirror.ts";
import type { Records } from "../stores/records.ts";
import { sign } from "./signature.ts";
import { secretName } from "./trigger.ts";

const KIND = "notice";
/** The last messages of each notice that were delivered or failed. */
const SENT = "notice-sent";
const MAX_SENT = 50;
/** Messages that were already queued, so that `queueMissed` does not queue them again. */
const QUEUED = "notice-told";
/** Delays between attempts: 5 s to 6 h, about a day in total. */
export const WAITS_MS = [5e3, 30e3, 2 * 60e3, 10 * 60e3, 3600e3, 3 * 3600e3, 6 * 3600e3, 6 * 3600e3, 6 * 3600e3];
/** How far back `queueMissed` looks. */
const LOOK_BACK_MS = 24 * 3600e3;
const TIMEOUT_MS = 15_000;
const CONCURRENCY = 4;

interface Message {
  trigger: string;
  run: string;
  seq: number;
  about: "wait" | "end";
  tries: number;
  /** When it was queued, or last sent. */
  at: number;
  dueAt: number;
  error?: string;
}

/** A message that was delivered or failed. */
type Sent = Omit<Message, "dueAt" | "run" | "seq" | "about"> &
  Partial<Pick<Message, "run" | "seq">> & { about: Message["about"] | "test" };

export interface NoticesOptions {
  records: Records;
  secrets: Secrets;
  runs: Pick<Runs, "get">;
  log: Pick<EventLog, "row" | "rows" | "last">;
  fetch: SafeFetch;
  now(): number;
  /** All notices; one that another process just added may be missing. */
  all(): Promise<Notice[]>;
  /** A notice, as stored now. */
  get(id: string): Promise<Notice | undefined>;
  /** A message was delivered, or given up with this error. */
  ended(notice: Notice, error?: ErrorCode): void;
  /** Stores the result of a message in its trigger. */
  mark(trigger: string, change: Partial<Pick<Trigger, "lastAt" | "lastRun" | "lastError">>): Promise<void>;
}

/** What the run does after the event; undefined: it continues. */
function subjectOf(event: Pick<RunEvent, "type">): "wait" | "end" | undefined {
  return event.type === "run-wait" ? "wait" : TERMINAL.has(event.type) ? "end" : undefined;
}

/** Calls back when a run waits or has ended and the event is on disk. An append does not wait for the callback. */
export function watchSettled<L extends Pick<EventLog, "append">>(
  log: L,
  onSettled: (run: string, seq: number, about: "wait" | "end") => void,
): L {
  const append = log.append.bind(log);
  log.append = (event, options) => {
    const about = subjectOf(event);
    const appended = append(event, options);
    return about ? appended.then(() => onSettled(event.run, event.seq, about)) : appended;
  };
  return log;
}

export class Notices {
  readonly #options: NoticesOptions;

  constructor(options: NoticesOptions) {
    this.#options = options;
  }

  /** Queues messages about a run that waits or has ended. Resolves with whether there are any. */
  async onRunSettled(run: string, seq: number, about: "wait" | "end"): Promise<boolean> {
    if ((await this.#options.all()).length === 0) return false;
    const row = await this.#options.log.row(run);
    return row !== undefined && (await this.#queue(row, seq, about));
  }

  /** Queues messages for events after which the last process ended before it queued them. */
  async queueMissed(): Promise<void> {
    const { log, now, records } = this.#options;
    const from = now() - LOOK_BACK_MS;
    for (const agent of new Set((await this.#options.all()).map((one) => one.agent)))
      for (let after: string | undefined; ; ) {
        const rows = await log.rows({ agent, from, after, limit: 200 });
        for (const row of rows) {
          const about = row.endedAt !== undefined ? "end" : isWaiting(row) ? "wait" : undefined;
          if (about) await this.#queue(row, await log.last(row.id), about, row.startedAt);
        }
        after = rows.at(-1)?.id;
        if (rows.length < 200) break;
      }
    for (const { id, createdAt } of await everyRecord(records, QUEUED))
      if (createdAt < from - LOOK_BACK_MS) await records.delete(QUEUED, id);
  }

  /** `createdBefore`: ignores notices that were created later. */
  async #queue(row: RunRow, seq: number, about: "wait" | "end", createdBefore = Infinity): Promise<boolean> {
    const { agent, version } = row;
    // There are no messages about runs of a draft.
    if (agent === undefined || version === undefined) return false;
    let queued = false;
    for (const trigger of await this.#options.all()) {
      if (trigger.agent !== agent || trigger.paused || !trigger.on.includes(about)) continue;
      if (trigger.createdAt > createdBefore) continue;
      const id = `${trigger.id}/${row.id}/${seq}`;
      if (await this.#options.records.get(QUEUED, id)) continue;
      const message: Message = {
        trigger: trigger.id,
        run: row.id,
        seq,
        about,
        tries: 0,
        at: this.#options.now(),
        dueAt: 0,
      };
      // The message first: if the process ends in between, it is queued again with the same id.
      await this.#options.records.put(KIND, id, message, { parent: trigger.id });
      await this.#options.records.put(QUEUED, id, {});
      queued = true;
    }
    return queued;
  }

  /** Sends the messages that are due. Resolves with the time of the next one, in Unix milliseconds. */
  async send(signal: AbortSignal): Promise<number> {
    const { records, now } = this.#options;
    const all = await everyRecord<Message>(records, KIND);
    const due = all.filter(({ body }) => body.dueAt <= now());
    let next = Math.min(...all.filter(({ body }) => body.dueAt > now()).map(({ body }) => body.dueAt));
    const work = async () => {
      for (let one = due.shift(); one && !signal.aborted; one = due.shift())
        next = Math.min(next, await this.#deliver(one.id, one.body, signal));
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, work));
    return next;
  }

  /** Messages of one notice, newest first: those that wait for an attempt, and the last that were delivered or failed. */
  async deliveries(trigger: string): Promise<Delivery[]> {
    const { records } = this.#options;
    const pending = await records.list<Message>(KIND, { parent: trigger, limit: MAX_SENT });
    const sent = await records.list<Sent>(SENT, { parent: trigger, limit: 2 * MAX_SENT });
    return [
      ...pending.map(({ id, body }): Delivery => {
        const { tries, dueAt } = body;
        return { ...deliveryOf(id, body), status: "pending", ...(tries > 0 && { nextAt: dueAt }) };
      }),
      ...sent.map(({ id, body }) => deliveryOf(id, body)),
    ]
      .sort((a, b) => b.at - a.at)
      .slice(0, MAX_SENT);
  }

  /** Sends a message of this notice again, and counts its attempts from zero. Rejects with `not_found`. */
  async redeliver(trigger: string, id: string): Promise<void> {
    const { records, now } = this.#options;
    const message = (await records.get<Message>(KIND, id))?.body ?? (await records.get<Sent>(SENT, id))?.body;
    if (message?.trigger !== trigger || message.run === undefined)
      throw new PatchbayError("not_found", "The delivery was not found, or it was a test.");
    const { run, seq, about } = message as Message;
    await records.put(KIND, id, { trigger, run, seq, about, tries: 0, at: now(), dueAt: now() }, { parent: trigger });
    await records.delete(SENT, id);
  }

  /** Sends a message without a run, now and once. */
  async test(trigger: Notice, signal: AbortSignal): Promise<Delivery> {
    const { now, mark } = this.#options;
    const id = `${trigger.id}/test/${newId(now())}`;
    const body = JSON.stringify({
      type: "test",
      timestamp: new Date(now()).toISOString(),
      data: { name: trigger.name },
    });
    let error: string | undefined;
    try {
      await this.#post(trigger, id, body, signal);
    } catch (thrown) {
      signal.throwIfAborted();
      error = errorData(thrown).message;
    }
    await mark(trigger.id, { lastAt: now(), lastError: error });
    const sent: Sent = { trigger: trigger.id, about: "test", tries: 1, at: now(), ...(error && { error }) };
    await this.#keep(id, sent);
    return deliveryOf(id, sent);
  }

  /** Deletes all messages of a notice. */
  async deleteAll(trigger: string): Promise<void> {
    const { records } = this.#options;
    for (const kind of [KIND, SENT])
      for (const { id } of await records.list(kind, { parent: trigger, limit: 10_000 })) await records.delete(kind, id);
  }

  /** Stores a message that was delivered or failed, and deletes the oldest of its notice. */
  async #keep(id: string, sent: Sent): Promise<void> {
    const { records } = this.#options;
    await records.put(SENT, id, sent, { parent: sent.trigger });
    const all = await records.list<Sent>(SENT, { parent: sent.trigger, limit: 2 * MAX_SENT });
    const old = all.sort((a, b) => b.body.at - a.body.at).slice(MAX_SENT);
    for (const one of old) await records.delete(SENT, one.id);
  }

  async #deliver(id: string, message: Message, signal: AbortSignal): Promise<number> {
    const { records, now, mark } = this.#options;
    const { run, seq, about } = message;
    const tries = message.tries + 1;
    const drop = async () => {
      await records.delete(KIND, id);
      return Infinity;
    };
    const end = async (error?: string) => {
      await this.#keep(id, { trigger: message.trigger, run, seq, about, tries, at: now(), ...(error && { error }) });
      return drop();
    };
    const trigger = await this.#options.get(message.trigger);
    if (!trigger) return drop();
    // The message stays due, and is sent when the notice is resumed.
    if (trigger.paused) return Infinity;
    try {
      await this.#post(trigger, id, await this.#bodyOf(message), signal);
      await mark(trigger.id, { lastAt: now(), lastRun: run, lastError: undefined });
      this.#options.ended(trigger, undefined);
      return await end();
    } catch (thrown) {
      if (signal.aborted) return Infinity;
      const { code, message: reason } = errorData(thrown);
      // The run was deleted.
      if (code === "not_found") return drop();
      // A blocked address stays blocked: it is not tried again.
      const wait = code === "address_blocked" ? undefined : WAITS_MS[message.tries];
      const error = wait === undefined ? `Given up: ${reason}` : reason;
      await mark(trigger.id, { lastRun: run, lastError: error });
      if (wait === undefined) {
        this.#options.ended(trigger, code);
        return end(error);
      }
      const dueAt = now() + wait;
      await records.put(KIND, id, { ...message, tries, at: now(), dueAt, error }, { parent: trigger.id });
      return dueAt;
    }
  }

  async #bodyOf({ run, about }: Message): Promise<string> {
    const { log, runs, now } = this.#options;
    const row = await log.row(run);
    const result = await runs.get(run);
    return JSON.stringify({
      type: about === "wait" ? "run.waiting" : "run.ended",
      timestamp: new Date(now()).toISOString(),
      data: {
        agent: row?.slug,
        version: row?.version,
        ...(row?.user && { user: row.user }),
        run: hostedResult(result),
      },
    });
  }

  async #post(trigger: Notice, id: string, body: string, signal: AbortSignal): Promise<void> {
    const { secrets, now, fetch } = this.#options;
    const signed = sign(await secrets.get(secretName(trigger.id)), id, now(), body);
    const headers = { ...signed, "content-type": "application/json", "user-agent": "Patchbay" };
    const response = await fetch({ url: trigger.url, method: "POST", headers, body, timeoutMs: TIMEOUT_MS }, signal);
    if (response.status < 200 || response.status > 299)
      throw new PatchbayError("tool_failed", `${new URL(trigger.url).host} returned status ${response.status}.`);
  }
}

function deliveryOf(id: string, { run, about, tries, at, error }: Sent): Delivery {
  return {
    id,
    at,
    ...(run !== undefined && { run }),
    about,
    status: error === undefined ? "delivered" : "failed",
    tries,
    ...(error !== undefined && { error }),
  };
}

function isWaiting(row: RunRow): boolean {
  return row.status === "waiting" || row.status === "uncertain";
}
