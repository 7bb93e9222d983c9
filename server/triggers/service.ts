import type { ErrorCode } from "../../runtime/error.ts";
import type { Agents } from "../agents/service.ts";
import type { Delivery, HookResult, NewTrigger, Trigger, TriggerChange } from "../contract/trigger.ts";
import type { SafeFetch } from "../net/service.ts";
import type { Env } from "../process/env.ts";
import type { Runs } from "../runs/service.ts";
import type { Secrets } from "../secrets/service.ts";
import type { EventLog } from "../stores/event-log.ts";
import type { Records } from "../stores/records.ts";
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

export interface TriggersOptions {
  records: Records;
  secrets: Secrets;
  agents: Agents;
  runs: Pick<Runs, "start" | "get">;
  log: Pick<EventLog, "row" | "rows" | "last" | "findIdempotent">;
  fetch: SafeFetch;
  env: Pick<Env, "allowHosts" | "url">;
  /** Messages per minute and webhook. Default: no limit. */
  callsPerMinute?: number;
  /** Unix milliseconds. */
  now(): number;
  report(thrown: unknown): void;
  /** Called for each run that a trigger started or could not start, and each notice that was delivered or given up. */
  observe?(outcome: TriggerOutcome): void;
}

export interface TriggerOutcome {
  kind: Trigger["kind"];
  trigger: string;
  agent: string;
  /** Absent: it succeeded. */
  error?: ErrorCode;
}
