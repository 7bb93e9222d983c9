/** What the server's building routes answer with, as this side reads it. Nouns of the runtime are imported, not repeated. */

import type { ErrorCode, ErrorData } from "../../runtime/error.ts";
import type { RunEvent, RunInput, RunOutput, RunUsage, Wait, WaitDecision } from "../../runtime/event.ts";
import type { RunStatus } from "../../runtime/fold-run.ts";
import type { Graph } from "../../runtime/graph.ts";
import type { Issue } from "../../runtime/issue.ts";
import type { Document, Message } from "../../runtime/message.ts";
import type { ModelProfile } from "../../runtime/model.ts";
import type { Applied, Patch } from "../../runtime/patch.ts";
import type { Ports } from "../../runtime/port.ts";
import type { Effect, JsonSchema, ToolResult, ToolSpec } from "../../runtime/tool.ts";

export interface Agent {
  id: string;
  revision: number;
  graph: Graph;
  issues: Issue[];
  slug?: string;
  /** The live version, where it is published. */
  live?: number;
  createdAt: number;
  updatedAt: number;
}

/** An agent as others name and call it. */
export interface AgentCard {
  id: string;
  name: string;
  slug?: string;
  ports: Ports;
}

export interface Revision {
  revision: number;
  updatedAt: number;
  name: string;
  /** What a person called it. */
  label?: string;
}

export type Access = "private" | "link" | "public";

export interface Version {
  slug: string;
  version: number;
  agent: string;
  revision: number;
  note: string;
  graph: Graph;
  hash: string;
  publishedAt: number;
}

/** What a slug stands for now. */
export interface Publication {
  slug: string;
  agent: string;
  live: number;
  latest: number;
  /** A second version that takes this share of the calls, 0 to 1, and since when. */
  share?: { version: number; share: number; since: number };
  access: Access;
  origins: string[];
  /** The chat page shows what the agent does. */
  steps?: boolean;
}

export type Admission = Partial<Pick<Publication, "access" | "origins" | "steps">>;

interface TriggerBase {
  id: string;
  agent: string;
  name: string;
  createdAt: number;
  paused?: boolean;
  lastAt?: number;
  lastRun?: string;
  lastError?: string;
}

export interface Webhook extends TriggerBase {
  kind: "webhook";
  take?: Record<string, string>;
  session?: string;
}

export interface Schedule extends TriggerBase {
  kind: "schedule";
  cron: string;
  timeZone: string;
  input: Record<string, unknown>;
  session?: string;
  nextAt: number;
}

export interface Notice extends TriggerBase {
  kind: "notice";
  url: string;
  on: ("wait" | "end")[];
}

export type Trigger = Webhook | Schedule | Notice;
type New<T extends Trigger> = Omit<
  T,
  "id" | "agent" | "createdAt" | "paused" | "lastAt" | "lastRun" | "lastError" | "nextAt"
>;
export type NewTrigger = New<Webhook> | New<Schedule> | New<Notice>;

/** The secret is told this once. */
export interface MadeTrigger {
  trigger: Trigger;
  secret?: string;
  url?: string;
}

/** A run that a trigger started, or a message that it sends. */
export interface Delivery {
  id: string;
  at: number;
  run?: string;
  runStatus?: string;
  about?: "wait" | "end" | "test";
  status: "started" | "pending" | "delivered" | "failed";
  tries?: number;
  nextAt?: number;
  error?: string;
}

export interface Published {
  slug: string;
  version: number;
  urls: Record<string, string>;
}

export interface Rating {
  /** -1 to 1. */
  score: number;
  comment?: string;
}

export type RatingFilter = "good" | "bad" | "commented";

export interface RunRow {
  id: string;
  status: RunStatus;
  agent?: string;
  slug?: string;
  version?: number;
  name: string;
  session?: string;
  user?: string;
  key?: string;
  /** The run that it was forked from. */
  fork?: string;
  message: string;
  usage: RunUsage;
  startedAt: number;
  endedAt?: number;
  /** Code of the error, where it failed. */
  error?: string;
  rating?: Rating;
}

export interface RunResult {
  id: string;
  status: RunStatus;
  output?: RunOutput;
  usage: RunUsage;
  waits?: Wait[];
  error?: ErrorData;
  session?: string;
}

export type UsageDimension = "day" | "agent" | "version" | "key";

export interface UsageRow extends RunUsage {
  /** YYYY-MM-DD, UTC. */
  day?: string;
  agent?: string;
  /** Absent: drafts. */
  version?: number;
  /** Absent: the admin's own runs. */
  key?: string;
  name?: string;
  runs: number;
  failed: number;
  /** Milliseconds of work; absent where none has ended. */
  p50Ms?: number;
  p95Ms?: number;
  p99Ms?: number;
  rated?: number;
  /** The mean, -1 to 1. */
  rating?: number;
}

export interface SessionRow {
  id: string;
  agent?: string;
  key?: string;
  user?: string;
  /** The agent's name. */
  name: string;
  title: string;
  turns: number;
  startedAt: number;
  updatedAt: number;
}

export interface Session {
  id: string;
  turns: { run: string; status: RunStatus; startedAt: number; messages: Message[] }[];
}

export interface ServerSettings {
  /** Ended runs older than this are deleted; null: never. */
  keepRunsDays: number | null;
  /** What "default" means in a graph, `provider/model`; null: the environment's, else the first that is configured. */
  defaultModel: string | null;
  /** How new knowledge is searched by meaning; null: the environment's, else by words alone. */
  defaultEmbedder: string | null;
}

export interface Provider {
  id: string;
  kind: "openai-compatible" | "anthropic" | "local" | "demo";
  baseUrl?: string;
  apiKey?: { secret: string };
  models?: string[];
  profile?: Partial<ModelProfile>;
  fallback?: string;
}

/** What may be saved: `demo` is built in, `local` models are installed. */
export type NewProvider = Omit<Provider, "kind"> & { kind: Exclude<Provider["kind"], "demo" | "local"> };

export interface ModelCard {
  /** `provider/model` */
  name: string;
  provider: string;
  demo?: boolean;
  /** Makes embeddings and does not chat. */
  embeds?: boolean;
  isDefault?: boolean;
  profile: ModelProfile;
}

export interface ProviderTest {
  ok: boolean;
  message: string;
  code?: ErrorCode;
  models: string[];
  /** The model that was asked. */
  tried?: string;
  /** What the profile should say by what was found. */
  suggests?: Partial<ModelProfile>;
  found: {
    chat?: boolean;
    streams?: boolean;
    tools?: boolean;
    vision?: boolean;
    embeddings?: boolean;
    structured?: boolean;
  };
  latencyMs?: number;
}

export interface SecretName {
  name: string;
  last4: string;
  updatedAt: number;
}

export interface ToolCard extends ToolSpec {
  binding: "builtin" | "http" | "openapi" | "mcp" | "code" | "agent" | "model";
  needs?: string[];
  source?: string;
}

/** A shipped template of the tool library. */
export interface ToolTemplate {
  id: string;
  title: BothWords;
  group: "language" | "media" | "world" | "examples";
  about?: BothWords;
  needs?: { secrets: { name: string; about: BothWords }[] };
}

export interface ImportReport {
  tools: ToolCard[];
  report: { operation: string; result: "imported" | "simplified" | "left-out"; reason?: string }[];
}

export interface CustomTool {
  /** `http/x` or `code/x` */
  name: string;
  summary: string;
  parameters: JsonSchema;
  effect: Effect;
  repeatable?: boolean;
  http?: {
    method: string;
    url: string;
    headers: Record<string, string | { secret: string; prefix?: string; as?: "basic" }>;
    body?: string;
    timeoutMs?: number;
  };
  code?: { source: string; timeoutMs: number };
  model?: { model: string; instructions: string; input: string; schema?: JsonSchema };
  source?: string;
}

export interface McpServer {
  name: string;
  transport: "stdio" | "http";
  url?: string;
  headerNames?: string[];
  argv?: string[];
  envNames?: string[];
  cwd?: string;
  /** Hash of what is shown; sent back with the approval, so that what runs is what was seen. */
  seen: string;
  status: "needs-approval" | "needs-sign-in" | "stopped" | "starting" | "ready" | "failed" | "needs-review";
  message?: string;
  tools: number;
  rejected?: { tool: string; reason: string }[];
}

export interface KnowledgeCard {
  name: string;
  embedder?: string;
  documents: number;
  chunks: number;
  bytes: number;
  updatedAt: number;
}

export interface KnowledgeDocument {
  id: string;
  title: string;
  mediaType: string;
  bytes: number;
  chunks: number;
  status: "queued" | "indexing" | "ready" | "failed";
  error?: string;
  updatedAt: number;
}

export interface Hit extends Omit<Document, "id"> {
  document: string;
}

export interface Task {
  id: string;
  kind: string;
  status: "queued" | "running" | "done" | "failed" | "cancelled";
  progress: { done: number; total: number; unit: string; secondsLeft?: number };
  title?: string;
  error?: { code: string; message: string };
}

export interface AgentKey {
  id: string;
  name: string;
  agents: string[] | "*";
  rights: ("run" | "answer")[];
  expiresAt?: number;
  limits?: KeyLimits;
  prefix: string;
  createdAt: number;
  lastUsedAt?: number;
  /** What it used since 00:00 UTC, where it has a limit of tokens or money. */
  today?: { tokens: number; costUsd: number };
}

export interface KeyLimits {
  callsPerMinute?: number;
  liveRuns?: number;
  openStreams?: number;
  tokensPerDay?: number;
  costUsdPerDay?: number;
}

type BothWords = { en: string; zh: string };

export interface Template {
  id: string;
  /** A lucide icon name. */
  icon: string;
  tags: string[];
  title: BothWords;
  summary: BothWords;
  language: "en" | "zh";
  graph: Graph;
  samples: { knowledge: string; title: string }[];
  needs: {
    knowledge: { name: string }[];
    mcpServers: { name: string; package: string; folder: boolean }[];
    tools: string[];
    secrets: string[];
    models: string[];
  };
  /** Nothing has to be given before its first answer. */
  ready: boolean;
  /** Saved or imported here; else it comes with Patchbay. */
  own: boolean;
}

/** What only a person can give before a template's agent runs; it runs without what is optional. */
export type TemplateNeed =
  | { kind: "folder"; server: string; optional: false }
  | { kind: "approval"; server: string; card: McpServer; optional: false }
  | { kind: "secret"; name: string; optional: true }
  | { kind: "model"; optional: true };

export interface UsedTemplate {
  id: string;
  agent: Agent;
  needs: TemplateNeed[];
  /** Tasks that still index samples. */
  tasks: string[];
}

/** A patch to a graph, what of it does not fit there, and the issues of the graph with all of it. */
export interface Proposal {
  patch: Patch;
  left: Applied["left"];
  issues: Issue[];
}

export type {
  Effect,
  Graph,
  Issue,
  RunEvent,
  RunInput,
  RunOutput,
  RunStatus,
  RunUsage,
  ToolResult,
  ToolSpec,
  Wait,
  WaitDecision,
};

/** What came of a restored backup. */
export interface RestoreReport {
  /** When the backup was made, Unix milliseconds, and by which version. */
  createdAt: number;
  version: string;
  /** How many records of each kind were added. */
  added: Record<string, number>;
  files: number;
  runs: number;
  secrets: number;
  same: number;
  conflicts: { kind: string; id: string; name: string; reason: string }[];
  toApprove: string[];
}
