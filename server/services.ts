/**
 * What the server is made of, as interfaces: each is implemented in the folder named beside it, built in `main.ts`,
 * handed to the routes and to `host.ts`. Nothing reaches a service by import.
 */
import type { Graph } from "../runtime/graph.ts";
import type { HttpRequest, HttpResponse, SearchMode } from "../runtime/host.ts";
import type { Issue } from "../runtime/issue.ts";
import type { Document, FileRef } from "../runtime/message.ts";
import type { ChatRequest, Model, ModelEvent, ModelProfile } from "../runtime/model.ts";
import type { Effect, JsonSchema, RankedTool, ToolOffer, ToolResult, ToolSpec } from "../runtime/tool.ts";
import type { Env } from "./env.ts";

/* ---- stores/ ---- */

export interface Stored<T> {
  id: string;
  /** 1 when created, one more at each change. */
  revision: number;
  parent?: string;
  body: T;
  /** Unix milliseconds. */
  createdAt: number;
  updatedAt: number;
}

/**
 * The record store: JSON bodies by kind and id. One contract suite, run on SQLite and on PostgreSQL.
 * Bodies are parsed by their owner's zod schema, not here.
 */
export interface Records {
  get<T>(kind: string, id: string): Promise<Stored<T> | undefined>;
  /** In order of id (or newest first); `after` is the last id of the page before. */
  list<T>(
    kind: string,
    options?: { parent?: string; after?: string; limit?: number; newestFirst?: boolean },
  ): Promise<Stored<T>[]>;
  /**
   * Creates or replaces. `revision: 0` must not exist yet, `revision: n` must stand at n: else it rejects with
   * `conflict` and nothing is written.
   */
  put<T>(kind: string, id: string, body: T, options?: { parent?: string; revision?: number }): Promise<Stored<T>>;
  /** False when it was not there. */
  delete(kind: string, id: string): Promise<boolean>;
  close(): Promise<void>;
}

/* ---- secrets/ ---- */

/** Encrypted at rest, write-only from outside. */
export interface Secrets {
  names(): Promise<{ name: string; last4: string; updatedAt: number }[]>;
  set(name: string, value: string): Promise<void>;
  delete(name: string): Promise<boolean>;
  /** For the server's own use. Rejects with `secret_missing`, naming it. */
  get(name: string): Promise<string>;
  /** Replaces every known secret value in a text by `[secret NAME]`. For logs, errors, events and exports. */
  redact(text: string): string;
}

/* ---- stores/files ---- */

export interface Files {
  put(file: { mediaType: string; name: string; bytes: Uint8Array; owner?: string }): Promise<FileRef>;
  /** Rejects with `not_found`. `owner`: the key that uploaded it; absent for the admin's. */
  get(id: string): Promise<{ ref: FileRef; bytes: Uint8Array; owner?: string }>;
  delete(id: string): Promise<boolean>;
}

/* ---- tasks ---- */

export interface Task {
  id: string;
  kind: string;
  status: "queued" | "running" | "done" | "failed" | "cancelled";
  progress: { done: number; total: number; unit: string; secondsLeft?: number };
  title?: string;
  result?: unknown;
  error?: { code: string; message: string };
  createdAt: number;
  updatedAt: number;
}

/** Durable work that is no run. A task that was running when the process died is started again from its input. */
export interface Tasks {
  /** Registers what does a kind of work; `work` must be safe to start again. */
  handle<I>(
    kind: string,
    work: (input: I, context: { task: string; signal: AbortSignal; progress(p: Task["progress"]): void }) => Promise<unknown>,
  ): void;
  start<I>(kind: string, input: I, options?: { title?: string }): Promise<Task>;
  get(id: string): Promise<Task | undefined>;
  list(options?: { after?: string; limit?: number }): Promise<Task[]>;
  cancel(id: string): Promise<Task | undefined>;
  /** Calls back at each change until the returned function is called. */
  watch(id: string, listener: (task: Task) => void): () => void;
}

/* ---- models/ ---- */

export interface Provider {
  id: string;
  /** `demo` is built in and not stored. */
  kind: "openai-compatible" | "anthropic" | "demo";
  baseUrl?: string;
  apiKey?: { secret: string };
  /** Model ids; when absent, what the endpoint lists. */
  models?: string[];
  profile?: Partial<ModelProfile>;
  /** Taken when a model of this provider fails for good. */
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
  /** One sentence. */
  message: string;
  models: string[];
  /** What was found out by trying, per capability; absent where it was not tried. */
  found: { chat?: boolean; streams?: boolean; tools?: boolean; vision?: boolean; embeddings?: boolean; structured?: boolean };
  latencyMs?: number;
}

export interface Models {
  providers(): Promise<Provider[]>;
  /** Validates and stores; rejects with `bad_request` or `conflict`. */
  save(provider: Provider): Promise<Provider>;
  delete(id: string): Promise<boolean>;
  test(id: string, signal: AbortSignal): Promise<ProviderTest>;
  cards(): Promise<ModelCard[]>;
  /** Resolves `default` and checks that the model can be had. Rejects with `model_missing`. */
  resolve(name: string): Promise<Model>;
  /** See `Host.chat`. `quiet`: nobody listens to deltas, so they need not be made. */
  chat(request: ChatRequest, signal: AbortSignal, options?: { quiet?: boolean }): AsyncIterable<ModelEvent>;
  /** `model` defaults to the configured embedder. Rejects with `model_missing` where there is none. */
  embed(texts: string[], signal: AbortSignal, model?: string): Promise<number[][]>;
  /** The configured embedder, if any: `provider/model`. */
  embedder(): string | undefined;
}

/* ---- net ---- */

/** The one guarded client for everything that a graph, a tool or an import may reach. */
export interface SafeFetch {
  (request: HttpRequest, signal: AbortSignal): Promise<HttpResponse>;
}

/* ---- tools/ and mcp/ ---- */

export interface ToolCard extends ToolSpec {
  binding: "builtin" | "http" | "openapi" | "mcp" | "code" | "agent" | "model";
  /** What it still needs before it can be called: a secret, a server to approve. */
  needs?: string[];
  /** Shown in the library: the API, the server or the template it came from. */
  source?: string;
}

export interface Toolbox {
  cards(): Promise<ToolCard[]>;
  /** As `Host.tools`. */
  specs(names: string[]): Promise<ToolSpec[]>;
  /** As `Host.searchTools`. */
  search(query: string, offered: ToolOffer[], limit: number, signal: AbortSignal): Promise<RankedTool[]>;
  /** As `Host.callTool`. */
  call(
    call: { id: string; tool: string; arguments: unknown },
    options: { idempotencyKey: string },
    signal: AbortSignal,
  ): Promise<ToolResult>;
  /** An `http` or `code` tool made by hand. */
  save(tool: CustomTool): Promise<ToolCard>;
  delete(name: string): Promise<boolean>;
  import(source: { openapi?: unknown; template?: unknown }): Promise<{
    tools: ToolCard[];
    report: { operation: string; result: "imported" | "simplified" | "left-out"; reason?: string }[];
  }>;
}

export interface CustomTool {
  /** `http/x` or `code/x` */
  name: string;
  summary: string;
  parameters: JsonSchema;
  effect: Effect;
  repeatable?: boolean;
  http?: { method: string; url: string; headers: Record<string, string | { secret: string }>; body?: string };
  code?: { source: string; timeoutMs: number };
  source?: string;
}

export interface McpServerConfig {
  /** `[a-z][a-z0-9-]{0,31}` */
  name: string;
  url?: string;
  headers?: Record<string, { secret: string }>;
  command?: string;
  args?: string[];
  env?: Record<string, { secret: string }>;
  cwd?: string;
}

export interface McpServerCard {
  name: string;
  transport: "stdio" | "http";
  /** What is shown for approval: the exact argv, env names and folder, or the URL and header names. */
  url?: string;
  headerNames?: string[];
  argv?: string[];
  envNames?: string[];
  cwd?: string;
  status: "needs-approval" | "stopped" | "starting" | "ready" | "failed" | "needs-review";
  /** Why it failed or what changed. */
  message?: string;
  tools: number;
}

export interface McpServers {
  cards(): Promise<McpServerCard[]>;
  /** Takes one server or a pasted `{ mcpServers: {…} }`; header and env values become secrets. Starts nothing. */
  add(body: unknown): Promise<McpServerCard[]>;
  /** The admin saw exactly this argv, env names and folder (or URL) and says yes. Then it may start. */
  approve(name: string): Promise<McpServerCard>;
  tools(name: string, signal: AbortSignal): Promise<ToolSpec[]>;
  delete(name: string): Promise<boolean>;
  /** Ends every child with its process group. */
  close(): Promise<void>;
}

/* ---- knowledge/ ---- */

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

export interface Knowledge {
  cards(): Promise<KnowledgeCard[]>;
  create(knowledge: { name: string; embedder?: string }): Promise<KnowledgeCard>;
  delete(name: string): Promise<boolean>;
  /** Stores the bytes and starts a task that indexes them. Same title and same content: nothing is done twice. */
  add(
    name: string,
    source: { title: string; mediaType?: string; bytes: Uint8Array } | { title: string; text: string } | { url: string },
  ): Promise<{ document: KnowledgeDocument; task: string }>;
  documents(name: string, options?: { after?: string; limit?: number }): Promise<KnowledgeDocument[]>;
  document(name: string, id: string): Promise<KnowledgeDocument & { text: string }>;
  removeDocument(name: string, id: string): Promise<boolean>;
  /** See `Host.searchKnowledge`. */
  search(
    name: string,
    query: string,
    options: { limit: number; mode: SearchMode; minScore?: number },
    signal: AbortSignal,
  ): Promise<Document[]>;
}

/* ---- agents (stores/agents.ts) ---- */

export interface AgentRecord {
  id: string;
  revision: number;
  graph: Graph;
  issues: Issue[];
  slug?: string;
  /** The live version, where it is published. */
  live?: number;
  updatedAt: number;
}

export interface Services {
  env: Env;
  records: Records;
  secrets: Secrets;
  files: Files;
  tasks: Tasks;
  models: Models;
  toolbox: Toolbox;
  mcp: McpServers;
  knowledge: Knowledge;
  fetch: SafeFetch;
}
