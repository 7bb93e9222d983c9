/**
 * Triggers of published agents: webhooks that come in, schedules, and notices that go out. All of it is in records;
 * what is due is done by one process at a time, and each firing has a name of its own, so that none is done twice.
 * Longer than most files: the three kinds share their records, their clock and one order of changes.
 */
import { type ErrorCode, errorData, PatchbayError } from "../../runtime/error.ts";
import type { Agents } from "../agents/service.ts";
import type { Delivery, NewTrigger, Notice, Schedule, Trigger, TriggerChange } from "../contract/trigger.ts";
import { isId, newId } from "../lib/ids.ts";
import { authorities, checkUrl } from "../net/address.ts";
import type { SafeFetch } from "../net/service.ts";
import type { Env } from "../process/env.ts";
import type { Runs } from "../runs/service.ts";
import type { Secrets } from "../secrets/service.ts";
import type { EventLog } from "../stores/event-log.ts";
import { createMirror, everyRecord } from "../stores/mirror.ts";
import type { Records, Stored } from "../stores/records.ts";
import { Firing, type HookMessage } from "./firing.ts";
import { Notices } from "./notices.ts";
import { newSecret } from "./signature.ts";
import { changed, keyOf, nextAt, secretName } from "./trigger.ts";

const KIND = "trigger";
const MAX_OF_AGENT = 50;
/** No timer is set for longer: the clock may be set, and other processes may change what is due. */
const MAX_SLEEP_MS = 30_000;
/** A start that is refused for now is tried again after this. */
const AGAIN_MS = 5_000;
const MINUTE = 60_000;
/** Refusals that pass by themselves. */
const PASSING: ReadonlySet<ErrorCode> = new Set(["queue_full", "rate_limited", "unavailable", "storage_full"]);

export interface Triggers {
  /** Of an agent, oldest first. Rejects with `not_found`. */
  list(agent: string): Promise<Trigger[]>;
  /**
   * `secret`: of a webhook or a notice, told once. Rejects with `not_found`, `conflict` (not published, or too many),
   * `bad_request` and `address_blocked`.
   */
  create(agent: string, trigger: NewTrigger): Promise<{ trigger: Trigger; secret?: string }>;
  /** Rejects with `not_found`. */
  get(agent: string, id: string): Promise<Trigger>;
  /** Changes it, pauses or resumes it. A schedule that is resumed makes up for nothing. Rejects as `create` does. */
  update(agent: string, id: string, change: TriggerChange): Promise<Trigger>;
  /**
   * Does at once what the trigger is for. `body`: what would come to a webhook. Resolves with the run, or with how the
   * receiver of a notice answered. Rejects as `Runs.start` does.
   */
  test(agent: string, id: string, body: unknown, signal: AbortSignal): Promise<Delivery>;
  /** The last fifty things that it did, newest first. Rejects with `not_found`. */
  deliveries(agent: string, id: string): Promise<Delivery[]>;
  /** Sends a message of a notice once more, under the id that it had. Rejects with `not_found`. */
  redeliver(agent: string, id: string, delivery: string): Promise<void>;
  /** False when the agent has no such trigger. */
  delete(agent: string, id: string): Promise<boolean>;
  /** All of an agent that is deleted. */
  deleteAll(agent: string): Promise<void>;
  /**
   * Starts a run for a signed message and resolves when it is on disk. Rejects with `unauthorized` (also where there is
   * no such webhook), `conflict` (the message came before), `bad_request`, `rate_limited`, `unavailable` (it is paused),
   * and as `Runs.start` does.
   */
  receive(id: string, message: HookMessage): Promise<{ id: string }>;
}

export interface TriggersOptions {
  records: Records;
  secrets: Secrets;
  agents: Agents;
  runs: Pick<Runs, "start" | "get">;
  log: Pick<EventLog, "row" | "rows" | "last" | "findIdempotent">;
  fetch: SafeFetch;
  env: Pick<Env, "allowHosts" | "url">;
  /** Messages that one webhook takes in a minute; as many as come where nothing is said. */
  callsPerMinute?: number;
  /** Unix milliseconds. */
  now(): number;
  report(thrown: unknown): void;
}

export interface TriggerService extends Triggers {
  /** This process fires schedules and sends notices from now on. */
  begin(): Promise<void>;
  /** Another one does. */
  pause(): Promise<void>;
  close(): Promise<void>;
  /** A run waits or ended, and the event is on disk. */
  onRunNews(run: string, seq: number, about: "wait" | "end"): Promise<void>;
  /** Fires and sends what is due. Resolves with when it is to be called again, at the latest. */
  tick(): Promise<number>;
}

export function createTriggers(options: TriggersOptions): TriggerService {
  return new RecordedTriggers(options);
}

class RecordedTriggers implements TriggerService {
  readonly #options: TriggersOptions;
  readonly #notices: Notices;
  readonly #firing: Firing;
  /** When a message that was not signed as it must be was last noted on its webhook. */
  readonly #refusedAt = new Map<string, number>();
  readonly #all: ReturnType<typeof createMirror<Trigger[]>>;
  readonly #stopWatching: () => void;
  #timer: NodeJS.Timeout | undefined;
  #timerAt = 0;
  #abort: AbortController | undefined;
  #working: Promise<unknown> = Promise.resolve();

  constructor(options: TriggersOptions) {
    this.#options = options;
    const { records, now } = options;
    this.#all = createMirror(records, KIND, now, async () =>
      (await everyRecord<Trigger>(records, KIND)).map((one) => one.body),
    );
    this.#firing = new Firing({ ...options, callsPerMinute: options.callsPerMinute ?? Number.POSITIVE_INFINITY });
    this.#notices = new Notices({
      ...options,
      all: async () => (await this.#all.current()).filter((one): one is Notice => one.kind === "notice"),
      get: async (id) => {
        const trigger = (await this.#get(id))?.body;
        return trigger?.kind === "notice" ? trigger : undefined;
      },
      mark: (id, change) => this.#mark(id, change),
    });
    this.#stopWatching = records.watch((change) => {
      if (!change || change.kind === KIND || change.kind === "notice") this.#wake(0);
    });
  }

  async list(agent: string): Promise<Trigger[]> {
    await this.#options.agents.get(agent);
    return (await this.#options.records.list<Trigger>(KIND, { parent: agent, limit: MAX_OF_AGENT })).map(
      (one) => one.body,
    );
  }

  async create(agent: string, given: NewTrigger): Promise<{ trigger: Trigger; secret?: string }> {
    const others = await this.list(agent);
    if (others.length >= MAX_OF_AGENT)
      throw new PatchbayError("conflict", `An agent has at most ${MAX_OF_AGENT} triggers; delete one first.`);
    const now = this.#options.now();
    const trigger = { ...(await this.#checked(agent, given)), id: newId(now), agent, createdAt: now } as Trigger;
    const secret = trigger.kind === "schedule" ? undefined : newSecret();
    if (secret !== undefined) await this.#options.secrets.set(secretName(trigger.id), secret);
    await this.#options.records.put(KIND, trigger.id, trigger, { parent: agent, revision: 0 });
    await this.#all.changed();
    this.#wake(0);
    return { trigger, ...(secret !== undefined && { secret }) };
  }

  async get(agent: string, id: string): Promise<Trigger> {
    return (await this.#of(agent, id)).body;
  }

  async update(agent: string, id: string, change: TriggerChange): Promise<Trigger> {
    const { body, revision } = await this.#of(agent, id);
    const paused = change.paused ?? body.paused ?? false;
    const next = {
      ...(await this.#checked(agent, changed(body, change))),
      ...kept(body),
      ...(paused && { paused }),
    } as Trigger;
    await this.#options.records.put(KIND, id, next, { parent: agent, revision });
    await this.#all.changed();
    this.#wake(0);
    return next;
  }

  async test(agent: string, id: string, body: unknown, signal: AbortSignal): Promise<Delivery> {
    const trigger = await this.get(agent, id);
    if (trigger.kind === "notice") return this.#notices.test(trigger, signal);
    const run = await this.#firing.test(trigger, body);
    await this.#mark(id, { lastAt: this.#options.now(), lastRun: run, lastError: undefined });
    return { id: run, at: this.#options.now(), run, runStatus: "running", status: "started" };
  }

  async deliveries(agent: string, id: string): Promise<Delivery[]> {
    const trigger = await this.get(agent, id);
    if (trigger.kind === "notice") return this.#notices.deliveries(id);
    const rows = await this.#options.log.rows({ key: keyOf(trigger), limit: 50 });
    return rows.map((row) => ({
      id: row.id,
      at: row.startedAt,
      run: row.id,
      runStatus: row.status,
      status: "started",
      ...(row.error !== undefined && { error: row.error }),
    }));
  }

  async redeliver(agent: string, id: string, delivery: string): Promise<void> {
    await this.get(agent, id);
    await this.#notices.again(id, delivery);
    this.#wake(0);
  }

  async delete(agent: string, id: string): Promise<boolean> {
    const stored = await this.#get(id);
    if (!stored || stored.body.agent !== agent) return false;
    const was = await this.#options.records.delete(KIND, id);
    await this.#notices.forget(id);
    if (stored.body.kind !== "schedule") await this.#options.secrets.delete(secretName(id));
    await this.#all.changed();
    return was;
  }

  async deleteAll(agent: string): Promise<void> {
    for (const { id } of await this.#options.records.list(KIND, { parent: agent, limit: MAX_OF_AGENT }))
      await this.delete(agent, id);
  }

  async receive(id: string, message: HookMessage): Promise<{ id: string }> {
    const { now } = this.#options;
    const trigger = (await this.#get(id))?.body;
    let run: string;
    try {
      const name = await this.#firing.check(trigger, message);
      // Checked: it is a webhook.
      run = await this.#firing.receive(trigger as Extract<Trigger, { kind: "webhook" }>, name, message);
    } catch (thrown) {
      const { code, message: why } = errorData(thrown);
      // What the owner would mend. Anybody can send what is not signed: that is noted once a minute at most.
      if (trigger?.kind === "webhook" && (code === "bad_request" || (code === "unauthorized" && this.#isNews(id))))
        await this.#mark(id, { lastError: why });
      throw thrown;
    }
    await this.#mark(id, { lastAt: now(), lastRun: run, lastError: undefined });
    return { id: run };
  }

  #isNews(id: string): boolean {
    const time = performance.now();
    const isNews = time - (this.#refusedAt.get(id) ?? Number.NEGATIVE_INFINITY) > MINUTE;
    if (isNews) this.#refusedAt.set(id, time);
    return isNews;
  }

  async begin(): Promise<void> {
    this.#abort = new AbortController();
    await this.#notices.lookBack().catch(this.#options.report);
    this.#wake(0);
  }

  async pause(): Promise<void> {
    this.#abort?.abort();
    this.#abort = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#working;
  }

  async close(): Promise<void> {
    this.#stopWatching();
    await this.pause();
  }

  async tick(): Promise<number> {
    const signal = this.#abort?.signal ?? new AbortController().signal;
    const times = [await this.#notices.send(signal)];
    for (const stored of await everyRecord<Trigger>(this.#options.records, KIND)) {
      if (signal.aborted) break;
      if (stored.body.kind === "schedule") times.push(await this.#fire(stored as Stored<Schedule>));
    }
    return Math.min(...times);
  }

  /** Starts the run of a schedule that is due. However often it was missed, it is made up for once. */
  async #fire({ id, body, revision }: Stored<Schedule>): Promise<number> {
    const { now, records } = this.#options;
    if (body.paused) return Number.POSITIVE_INFINITY;
    if (body.nextAt > now()) return body.nextAt;
    let last: Partial<Schedule> = {};
    try {
      // Another process, or this one after a crash, finds the same run.
      const run = await this.#firing.due(body);
      last = { lastAt: now(), lastRun: run, lastError: undefined };
    } catch (thrown) {
      const { code, message } = errorData(thrown);
      if (PASSING.has(code)) return now() + AGAIN_MS;
      last = { lastError: message };
    }
    const next = { ...body, ...last, nextAt: nextAt(body.cron, body.timeZone, now()) };
    try {
      await records.put(KIND, id, next, { parent: body.agent, revision });
      await this.#all.changed();
    } catch (error) {
      // It was changed or deleted meanwhile; what stands is looked at again.
      if ((error as PatchbayError).code !== "conflict") throw error;
      return now();
    }
    return next.nextAt;
  }

  async onRunNews(run: string, seq: number, about: "wait" | "end"): Promise<void> {
    try {
      if (await this.#notices.onRunNews(run, seq, about)) this.#wake(0);
    } catch (error) {
      this.#options.report(error);
    }
  }

  /** Sees to it that there is a tick within so many milliseconds. Ticks follow each other, never at once. */
  #wake(delay: number): void {
    const abort = this.#abort;
    const at = performance.now() + Math.min(delay, MAX_SLEEP_MS);
    if (!abort || (this.#timer && this.#timerAt <= at)) return;
    clearTimeout(this.#timer);
    this.#timerAt = at;
    this.#timer = setTimeout(
      () => {
        // What comes while it works sets the timer anew.
        this.#timer = undefined;
        this.#working = this.#working
          .then(() => (abort.signal.aborted ? Number.POSITIVE_INFINITY : this.tick()))
          .catch((error: unknown) => {
            this.#options.report(error);
            return this.#options.now() + AGAIN_MS;
          })
          .then((next) => {
            if (this.#abort === abort) this.#wake(Math.max(0, next - this.#options.now()));
          });
      },
      Math.max(0, at - performance.now()),
    );
    this.#timer.unref();
  }

  async #get(id: string): Promise<Stored<Trigger> | undefined> {
    return isId(id) ? this.#options.records.get<Trigger>(KIND, id) : undefined;
  }

  /** Notes what became of it, unless it was changed or deleted meanwhile. */
  async #mark(id: string, change: Partial<Trigger>): Promise<void> {
    const stored = await this.#get(id);
    if (!stored) return;
    const body = { ...stored.body, ...change } as Trigger;
    await this.#options.records
      .put(KIND, id, body, { parent: body.agent, revision: stored.revision })
      .catch((error: PatchbayError) => {
        if (error.code !== "conflict") throw error;
      });
  }

  /** Rejects with `not_found`. */
  async #of(agent: string, id: string): Promise<Stored<Trigger>> {
    const stored = await this.#get(id);
    if (stored?.body.agent !== agent)
      throw new PatchbayError("not_found", `The agent has no trigger "${id.slice(0, 100)}".`);
    return stored;
  }

  /** What was given, where it can be, and when a schedule is next. */
  async #checked(agent: string, given: NewTrigger): Promise<NewTrigger & { nextAt?: number }> {
    const publication = await this.#firing.publication(agent);
    if (!publication)
      throw new PatchbayError("conflict", "Only a published agent has triggers: publish it first, then add this.");
    if (given.kind === "notice") {
      const { allowHosts, url } = this.#options.env;
      checkUrl(given.url, { allowed: authorities(allowHosts), own: authorities(url === undefined ? [] : [url]) });
      return given;
    }
    const { names } = await this.#firing.declared(publication);
    for (const name of Object.keys(given.kind === "schedule" ? given.input : (given.take ?? {})))
      if (!names.has(name))
        throw new PatchbayError(
          "bad_request",
          `"${name}" is not an input of this agent; it takes ${[...names].join(", ")}.`,
          { path: given.kind === "schedule" ? `/input/${name}` : `/take/${name}` },
        );
    return given.kind === "schedule"
      ? { ...given, nextAt: nextAt(given.cron, given.timeZone, this.#options.now()) }
      : given;
  }
}

/** What a change leaves as it is. */
function kept({ id, agent, createdAt, lastAt, lastRun, lastError }: Trigger) {
  return {
    id,
    agent,
    createdAt,
    ...(lastAt !== undefined && { lastAt }),
    ...(lastRun !== undefined && { lastRun }),
    ...(lastError !== undefined && { lastError }),
  };
}
