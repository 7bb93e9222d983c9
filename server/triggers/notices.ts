/**
 * Signed messages about runs that wait or ended. Each is a record with the moment of its next try, so that it outlives
 * restarts and holds nothing up while it waits; it is gone when the receiver has it.
 */
import { errorData, PatchbayError } from "../../runtime/error.ts";
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
/** What was sent, or given up: the last of each notice. */
const SENT = "notice-sent";
const MAX_SENT = 50;
/** Notices already queued, so that a look back does not queue them again. */
const QUEUED = "notice-told";
/** After the first try: 5 s to 6 h, about a day in all. */
export const WAITS_MS = [5e3, 30e3, 2 * 60e3, 10 * 60e3, 3600e3, 3 * 3600e3, 6 * 3600e3, 6 * 3600e3, 6 * 3600e3];
/** How far back a process looks for what the last one had no time to note. */
const LOOK_BACK_MS = 24 * 3600e3;
const TIMEOUT_MS = 15_000;
const AT_ONCE = 4;

interface Message {
  trigger: string;
  run: string;
  seq: number;
  about: "wait" | "end";
  tries: number;
  /** When it was noted, or last tried. */
  at: number;
  dueAt: number;
  error?: string;
}

/** One that is not tried again by itself. */
type Sent = Omit<Message, "dueAt" | "run" | "seq" | "about"> &
  Partial<Pick<Message, "run" | "seq">> & { about: Message["about"] | "test" };

export interface NoticesOptions {
  records: Records;
  secrets: Secrets;
  runs: Pick<Runs, "get">;
  log: Pick<EventLog, "row" | "rows" | "last">;
  fetch: SafeFetch;
  now(): number;
  /** All notices; what another process added may be missing for a moment. */
  all(): Promise<Notice[]>;
  /** One as it stands. */
  get(id: string): Promise<Notice | undefined>;
  /** Notes on a trigger what became of a message. */
  mark(trigger: string, change: Partial<Pick<Trigger, "lastAt" | "lastRun" | "lastError">>): Promise<void>;
}

/** What an event says to somebody outside; `undefined`: nothing. */
function newsOf(event: Pick<RunEvent, "type">): "wait" | "end" | undefined {
  return event.type === "run-wait" ? "wait" : TERMINAL.has(event.type) ? "end" : undefined;
}

/** A log that tells of its news once they are on disk. Who appends does not wait for the hearer. */
export function watchRunNews<L extends Pick<EventLog, "append">>(
  log: L,
  onNews: (run: string, seq: number, about: "wait" | "end") => void,
): L {
  const append = log.append.bind(log);
  log.append = (event, options) => {
    const about = newsOf(event);
    const appended = append(event, options);
    return about ? appended.then(() => onNews(event.run, event.seq, about)) : appended;
  };
  return log;
}

export class Notices {
  readonly #options: NoticesOptions;

  constructor(options: NoticesOptions) {
    this.#options = options;
  }

  /** Notes what is to be told of an event that is on disk. Resolves with whether there is anything. */
  async onRunNews(run: string, seq: number, about: "wait" | "end"): Promise<boolean> {
    if ((await this.#options.all()).length === 0) return false;
    const row = await this.#options.log.row(run);
    return row !== undefined && (await this.#note(row, seq, about));
  }

  /** Notes what the last process had no time for: it ended between an event and its note. */
  async lookBack(): Promise<void> {
    const { log, now, records } = this.#options;
    const from = now() - LOOK_BACK_MS;
    for (const agent of new Set((await this.#options.all()).map((one) => one.agent)))
      for (let after: string | undefined; ; ) {
        const rows = await log.rows({ agent, from, after, limit: 200 });
        for (const row of rows) {
          const about = row.endedAt !== undefined ? "end" : isWaiting(row) ? "wait" : undefined;
          if (about) await this.#note(row, await log.last(row.id), about, row.startedAt);
        }
        after = rows.at(-1)?.id;
        if (rows.length < 200) break;
      }
    for (const { id, createdAt } of await everyRecord(records, QUEUED))
      if (createdAt < from - LOOK_BACK_MS) await records.delete(QUEUED, id);
  }

  /** `before`: only for notices that there were by then. */
  async #note(row: RunRow, seq: number, about: "wait" | "end", before?: number): Promise<boolean> {
    const { agent, version } = row;
    // Runs of a draft are seen by the one who tries it.
    if (agent === undefined || version === undefined) return false;
    let any = false;
    for (const trigger of await this.#options.all()) {
      if (
        trigger.agent !== agent ||
        trigger.paused ||
        !trigger.on.includes(about) ||
        trigger.createdAt > (before ?? Infinity)
      )
        continue;
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
      // The message first: should the process end in between, it is written once more under the same id.
      await this.#options.records.put(KIND, id, message, { parent: trigger.id });
      await this.#options.records.put(QUEUED, id, {});
      any = true;
    }
    return any;
  }

  /** Sends what is due. Resolves with when the next one is. */
  async send(signal: AbortSignal): Promise<number> {
    const { records, now } = this.#options;
    const all = await everyRecord<Message>(records, KIND);
    const due = all.filter(({ body }) => body.dueAt <= now());
    let next = Math.min(...all.filter(({ body }) => body.dueAt > now()).map(({ body }) => body.dueAt));
    const work = async () => {
      for (let one = due.shift(); one && !signal.aborted; one = due.shift())
        next = Math.min(next, await this.#deliver(one.id, one.body, signal));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return next;
  }

  /** Of one notice, newest first: what waits for its next try, and the last of what was sent or given up. */
  async deliveries(trigger: string): Promise<Delivery[]> {
    const { records } = this.#options;
    const pending = await records.list<Message>(KIND, { parent: trigger, limit: MAX_SENT });
    const sent = await records.list<Sent>(SENT, { parent: trigger, limit: 2 * MAX_SENT });
    return [
      ...pending.map(
        ({ id, body: { run, about, tries, at, dueAt, error } }): Delivery => ({
          id,
          at,
          run,
          about,
          status: "pending",
          tries,
          ...(tries > 0 && { nextAt: dueAt }),
          ...(error !== undefined && { error }),
        }),
      ),
      ...sent.map(
        ({ id, body: { run, about, tries, at, error } }): Delivery => ({
          id,
          at,
          ...(run !== undefined && { run }),
          about,
          status: error === undefined ? "delivered" : "failed",
          tries,
          ...(error !== undefined && { error }),
        }),
      ),
    ]
      .sort((a, b) => b.at - a.at)
      .slice(0, MAX_SENT);
  }

  /** Sends a message of this notice once more, beginning with its tries anew. Rejects with `not_found`. */
  async again(trigger: string, id: string): Promise<void> {
    const { records, now } = this.#options;
    const message = (await records.get<Message>(KIND, id))?.body ?? (await records.get<Sent>(SENT, id))?.body;
    if (message?.trigger !== trigger || message.run === undefined)
      throw new PatchbayError("not_found", "There is no such delivery, or it was a test.");
    const { run, seq, about } = message as Message;
    await records.put(KIND, id, { trigger, run, seq, about, tries: 0, at: now(), dueAt: now() }, { parent: trigger });
    await records.delete(SENT, id);
  }

  /** Sends a message that tells of no run, at once and once. */
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
    await this.#keep(id, { trigger: trigger.id, about: "test", tries: 1, at: now(), ...(error && { error }) });
    return {
      id,
      at: now(),
      about: "test",
      tries: 1,
      status: error === undefined ? "delivered" : "failed",
      ...(error !== undefined && { error }),
    };
  }

  /** Drops all messages of a notice that is deleted. */
  async forget(trigger: string): Promise<void> {
    const { records } = this.#options;
    for (const kind of [KIND, SENT])
      for (const { id } of await records.list(kind, { parent: trigger, limit: 10_000 })) await records.delete(kind, id);
  }

  /** Notes what became of a message, and forgets the oldest of its notice. */
  async #keep(id: string, sent: Sent): Promise<void> {
    const { records } = this.#options;
    await records.put(SENT, id, sent, { parent: sent.trigger });
    const all = await records.list<Sent>(SENT, { parent: sent.trigger, limit: 2 * MAX_SENT });
    const old = all.sort((a, b) => b.body.at - a.body.at).slice(MAX_SENT);
    for (const one of old) await records.delete(SENT, one.id);
  }

  async #deliver(id: string, message: Message, signal: AbortSignal): Promise<number> {
    const { records, now, mark } = this.#options;
    const { trigger: of, run, seq, about } = message;
    const tries = message.tries + 1;
    const end = async (error?: string) => {
      await this.#keep(id, { trigger: of, run, seq, about, tries, at: now(), ...(error && { error }) });
      await records.delete(KIND, id);
      return Infinity;
    };
    const trigger = await this.#options.get(of);
    if (!trigger) {
      await records.delete(KIND, id);
      return Infinity;
    }
    // It is due still, and is sent when the notice is resumed.
    if (trigger.paused) return Infinity;
    try {
      await this.#post(trigger, id, await this.#bodyOf(message), signal);
      await mark(trigger.id, { lastAt: now(), lastRun: run, lastError: undefined });
      return await end();
    } catch (thrown) {
      if (signal.aborted) return Infinity;
      const { code, message: why } = errorData(thrown);
      // The run was deleted, or the address may not be reached: trying again mends neither.
      if (code === "not_found") {
        await records.delete(KIND, id);
        return Infinity;
      }
      const wait = code === "address_blocked" ? undefined : WAITS_MS[message.tries];
      const error = wait === undefined ? `Given up: ${why}` : why;
      await mark(trigger.id, { lastRun: run, lastError: error });
      if (wait === undefined) return end(error);
      const dueAt = now() + wait;
      await records.put(KIND, id, { ...message, tries, at: now(), dueAt, error }, { parent: of });
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
    const answer = await fetch({ url: trigger.url, method: "POST", headers, body, timeoutMs: TIMEOUT_MS }, signal);
    if (answer.status < 200 || answer.status > 299)
      throw new PatchbayError("tool_failed", `${new URL(trigger.url).host} answered with ${answer.status}.`);
  }
}

function isWaiting(row: RunRow): boolean {
  return row.status === "waiting" || row.status === "uncertain";
}
