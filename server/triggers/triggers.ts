/**
 * Triggers of published agents: webhooks that come in, schedules, and notices that go out. All of it is in records;
 * what is due is done by one process at a time, and each firing has a name of its own, so that none is done twice.
 */
import { type ErrorCode, errorData, PatchbayError } from "../../runtime/error.ts";
import type { Env } from "../env.ts";
import { inputsOf } from "../hosted/mcp/agent-tool.ts";
import { isId, newId } from "../ids.ts";
import { authorities, checkUrl } from "../net/address.ts";
import type { Agents, EventLog, Publication, Records, Runs, SafeFetch, Secrets, Stored } from "../services.ts";
import { createMirror, everyRecord } from "../stores/mirror.ts";
import { hookInput } from "./hook-input.ts";
import { Notices } from "./notices.ts";
import { newSecret, refused, type SignedHeaders, verify } from "./signature.ts";
import {
  keyOf,
  type NewTrigger,
  type Notice,
  nextAt,
  type Schedule,
  secretName,
  type Trigger,
  type Webhook,
} from "./trigger.ts";

const KIND = "trigger";
const MAX_OF_AGENT = 50;
/** No timer is set for longer: the clock may be set, and other processes may change what is due. */
const MAX_SLEEP_MS = 30_000;
/** A start that is refused for now is tried again after this. */
const AGAIN_MS = 5_000;
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
  /** False when the agent has no such trigger. */
  delete(agent: string, id: string): Promise<boolean>;
  /** All of an agent that is deleted. */
  deleteAll(agent: string): Promise<void>;
  /**
   * Starts a run for a signed message and resolves when it is on disk. Rejects with `unauthorized` (also where there is
   * no such webhook), `conflict` (the message came before), `bad_request`, and as `Runs.start` does.
   */
  receive(id: string, message: HookMessage): Promise<{ id: string }>;
}

export interface HookMessage {
  header(name: keyof SignedHeaders): string | undefined;
  /** The body as it came, and what it says. */
  text: string;
  value: unknown;
}

export interface TriggersOptions {
  records: Records;
  secrets: Secrets;
  agents: Agents;
  runs: Pick<Runs, "start" | "get">;
  log: Pick<EventLog, "row" | "rows" | "last" | "findIdempotent">;
  fetch: SafeFetch;
  env: Pick<Env, "allowHosts" | "url">;
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
  hear(run: string, seq: number, about: "wait" | "end"): Promise<void>;
  /** Fires and sends what is due. Resolves with when it is to be called again, at the latest. */
  tick(): Promise<number>;
}

export function createTriggers(options: TriggersOptions): TriggerService {
  return new RecordedTriggers(options);
}

class RecordedTriggers implements TriggerService {
  readonly #options: TriggersOptions;
  readonly #notices: Notices;
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
    const publication = await this.#publication(agent);
    if (!publication)
      throw new PatchbayError("conflict", "Only a published agent has triggers: publish it first, then add this.");
    const now = this.#options.now();
    const base = { id: newId(now), agent, createdAt: now };
    let trigger: Trigger;
    if (given.kind === "notice") {
      const { allowHosts, url } = this.#options.env;
      checkUrl(given.url, { allowed: authorities(allowHosts), own: authorities(url === undefined ? [] : [url]) });
      trigger = { ...given, ...base };
    } else {
      const names = Object.keys(given.kind === "schedule" ? given.input : (given.take ?? {}));
      const declared = await this.#declared(publication);
      for (const name of names)
        if (!declared.names.has(name))
          throw new PatchbayError(
            "bad_request",
            `"${name}" is no input of this agent; it takes ${[...declared.names].join(", ")}.`,
            { path: given.kind === "schedule" ? `/input/${name}` : `/take/${name}` },
          );
      trigger =
        given.kind === "schedule"
          ? { ...given, ...base, nextAt: nextAt(given.cron, given.timeZone, now) }
          : { ...given, ...base };
    }
    const secret = trigger.kind === "schedule" ? undefined : newSecret();
    if (secret !== undefined) await this.#options.secrets.set(secretName(trigger.id), secret);
    await this.#options.records.put(KIND, trigger.id, trigger, { parent: agent, revision: 0 });
    await this.#all.changed();
    this.#wake(0);
    return { trigger, ...(secret !== undefined && { secret }) };
  }

  async delete(agent: string, id: string): Promise<boolean> {
    const stored = await this.#get(id);
    if (!stored || stored.body.agent !== agent) return false;
    const was = await this.#options.records.delete(KIND, id);
    if (stored.body.kind !== "schedule") await this.#options.secrets.delete(secretName(id));
    await this.#all.changed();
    return was;
  }

  async deleteAll(agent: string): Promise<void> {
    for (const { id } of await this.#options.records.list(KIND, { parent: agent, limit: MAX_OF_AGENT }))
      await this.delete(agent, id);
  }

  async receive(id: string, { header, text, value }: HookMessage): Promise<{ id: string }> {
    const { secrets, log, runs, now } = this.#options;
    const trigger = (await this.#get(id))?.body;
    // The same work and the same words, whether there is such a webhook or not.
    const secret = trigger?.kind === "webhook" ? await secrets.get(secretName(id)) : newSecret();
    const message = verify(secret, header, text, now());
    if (trigger?.kind !== "webhook") throw refused("the signature does not fit");
    const publication = await this.#publication(trigger.agent);
    if (!publication) throw new PatchbayError("not_found", "The agent of this webhook is not published any more.");
    const before = await log.findIdempotent(keyOf(trigger), message);
    if (before)
      throw new PatchbayError("conflict", `The message "${message}" came before and started run ${before.run}.`);
    const { isText } = await this.#declared(publication);
    const started = await runs.start(
      { slug: publication.slug },
      hookInput(trigger, value, isText),
      caller(trigger, message, text),
      { eager: true },
    );
    await started.accepted;
    await this.#mark(id, { lastAt: now(), lastRun: started.id, lastError: undefined });
    return { id: started.id };
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
    const { now, runs, records } = this.#options;
    if (body.nextAt > now()) return body.nextAt;
    let last: Partial<Schedule> = {};
    try {
      const publication = await this.#publication(body.agent);
      if (!publication) throw new PatchbayError("not_found", "The agent is not published any more.");
      // The moment names the firing: another process, or this one after a crash, finds the same run by it.
      const moment = String(body.nextAt);
      const started = await runs.start({ slug: publication.slug }, body.input, caller(body, moment, moment), {
        eager: true,
      });
      await started.accepted;
      last = { lastAt: now(), lastRun: started.id, lastError: undefined };
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

  async hear(run: string, seq: number, about: "wait" | "end"): Promise<void> {
    try {
      if (await this.#notices.hear(run, seq, about)) this.#wake(0);
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

  async #publication(agent: string): Promise<Publication | undefined> {
    return (await this.#options.agents.publications()).find((one) => one.agent === agent);
  }

  /** What the live version takes. */
  async #declared({ slug, live }: Publication) {
    const version = await this.#options.agents.version(slug, live);
    if (!version) throw new PatchbayError("not_found", `The agent "${slug}" has no version ${live}.`);
    const { properties } = inputsOf(version.graph);
    return {
      names: new Set(Object.keys(properties)),
      isText: (name: string) => properties[name]?.type === "string",
    };
  }
}

function caller(trigger: Webhook | Schedule, id: string, body: string) {
  return {
    key: keyOf(trigger),
    idempotency: { id, body },
    ...(trigger.session !== undefined && { session: trigger.session }),
  };
}
