import type { ChatRequest, ModelEvent } from "../../runtime/model.ts";
import type { AgentKey } from "../contract/key.ts";

/** The key of a call. */
export interface CallerKey extends AgentKey {
  /** A visitor of a chat page: limited to one agent, this session, and the run routes. */
  session?: string;
  /** That visitor is the admin, who may also see what is private. */
  admin?: boolean;
}

export interface Keys {
  list(): Promise<AgentKey[]>;
  create(
    key: Pick<AgentKey, "name" | "agents" | "rights" | "expiresAt" | "limits">,
  ): Promise<{ card: AgentKey; key: string }>;
  /**
   * Changes what is named; `limits` as a whole, `expiresAt: null` takes the end away. Takes effect at once, for runs
   * under way too. Undefined where there is no such key.
   */
  change(
    id: string,
    change: Partial<Pick<AgentKey, "name" | "agents" | "rights" | "limits">> & { expiresAt?: number | null },
  ): Promise<AgentKey | undefined>;
  /** Takes effect at once, open streams included. */
  delete(id: string): Promise<boolean>;
  /** The key of an `Authorization` header. Throws `unauthorized`. */
  authenticate(authorization: string | undefined): CallerKey;
  /** Whether this key may call the agent. */
  allows(key: CallerKey, slug: string): boolean;
  /**
   * Counts a call against the key's limits. Throws or rejects with `rate_limited`; with several processes also with
   * `unavailable`. Nothing to wait for where it is known here.
   */
  count(key: CallerKey): Promise<void> | undefined;
  /** Aborts when the key is deleted or expires. Release it at the end of the stream. Throws `rate_limited`. */
  openStream(key: CallerKey): { signal: AbortSignal; release(): void };
}

/** Holds keys to their tokens and money a day. What cannot be looked up is refused. */
export interface Quota {
  /** Rejects with `quota_exceeded` where the key's day is used up; nothing to wait for where it has no such limit. */
  assertAvailable(key: string): Promise<void> | undefined;
  /**
   * A model call that the key answers for, as `Host.chat`; refused with an `end` of `quota_exceeded`, `unavailable`, or
   * `forbidden` (money is limited and the model has no prices).
   */
  chat(
    key: string,
    request: ChatRequest,
    signal: AbortSignal,
    call: () => AsyncIterable<ModelEvent>,
  ): AsyncIterable<ModelEvent>;
  /** To be called when a key's limits were changed: what it used of today without a limit counts from then on. */
  limitsChanged(key: string): Promise<void>;
  /** What it used of today; undefined where it has no such limit. */
  today(key: string): Promise<AgentKey["today"]>;
}
