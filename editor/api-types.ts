/** What the server's building routes answer with, as this side reads it. Nouns of the runtime are imported, not repeated. */
import type { Delta, RunEvent, RunInput, RunOutput, Wait } from "../runtime/event.ts";
import type { Graph } from "../runtime/graph.ts";
import type { Issue } from "../runtime/issue.ts";
import type { Document } from "../runtime/message.ts";
import type { ModelProfile } from "../runtime/model.ts";
import type { Effect, JsonSchema, ToolSpec } from "../runtime/tool.ts";

export interface Agent {
  id: string;
  revision: number;
  graph: Graph;
  issues: Issue[];
  slug?: string;
  /** The live version, where it is published. */
  live?: number;
  updatedAt: number;
}

export interface Revision {
  revision: number;
  at: number;
  graph?: Graph;
}

export interface Version {
  version: number;
  at: number;
  note?: string;
  live?: boolean;
  /** Part of the calls that go to it, 0 to 1, where two versions share them. */
  share?: number;
  hash?: string;
  access?: "private" | "link" | "public";
}

export interface Published {
  slug: string;
  version: number;
  urls: Record<string, string>;
}

export type RunStatus = "queued" | "running" | "waiting" | "uncertain" | "done" | "failed" | "cancelled";

export interface RunUsage {
  inputTokens: number;
  outputTokens: number;
  costUsd?: number;
  steps?: number;
  toolCalls?: number;
}

export interface RunRow {
  id: string;
  status: RunStatus;
  agent?: string;
  name?: string;
  slug?: string;
  version?: number;
  session?: string;
  user?: string;
  key?: string;
  message: string;
  usage: RunUsage;
  startedAt: number;
  endedAt?: number;
  error?: { code: string; message: string };
}

export interface RunResult {
  id: string;
  status: RunStatus;
  output?: RunOutput;
  usage?: RunUsage;
  waits?: Wait[];
  error?: { code: string; message: string };
}

export interface SessionRow {
  id: string;
  agent?: string;
  user?: string;
  turns: number;
  title?: string;
  updatedAt: number;
}

export interface Provider {
  id: string;
  kind: "openai-compatible" | "anthropic" | "demo";
  baseUrl?: string;
  apiKey?: { secret: string };
  models?: string[];
  profile?: Partial<ModelProfile>;
  fallback?: string;
}

export interface ModelCard {
  /** `provider/model` */
  name: string;
  provider: string;
  demo?: boolean;
  isDefault?: boolean;
  profile: ModelProfile;
}

export interface ProviderTest {
  ok: boolean;
  message: string;
  models: string[];
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
  http?: { method: string; url: string; headers: Record<string, string | { secret: string }>; body?: string };
  code?: { source: string; timeoutMs: number };
}

export interface McpServer {
  name: string;
  transport: "stdio" | "http";
  url?: string;
  headerNames?: string[];
  argv?: string[];
  envNames?: string[];
  cwd?: string;
  status: "needs-approval" | "stopped" | "starting" | "ready" | "failed" | "needs-review";
  message?: string;
  tools: number;
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
  createdAt?: number;
  lastUsedAt?: number;
}

export interface Template {
  id: string;
  graph: Graph;
  title?: { en: string; zh: string };
  summary?: { en: string; zh: string };
  samples?: unknown[];
  needs: {
    knowledge?: unknown[];
    mcpServers?: unknown[];
    secrets?: unknown[];
    models?: unknown[];
  };
}

/** What a run's stream brings: its stored events and the text on its way. */
export type RunSignal = { kind: "event"; event: RunEvent } | { kind: "delta"; delta: Delta };

export type { Delta, Document, Graph, Issue, RunEvent, RunInput, RunOutput, Wait };
