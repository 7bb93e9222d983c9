import type { ChatRequest, ModelEvent } from "../../runtime/model.ts";

/** What a key may do; absent: what the server grants by itself. */
export interface KeyLimits {
  callsPerMinute?: number;
  liveRuns?: number;
  openStreams?: number;
  /** Input and output tokens of all models, a day (UTC). */
  tokensPerDay?: number;
  /** At the prices of the models' profiles, a day (UTC). A model without prices is then refused. */
  costUsdPerDay?: number;
}

export interface AgentKey {
  id: string;
  name: string;
  /** Slugs, or all of them. */
  agents: string[] | "*";
  rights: ("run" | "answer")[];
  /** Unix milliseconds. */
  expiresAt?: number;
  limits?: KeyLimits;
  /** The first characters of the key, by which a person knows it again. */
  prefix: string;
  createdAt: number;
  lastUsedAt?: number;
  /** It is a visitor of a chat page: held to one agent, this session, and the run routes. */
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
  authenticate(authorization: string | undefined): AgentKey;
  /** Whether this key may call the agent. */
  allows(key: AgentKey, slug: string): boolean;
  /**
   * Counts a call against the key's limits. Throws or rejects with `rate_limited`; with several processes also with
   * `unavailable`. Nothing to wait for where it is known here.
   */
  count(key: AgentKey): Promise<void> | undefined;
  /** Aborts when the key is deleted or expires. Release it at the end of the stream. Throws `rate_limited`. */
  openStream(key: AgentKey): { signal: AbortSignal; release(): void };
}

/** What a key used of today (UTC), where it has a limit of tokens or money. */
export interface KeyDay {
  tokens: number;
  costUsd: number;
}

/** Holds keys to their tokens and money a day. What cannot be looked up is refused. */
export interface Purse {
  /** Rejects with `quota_exceeded` where the key's day is used up; nothing to wait for where it has no such limit. */
  mustHave(key: string): Promise<void> | undefined;
  /**
   * A model call that the key answers for, as `Host.chat`; refused with an `end` of `quota_exceeded`, `unavailable`,
   * or `forbidden` (money is limited, and nobody knows what the model costs).
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
  today(key: string): Promise<KeyDay | undefined>;
}
