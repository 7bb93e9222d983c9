/**
 * Triggers of published agents: webhooks, schedules, and notices, all stored in records. One process at a time does what
 * is due. Each firing has its own idempotency id, so that none is done twice.
 */
import { type ErrorCode, errorData, PatchbayError } from "../../runtime/error.ts";
import type {
  Delivery,
  HookResult,
  NewTrigger,
  Notice,
  Schedule,
  Trigger,
  TriggerChange,
  Webhook,
} from "../contract/trigger.ts";
import { isId, newId } from "../lib/ids.ts";
import { authorities, checkUrl } from "../net/address.ts";
import { createMirror, everyRecord } from "../stores/mirror.ts";
import type { Stored } from "../stores/records.ts";
import { DueTimer, RETRY_MS } from "./due-timer.ts";
import { Firing } from "./firing.ts";
import { Notices } from "./notices.ts";
import { checkSecret, type HookMessage, newSecretFor } from "./senders.ts";
import type { Triggers, TriggersOptions } from "./service.ts";
import { newSecret } from "./signature.ts";
import { changed, keyOf, nextAt, secretName, senderOf } from "./trigger.ts";

const KIND = "trigger";
const MAX_PER_AGENT = 50;
const MINUTE_MS = 60_000;
/** Temporary errors: the start of a run is tried again. */
const TEMPORARY: ReadonlySet<ErrorCode> = new Set(["queue_full", "rate_limited", "unavailable", "storage_full"]);

export interface TriggerService extends Triggers {
  /** From now on this process fires schedules and sends notices. */
  begin(): Promise<void>;
  /** From now on another process may do so. */
  pause(): Promise<void>;
  close(): Promise<void>;
  /** A run waits or has ended, and the event is on disk. */
  onRunSettled(run: string, seq: number, about: "wait" | "end"): Promise<void>;
  /** Fires and sends what is due. Resolves with the time of the next call, in Unix milliseconds. */
  tick(): Promise<number>;
}

export function createTriggers(options: TriggersOptions): TriggerService {
  return new RecordedTriggers(options);
}

class RecordedTriggers implements TriggerService {
  readonly #options: TriggersOptions;
  readonly #notices: Notices;
  readonly #firing: Firing;
  /** When an unsigned message was last noted on its webhook. */
  readonly #refusedAt = new Map<string, number>();
  readonly #all: ReturnType<typeof createMirror<Trigger[]>>;
  readonly #stopWatching: () => void;
  readonly #timer: DueTimer;

  constructor(options: TriggersOptions) {
    this.#options = options;
    const { records, now, report } = options;
    this.#timer = new DueTimer({ work: () => this.tick(), now, report });
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
      ended: (notice, error) => this.#observe(notice, error),
    });
    this.#stopWatching = records.watch((change) => {
      if (!change || change.kind === KIND || change.kind === "notice") this.#timer.wake();
    });
  }

  async list(agent: string): Promise<Trigger[]> {
    await this.#options.agents.get(agent);
    return (await this.#options.records.list<Trigger>(KIND, { parent: agent, limit: MAX_PER_AGENT })).map(
      (one) => one.body,
    );
  }

  async create(agent: string, given: NewTrigger): Promise<{ trigger: Trigger; secret?: string }> {
    const others = await this.list(agent);
    if (others.length >= MAX_PER_AGENT)
      throw new PatchbayError("conflict", `An agent has at most ${MAX_PER_AGENT} triggers; delete one first.`);
    const now = this.#options.now();
    const { settings, secret: own } = withoutSecret(await this.#checked(agent, given));
    const trigger = { ...settings, id: newId(now), agent, createdAt: now } as Trigger;
    const secret = own === undefined ? secretFor(trigger) : undefined;
    const stored = own ?? secret;
    if (stored !== undefined) await this.#options.secrets.set(secretName(trigger.id), stored);
    await this.#options.records.put(KIND, trigger.id, trigger, { parent: agent, revision: 0 });
    await this.#all.changed();
    this.#timer.wake();
    return { trigger, ...(secret !== undefined && { secret }) };
  }

  async get(agent: string, id: string): Promise<Trigger> {
    return (await this.#find(agent, id)).body;
  }

  async update(agent: string, id: string, change: TriggerChange): Promise<{ trigger: Trigger; secret?: string }> {
    const { body, revision } = await this.#find(agent, id);
    const paused = change.paused ?? body.paused ?? false;
    const { settings, secret: own } = withoutSecret(await this.#checked(agent, changed(body, change)));
    const next = {
      ...settings,
      ...unchanged(body),
      ...(paused && { paused }),
    } as Trigger;
    const isOther = body.kind === "webhook" && senderOf(body) !== senderOf(next as Webhook);
    const secret = own === undefined && isOther ? secretFor(next) : undefined;
    const stored = own ?? secret;
    await this.#options.records.put(KIND, id, next, { parent: agent, revision });
    if (stored !== undefined) await this.#options.secrets.set(secretName(id), stored);
    else if (isOther) await this.#options.secrets.delete(secretName(id));
    await this.#all.changed();
    this.#timer.wake();
    return { trigger: next, ...(secret !== undefined && { secret }) };
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
    await this.#notices.redeliver(id, delivery);
    this.#timer.wake();
  }

  async delete(agent: string, id: string): Promise<boolean> {
    const stored = await this.#get(id);
    if (!stored || stored.body.agent !== agent) return false;
    const existed = await this.#options.records.delete(KIND, id);
    await this.#notices.deleteAll(id);
    if (stored.body.kind !== "schedule") await this.#options.secrets.delete(secretName(id));
    await this.#all.changed();
    return existed;
  }

  async deleteAll(agent: string): Promise<void> {
    for (const { id } of await this.#options.records.list(KIND, { parent: agent, limit: MAX_PER_AGENT }))
      await this.delete(agent, id);
  }

  async receive(id: string, message: HookMessage): Promise<HookResult> {
    const { now } = this.#options;
    const trigger = (await this.#get(id))?.body;
    let received: { run: string; isNew: boolean };
    let isVerified = false;
    try {
      const verified = await this.#firing.verify(trigger, message);
      isVerified = true;
      if (verified.reply) return verified.reply;
      // Verified: it is a webhook.
      received = await this.#firing.receive(trigger as Webhook, verified.id, message);
    } catch (thrown) {
      const { code, message: lastError } = errorData(thrown);
      // Errors that the owner can fix. Anyone can send unsigned messages: those are noted at most once a minute.
      if (trigger?.kind === "webhook" && (code === "bad_request" || (code === "unauthorized" && this.#isNewMinute(id))))
        await this.#mark(id, { lastError });
      if (isVerified && code === "bad_request" && senderOf(trigger as Webhook) !== "standard")
        return { status: "ignored", reason: lastError };
      if (trigger?.kind === "webhook") this.#observe(trigger, code);
      throw thrown;
    }
    const { run, isNew } = received;
    if (isNew) {
      this.#observe(trigger as Webhook);
      await this.#mark(id, { lastAt: now(), lastRun: run, lastError: undefined });
    }
    return { id: run, status: isNew ? "running" : "duplicate" };
  }

  #isNewMinute(id: string): boolean {
    const time = performance.now();
    const isNew = time - (this.#refusedAt.get(id) ?? Number.NEGATIVE_INFINITY) > MINUTE_MS;
    if (isNew) this.#refusedAt.set(id, time);
    return isNew;
  }

  async begin(): Promise<void> {
    this.#timer.start();
    await this.#notices.queueMissed().catch(this.#options.report);
    this.#timer.wake();
  }

  async pause(): Promise<void> {
    await this.#timer.stop();
  }

  async close(): Promise<void> {
    this.#stopWatching();
    await this.pause();
  }

  async tick(): Promise<number> {
    const { signal } = this.#timer;
    const times = [await this.#notices.send(signal)];
    for (const stored of await everyRecord<Trigger>(this.#options.records, KIND)) {
      if (signal.aborted) break;
      if (stored.body.kind === "schedule") times.push(await this.#fire(stored as Stored<Schedule>));
    }
    return Math.min(...times);
  }

  /** Starts the run of a schedule that is due; only one run for all missed times. Resolves with its next time. */
  async #fire({ id, body, revision }: Stored<Schedule>): Promise<number> {
    const { now, records } = this.#options;
    if (body.paused) return Number.POSITIVE_INFINITY;
    if (body.nextAt > now()) return body.nextAt;
    let last: Partial<Schedule> = {};
    try {
      // Another process, or this one after a crash, gets the same run.
      const run = await this.#firing.startDue(body);
      last = { lastAt: now(), lastRun: run, lastError: undefined };
      this.#observe(body);
    } catch (thrown) {
      const { code, message } = errorData(thrown);
      if (TEMPORARY.has(code)) return now() + RETRY_MS;
      last = { lastError: message };
      this.#observe(body, code);
    }
    const next = { ...body, ...last, nextAt: nextAt(body.cron, body.timeZone, now()) };
    try {
      await records.put(KIND, id, next, { parent: body.agent, revision });
      await this.#all.changed();
    } catch (error) {
      // It was changed or deleted meanwhile: check it again.
      if ((error as PatchbayError).code !== "conflict") throw error;
      return now();
    }
    return next.nextAt;
  }

  #observe({ kind, id, agent }: Trigger, error?: ErrorCode): void {
    this.#options.observe?.({ kind, trigger: id, agent, ...(error !== undefined && { error }) });
  }

  async onRunSettled(run: string, seq: number, about: "wait" | "end"): Promise<void> {
    try {
      if (await this.#notices.onRunSettled(run, seq, about)) this.#timer.wake();
    } catch (error) {
      this.#options.report(error);
    }
  }

  async #get(id: string): Promise<Stored<Trigger> | undefined> {
    return isId(id) ? this.#options.records.get<Trigger>(KIND, id) : undefined;
  }

  /** Stores the last result, unless the trigger was changed or deleted meanwhile. */
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
  async #find(agent: string, id: string): Promise<Stored<Trigger>> {
    const stored = await this.#get(id);
    if (stored?.body.agent !== agent)
      throw new PatchbayError("not_found", `The agent has no trigger "${id.slice(0, 100)}".`);
    return stored;
  }

  /** The given settings, with the next time of a schedule. Rejects as `create` does. */
  async #checked(agent: string, given: NewTrigger): Promise<NewTrigger & { nextAt?: number }> {
    const publication = await this.#firing.publication(agent);
    if (!publication)
      throw new PatchbayError("conflict", "Only a published agent can have triggers. Publish the agent first.");
    if (given.kind === "notice") {
      const { allowHosts, url } = this.#options.env;
      checkUrl(given.url, { allowed: authorities(allowHosts), own: authorities(url === undefined ? [] : [url]) });
      return given;
    }
    if (given.kind === "webhook" && given.secret !== undefined) checkSecret(senderOf(given), given.secret);
    const { names } = await this.#firing.declaredInputs(publication);
    for (const name of Object.keys(given.kind === "schedule" ? given.input : (given.take ?? {})))
      if (!names.has(name))
        throw new PatchbayError(
          "bad_request",
          `The agent has no input "${name}". Its inputs are ${[...names].join(", ")}.`,
          { path: given.kind === "schedule" ? `/input/${name}` : `/take/${name}` },
        );
    return given.kind === "schedule"
      ? { ...given, nextAt: nextAt(given.cron, given.timeZone, this.#options.now()) }
      : given;
  }
}

/** Secrets are not part of the record. */
function withoutSecret(given: NewTrigger & { secret?: string }): { settings: object; secret?: string } {
  const { secret, ...settings } = given;
  return { settings, ...(secret !== undefined && { secret }) };
}

function secretFor(trigger: Trigger): string | undefined {
  if (trigger.kind === "schedule") return undefined;
  return trigger.kind === "notice" ? newSecret() : newSecretFor(senderOf(trigger));
}

/** The fields that `update` does not change. */
function unchanged({ id, agent, createdAt, lastAt, lastRun, lastError }: Trigger) {
  return {
    id,
    agent,
    createdAt,
    ...(lastAt !== undefined && { lastAt }),
    ...(lastRun !== undefined && { lastRun }),
    ...(lastError !== undefined && { lastError }),
  };
}
