/** Starts the runs of triggers: for a signed message, at a scheduled time, or as a test. */
import { errorData, PatchbayError } from "../../runtime/error.ts";
import type { Agents } from "../agents/service.ts";
import type { Publication } from "../contract/agent.ts";
import type { Schedule, Trigger, Webhook } from "../contract/trigger.ts";
import { newId } from "../lib/ids.ts";
import { inputsOf } from "../published/inputs.ts";
import type { Runs } from "../runs/service.ts";
import type { Secrets } from "../secrets/service.ts";
import type { EventLog } from "../stores/event-log.ts";
import { hookInput } from "./hook-input.ts";
import { type HookMessage, type Verified, verifySender } from "./senders.ts";
import { newSecret, refused, WRONG_SIGNATURE } from "./signature.ts";
import { keyOf, secretName, senderOf } from "./trigger.ts";

const MINUTE_MS = 60_000;

export interface FiringOptions {
  secrets: Secrets;
  agents: Agents;
  runs: Pick<Runs, "start">;
  log: Pick<EventLog, "findIdempotent">;
  /** Signed messages per minute and webhook. */
  callsPerMinute: number;
  /** Unix milliseconds. */
  now(): number;
}

export class Firing {
  readonly #options: FiringOptions;
  readonly #minutes = new Map<string, { since: number; calls: number }>();

  constructor(options: FiringOptions) {
    this.#options = options;
  }

  /**
   * Checks that a message is from the sender of the webhook. Throws `unauthorized`, with the same work and message when
   * there is no such webhook.
   */
  async verify(trigger: Trigger | undefined, message: HookMessage): Promise<Verified> {
    if (trigger?.kind === "webhook") {
      const sender = senderOf(trigger);
      return verifySender(sender, sender === "none" ? undefined : await this.#secret(trigger.id), message);
    }
    verifySender("standard", newSecret(), message);
    throw refused(WRONG_SIGNATURE);
  }

  /**
   * Starts the run of a verified message; resolves with its id when it is on disk. Rejects as `Triggers.receive` does.
   * `isNew`: false for a repetition of a message.
   */
  async receive(
    trigger: Webhook,
    messageId: string,
    { text, value }: HookMessage,
  ): Promise<{ run: string; isNew: boolean }> {
    if (trigger.paused) throw new PatchbayError("unavailable", "This webhook is paused; send the message again later.");
    const publication = await this.#published(trigger);
    const before = await this.#options.log.findIdempotent(keyOf(trigger), messageId);
    if (before) {
      // Others take a refusal as a failure, and send the message again for days.
      if (senderOf(trigger) !== "standard") return { run: before.run, isNew: false };
      throw new PatchbayError(
        "conflict",
        `The message "${messageId}" was already received; it started run ${before.run}.`,
      );
    }
    this.#count(trigger.id);
    const input = await this.#hookInput(trigger, publication, value);
    // The time in the signature differs between repetitions: the body of a known id is not compared.
    const body = senderOf(trigger) === "standard" ? text : messageId;
    return { run: await this.#start(trigger, publication, input, messageId, body), isNew: true };
  }

  /** Starts the run of a schedule that is due. The time is the idempotency id, so repeated calls start one run. */
  async startDue(trigger: Schedule): Promise<string> {
    const time = String(trigger.nextAt);
    return this.#start(trigger, await this.#published(trigger), trigger.input, time, time);
  }

  /** Starts a run as the trigger would now. `value`: the parsed body for a webhook. */
  async test(trigger: Webhook | Schedule, value: unknown): Promise<string> {
    const publication = await this.#published(trigger);
    const input = trigger.kind === "schedule" ? trigger.input : await this.#hookInput(trigger, publication, value);
    const id = `test-${newId(this.#options.now())}`;
    return this.#start(trigger, publication, input, id, id);
  }

  /** Inputs of the live version, and which of them are text. */
  async declaredInputs({ slug, live }: Publication): Promise<{ names: Set<string>; isText(name: string): boolean }> {
    const version = await this.#options.agents.version(slug, live);
    if (!version) throw new PatchbayError("not_found", `The agent "${slug}" has no version ${live}.`);
    const { properties } = inputsOf(this.#options.agents.inputFields(version.graph));
    return {
      names: new Set(Object.keys(properties)),
      isText: (name) => properties[name]?.type === "string",
    };
  }

  async publication(agent: string): Promise<Publication | undefined> {
    return (await this.#options.agents.publications()).find((one) => one.agent === agent);
  }

  /** Undefined while the owner has not entered the secret that the sender made. */
  #secret(id: string): Promise<string | undefined> {
    return this.#options.secrets.get(secretName(id)).catch((error: unknown) => {
      if (errorData(error).code === "secret_missing") return undefined;
      throw error;
    });
  }

  async #published(trigger: Trigger): Promise<Publication> {
    const publication = await this.publication(trigger.agent);
    if (!publication) throw new PatchbayError("not_found", "The agent is no longer published.");
    return publication;
  }

  async #hookInput(trigger: Webhook, publication: Publication, value: unknown): Promise<Record<string, unknown>> {
    return hookInput(trigger, value, (await this.declaredInputs(publication)).isText);
  }

  async #start(
    trigger: Webhook | Schedule,
    { slug }: Publication,
    input: Record<string, unknown>,
    id: string,
    body: string,
  ): Promise<string> {
    const started = await this.#options.runs.start(
      { slug },
      input,
      {
        key: keyOf(trigger),
        idempotency: { id, body },
        ...(trigger.session !== undefined && { session: trigger.session }),
      },
      { eager: true },
    );
    await started.accepted;
    return started.id;
  }

  #count(id: string): void {
    const { callsPerMinute, now } = this.#options;
    if (callsPerMinute === Number.POSITIVE_INFINITY) return;
    const time = now();
    const minute = this.#minutes.get(id);
    if (!minute || Math.abs(time - minute.since) >= MINUTE_MS) this.#minutes.set(id, { since: time, calls: 1 });
    else if (++minute.calls > callsPerMinute)
      throw new PatchbayError(
        "rate_limited",
        `A webhook accepts ${callsPerMinute} messages per minute. Send the message again later.`,
        {
          retryAfter: (minute.since + MINUTE_MS - time) / 1000,
        },
      );
  }
}
