import type { ChatRequest, ModelEvent } from "../../runtime/model.ts";
import type { AgentKey } from "../contract/key.ts";

/** The key of a call. */
export interface CallerKey extends AgentKey {
  /** Set for a visitor of a chat page, who is limited to one agent, this session, and the run routes. */
  session?: string;
  /** `Publication.link` when the visit began. */
  link?: string;
  /** The visitor is the admin, who may also see private data. */
  admin?: boolean;
}

export interface Keys {
  list(): Promise<AgentKey[]>;
  create(
    key: Pick<AgentKey, "name" | "agents" | "rights" | "expiresAt" | "limits">,
  ): Promise<{ card: AgentKey; key: string }>;
  /**
   * Changes the given keys; `limits` as a whole; `expiresAt: null` removes the expiry. Takes effect at once, also for
   * running runs. Undefined when the key does not exist.
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
   * `unavailable`. Undefined when no store is asked.
   */
  count(key: CallerKey): Promise<void> | undefined;
  /** Aborts when the key is deleted or expires. Release it at the end of the stream. Throws `rate_limited`. */
  openStream(key: CallerKey): { signal: AbortSignal; release(): void };
}

/** Checks the daily token and cost limits of keys. Refuses calls when the usage cannot be read. */
export interface Quota {
  /** Rejects with `quota_exceeded` when the key's quota of the day is used up. Undefined for a key without a limit. */
  assertAvailable(key: string): Promise<void> | undefined;
  /**
   * A model call on behalf of the key, like `Host.chat`. A refused call ends with `quota_exceeded`, `unavailable`, or
   * `forbidden` (the cost is limited and the model has no prices).
   */
  chat(
    key: string,
    request: ChatRequest,
    signal: AbortSignal,
    call: () => AsyncIterable<ModelEvent>,
  ): AsyncIterable<ModelEvent>;
  /** Call after a change of a key's limits: counts what it used today without a limit. */
  limitsChanged(key: string): Promise<void>;
  /** Usage of today. Undefined for a key without a limit. */
  today(key: string): Promise<AgentKey["today"]>;
}
