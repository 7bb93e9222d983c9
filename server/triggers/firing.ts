/** Starts the runs of triggers: for a signed message, at a scheduled time, or as a test. */
import { PatchbayError } from "../../runtime/error.ts";
import type { Agents } from "../agents/service.ts";
import type { Publication } from "../contract/agent.ts";
import type { Schedule, Trigger, Webhook } from "../contract/trigger.ts";
import { newId } from "../lib/ids.ts";
import { inputsOf } from "../published/inputs.ts";
import type { Runs } from "../runs/service.ts";
import type { Secrets } from "../secrets/service.ts";
import type { EventLog } from "../stores/event-log.ts";
import { hookInput } from "./hook-input.ts";
import { newSecret, refused, type SignedHeaders, verify, WRONG_SIGNATURE } from "./signature.ts";
import { keyOf, secretName } from "./trigger.ts";

const MINUTE_MS = 60_000;

export interface HookMessage {
  header(name: keyof SignedHeaders): string | undefined;
  /** The body as received, and parsed. */
  text: string;
  value: unknown;
}

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
   * Returns the id of a correctly signed message. Throws `unauthorized`, with the same work and message when there is no
   * such webhook.
   */
  async verify(trigger: Trigger | undefined, { header, text }: HookMessage): Promise<string> {
    const { secrets } = this.#options;
    const secret = trigger?.kind === "webhook" ? await secrets.get(secretName(trigger.id)) : newSecret();
    const message = verify(secret, header, text);
    if (trigger?.kind !== "webhook") throw refused(WRONG_SIGNATURE);
    return message;
  }

  /** Starts the run of a verified message; resolves with its id when it is on disk. Rejects as `Triggers.receive` does. */
  async receive(trigger: Webhook, messageId: string, { text, value }: HookMessage): Promise<string> {
    if (trigger.paused) throw new PatchbayError("unavailable", "This webhook is paused; send the message again later.");
    const publication = await this.#published(trigger);
    const before = await this.#options.log.findIdempotent(keyOf(trigger), messageId);
    if (before)
      throw new PatchbayError(
        "conflict",
        `The message "${messageId}" was already received; it started run ${before.run}.`,
      );
    this.#count(trigger.id);
    return this.#start(trigger, publication, await this.#hookInput(trigger, publication, value), messageId, text);
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
