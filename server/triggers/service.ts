import type { Delivery, HookResult, NewTrigger, Trigger, TriggerChange } from "../contract/trigger.ts";
import type { HookMessage } from "./senders.ts";

export interface Triggers {
  /** Triggers of an agent, oldest first. Rejects with `not_found`. */
  list(agent: string): Promise<Trigger[]>;
  /**
   * `secret`: for a webhook or a notice, returned only here. Rejects with `not_found`, `conflict` (not published, or too
   * many), `bad_request` and `address_blocked`.
   */
  create(agent: string, trigger: NewTrigger): Promise<{ trigger: Trigger; secret?: string }>;
  /** Rejects with `not_found`. */
  get(agent: string, id: string): Promise<Trigger>;
  /**
   * Changes, pauses or resumes a trigger. A resumed schedule does not fire for the past. `secret`: the new one of a webhook
   * whose sender changed, returned only here. Rejects as `create` does.
   */
  update(agent: string, id: string, change: TriggerChange): Promise<{ trigger: Trigger; secret?: string }>;
  /**
   * Fires the trigger now. `body`: the body of a webhook message. Resolves with the run, or with the response of the
   * receiver of a notice. Rejects as `Runs.start` does.
   */
  test(agent: string, id: string, body: unknown, signal: AbortSignal): Promise<Delivery>;
  /** The last fifty runs or messages of the trigger, newest first. Rejects with `not_found`. */
  deliveries(agent: string, id: string): Promise<Delivery[]>;
  /** Sends a message of a notice again, with the same id. Rejects with `not_found`. */
  redeliver(agent: string, id: string, delivery: string): Promise<void>;
  /** False when the agent has no such trigger. */
  delete(agent: string, id: string): Promise<boolean>;
  /** Deletes all triggers of an agent that is deleted. */
  deleteAll(agent: string): Promise<void>;
  /**
   * Starts a run for a message of the webhook's sender and resolves when it is on disk. Rejects with `unauthorized` (also
   * when there is no such webhook), `conflict` (the message was already received), `bad_request`, `rate_limited`,
   * `unavailable` (the webhook is paused), and as `Runs.start` does. For senders other than `standard`, which would repeat
   * such a message for days, a repeated message and one without the inputs are results.
   */
  receive(id: string, message: HookMessage): Promise<HookResult>;
}
