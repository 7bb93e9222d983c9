export interface AgentKey {
  id: string;
  name: string;
  /** Slugs, or all of them. */
  agents: string[] | "*";
  rights: ("run" | "answer")[];
  /** Unix milliseconds. */
  expiresAt?: number;
  limits?: { callsPerMinute?: number; liveRuns?: number; openStreams?: number };
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
  /** Takes effect at once, open streams included. */
  delete(id: string): Promise<boolean>;
  /** The key of an `Authorization` header. Throws `unauthorized`. */
  authenticate(authorization: string | undefined): AgentKey;
  /** Whether this key may call the agent. */
  allows(key: AgentKey, slug: string): boolean;
  /** Counts a call against the key's limits. Throws `rate_limited`. */
  count(key: AgentKey): void;
  /** Aborts when the key is deleted or expires. Release it at the end of the stream. Throws `rate_limited`. */
  openStream(key: AgentKey): { signal: AbortSignal; release(): void };
}
