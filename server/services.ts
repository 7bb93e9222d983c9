/**
 * What the server is made of, as interfaces: each is implemented in the folder named beside it, built in `main.ts`,
 * handed to the routes and to `host.ts`. Nothing reaches a service by import.
 */
import type { ErrorCode, ErrorData } from "../runtime/error.ts";
import type { Delta, RunEvent, RunOutput, Wait, WaitAnswer } from "../runtime/event.ts";
import type { RunStatus, RunUsage } from "../runtime/fold-run.ts";
import type { Graph } from "../runtime/graph.ts";
import type { HttpRequest, HttpResponse, SearchMode } from "../runtime/host.ts";
import type { Issue } from "../runtime/issue.ts";
import type { Document, FileRef } from "../runtime/message.ts";
import type { ChatRequest, Model, ModelEvent, ModelProfile } from "../runtime/model.ts";
import type { Effect, JsonSchema, RankedTool, ToolOffer, ToolResult, ToolSpec } from "../runtime/tool.ts";
import type { Visitors } from "./chat/visitors.ts";
import type { Env } from "./env.ts";
import type { Metrics } from "./metrics.ts";
import type { Conversations } from "./runs/conversations.ts";
import type { Triggers } from "./triggers/triggers.ts";

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
  /**
   * Calls back soon after another process changed a record (and perhaps after this one did); without a change when any
   * may have been missed. For what a process keeps in memory. Until the returned function is called.
   */
  watch(listener: (change: { kind: string; id: string } | undefined) => void): () => void;
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
    work: (
      input: I,
      context: { task: string; signal: AbortSignal; progress(p: Task["progress"]): void },
    ) => Promise<unknown>,
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
  kind: "openai-compatible" | "anthropic" | "local" | "demo";
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
  /** An embedding model: for knowledge, not for chat. */
  embeds?: boolean;
  profile: ModelProfile;
}

export interface ProviderTest {
  ok: boolean;
  /** What went wrong, for the editor to word in the user's language; absent when all is well. */
  code?: ErrorCode;
  /** One sentence, in English. */
  message: string;
  models: string[];
  /** The model that was tried. */
  tried?: string;
  /** What the provider's profile should say by what was found; absent where it says so already. */
  suggests?: Partial<ModelProfile>;
  /** What was found out by trying, per capability; absent where it was not tried. */
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
export type SafeFetch = (request: HttpRequest, signal: AbortSignal) => Promise<HttpResponse>;

/* ---- tools/ and mcp/ ---- */

export interface ToolCard extends ToolSpec {
  binding: "builtin" | "http" | "openapi" | "mcp" | "code" | "agent" | "model";
  /** What it still needs before it can be called: a secret, a server to approve. */
  needs?: string[];
  /** Shown in the library: the API, the server or the template it came from. */
  source?: string;
}

export interface ToolImport {
  /** An OpenAPI 3.0, 3.1 or Swagger 2 document: an object, or its text in JSON or YAML. */
  openapi?: unknown;
  /** A tool template of ours, of Flowise or of the paper's schema: one or a list, an object or its text. */
  template?: unknown;
  /** Names the API of an OpenAPI document; made from its title when absent. */
  name?: string;
  /** Stands in for the document's server, which may be missing, relative or a test system. */
  server?: string;
}

export interface ToolImportReport {
  tools: ToolCard[];
  report: { operation: string; result: "imported" | "simplified" | "left-out"; reason?: string }[];
}

export interface Toolbox {
  cards(): Promise<ToolCard[]>;
  /** As `Host.tools`. */
  specs(names: string[]): Promise<ToolSpec[]>;
  /** As `Host.searchTools`. */
  search(query: string, offered: ToolOffer[], limit: number, signal: AbortSignal): Promise<RankedTool[]>;
  /** As `Host.callTool`. Arguments that break the tool's schema are a result with `error`. */
  call(
    call: { id: string; tool: string; arguments: unknown },
    options: { idempotencyKey: string },
    signal: AbortSignal,
  ): Promise<ToolResult>;
  /** A tool made by hand, whole with its binding. Rejects with `not_found`. */
  custom(name: string): Promise<CustomTool>;
  /** Validates and stores an `http`, `code` or `model` tool made by hand; `create` rejects with `conflict` where it exists. */
  save(tool: unknown, options?: { create?: boolean }): Promise<ToolCard>;
  /** What the operator knows better than the importer: a tool's effect, and whether a call may be repeated. */
  configure(name: string, change: { effect?: Effect; repeatable?: boolean }): Promise<ToolCard>;
  /** One tool, or all of an API (`openapi/<api>/*`). */
  delete(name: string): Promise<boolean>;
  import(source: ToolImport): Promise<ToolImportReport>;
}

/** Text as it stands, or a secret's value with what is put before it; `basic`: the secret is `user:password`. */
export type ToolHeader = string | { secret: string; prefix?: string; as?: "basic" };

export interface CustomTool {
  /** `http/x`, `code/x` or `model/x` */
  name: string;
  summary: string;
  parameters: JsonSchema;
  effect: Effect;
  repeatable?: boolean;
  http?: {
    method: string;
    url: string;
    headers: Record<string, ToolHeader>;
    body?: string;
    timeoutMs?: number;
    /** What of the answer the model reads; `file`: the picked text is a file. */
    output?: { pick?: string; file?: "base64" | "url"; mediaType?: string };
  };
  code?: { source: string; timeoutMs: number };
  /** Asks a configured model. */
  model?: { model: string; instructions: string; input: string; schema?: JsonSchema };
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
  /** Hash of what is shown; sent back with the approval, so that what runs is what was seen. */
  seen: string;
  status: "needs-approval" | "needs-sign-in" | "stopped" | "starting" | "ready" | "failed" | "needs-review";
  /** Why it failed or what changed. */
  message?: string;
  tools: number;
  /** Tools that were left out, and why. */
  rejected?: { tool: string; reason: string }[];
}

export interface McpServers {
  cards(): Promise<McpServerCard[]>;
  /** Takes one server or a pasted `{ mcpServers: {…} }`; header and env values become secrets. Starts nothing. */
  add(body: unknown): Promise<McpServerCard[]>;
  /** Replaces parts of a server's settings. Whatever changes what runs needs a new approval. */
  change(name: string, change: unknown): Promise<McpServerCard>;
  /**
   * The admin saw exactly this argv, env names and folder (or URL) and says yes. Then it is started and its tools are
   * pinned; also the answer to `needs-review`. Rejects with `conflict` when `seen` is not what stands now.
   */
  approve(name: string, seen?: string): Promise<McpServerCard>;
  /** Begins a sign-in (OAuth) at an HTTP server; gives the address to send the person to. `origin`: of our own pages. */
  signIn(name: string, origin: string): Promise<{ url: string }>;
  /** Ends it with what the person was sent back with. Rejects with `forbidden` for what was not begun here. */
  finishSignIn(params: URLSearchParams): Promise<McpServerCard>;
  /** The pinned tools, without starting anything. Rejects with `not_found`; empty before the first approval. */
  tools(name: string, signal: AbortSignal): Promise<ToolSpec[]>;
  /**
   * Calls a tool, starting the server where it is not running. A failure of the tool is a result with `error`.
   * Rejects with `mcp_start_failed`, `mcp_failed`, `tool_timeout` or, when the outcome is unknown, `connection_lost`.
   */
  call(
    server: string,
    tool: string,
    args: Record<string, unknown>,
    options: { idempotencyKey: string },
    signal: AbortSignal,
  ): Promise<ToolResult>;
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
    source:
      | { title: string; mediaType?: string; bytes: Uint8Array }
      | { title: string; text: string }
      | { url: string },
  ): Promise<{ document: KnowledgeDocument; task: string }>;
  documents(name: string, options?: { after?: string; limit?: number }): Promise<KnowledgeDocument[]>;
  document(name: string, id: string): Promise<KnowledgeDocument & { text: string }>;
  /** The bytes as they came. */
  source(name: string, id: string): Promise<{ title: string; mediaType: string; bytes: Uint8Array }>;
  removeDocument(name: string, id: string): Promise<boolean>;
  /**
   * A task that makes the index anew beside the old one, which answers until then; `embedder` changes it, `null` takes
   * it away.
   */
  reindex(name: string, options?: { embedder?: string | null }): Promise<Task>;
  /** See `Host.searchKnowledge`. */
  search(
    name: string,
    query: string,
    options: { limit: number; mode: SearchMode; minScore?: number },
    signal: AbortSignal,
  ): Promise<Document[]>;
}

/* ---- stores/event-log ---- */

/** What a run came from and where it stands: derived from its events, written with them. */
export interface RunRow {
  id: string;
  status: RunStatus;
  /** Id of the saved agent; absent for a run of a graph that is not saved. */
  agent?: string;
  slug?: string;
  version?: number;
  /** The graph's name, for lists. */
  name: string;
  /** Hash of the graph that the run goes by; see `EventLog.graph`. */
  graph: string;
  session?: string;
  user?: string;
  /** Id of the agent key that called. */
  key?: string;
  /** The run that this one was forked from. */
  fork?: string;
  /** The first 500 characters of the message. */
  message: string;
  usage: RunUsage;
  /** Unix milliseconds. */
  startedAt: number;
  endedAt?: number;
  /** Code of the error, where it failed. */
  error?: string;
  rating?: { score: number; comment?: string };
}

export interface RunFilter {
  agent?: string;
  status?: RunStatus;
  session?: string;
  key?: string;
  user?: string;
  /** Part of the message. */
  text?: string;
  /** Started at or after, before: Unix milliseconds. */
  from?: number;
  to?: number;
  /** Id of the last run of the page before. Newest first. */
  after?: string;
  limit?: number;
}

/** Names a call so that the same call sent twice is one run. Unique per `key` (empty: the admin). */
export interface Idempotency {
  key: string;
  id: string;
  /** Hash of the body: another body under the same id is a conflict. */
  bodyHash: string;
}

/**
 * The events of all runs: the only record of them. Events of one run are appended in order of `seq`, without gaps;
 * readers see an event only after it is on disk. One contract suite, run by each implementation.
 */
export interface EventLog {
  /**
   * Adds an event. `urgent`: written at once; others may be held up to 20 ms or until the next urgent one of the run.
   * Resolves when it and all before it are on disk; rejects with `storage_full` or `unavailable`, and then so does
   * every later append to this run.
   */
  append(event: RunEvent, options?: { urgent?: boolean; idempotency?: Idempotency }): Promise<void>;
  /** Events with a `seq` greater than `after` (all: -1), in order, at most `limit` (1000). */
  read(run: string, after: number, limit?: number): Promise<RunEvent[]>;
  /** `seq` of the last event on disk; -1 where there is none. At once where it is known here. */
  last(run: string): number | Promise<number>;
  /** Calls back (with nothing) whenever more of the run is on disk, until the returned function is called. */
  watch(run: string, listener: () => void): () => void;
  row(run: string): Promise<RunRow | undefined>;
  rows(filter: RunFilter): Promise<RunRow[]>;
  /** Runs that have not ended, oldest first. */
  unfinished(): Promise<RunRow[]>;
  /** Conversations, the last spoken first. `after`: the last session of the page before. */
  sessions(filter: {
    agent?: string;
    key?: string;
    user?: string;
    after?: string;
    limit?: number;
  }): Promise<SessionRow[]>;
  /** Runs of a session that were not forks, oldest first. `key` empty: the admin's. */
  sessionRuns(session: string, options?: { agent?: string; key?: string }): Promise<RunRow[]>;
  findIdempotent(key: string, id: string): Promise<{ run: string; bodyHash: string } | undefined>;
  rate(run: string, rating: { score: number; comment?: string }): Promise<boolean>;
  /** Removes the events and the row. False when it was not there; rejects with `conflict` while it has not ended. */
  delete(run: string): Promise<boolean>;
  /** Deletes ended runs that started before; resolves with how many. */
  deleteBefore(time: number): Promise<number>;
  /**
   * Takes a run up again whose appends failed: its next event follows the last one on disk. Resolves with that `seq`;
   * rejects as long as nothing can be stored.
   */
  recover(run: string): Promise<number>;
  /**
   * Takes a run for this process alone, until it ends or is released: only then may it be appended to. A run that
   * begins here is claimed with it. False while another living process has it, and when it is over.
   */
  claim(run: string): Promise<boolean>;
  /** Gives back a run that rests. `queue`: there is work to do on it, which any worker may. */
  release(run: string, options?: { queue?: boolean }): Promise<void>;
  /** The living process that has the run, if any: see `Cluster`. */
  owner(run: string): Promise<string | undefined>;
  /** Stores a graph by its hash, once; on disk no later than any later event. */
  saveGraph(hash: string, graph: Graph): void;
  graph(hash: string): Promise<Graph | undefined>;
  /** Sums by day (UTC) and agent. */
  usage(filter: { from: number; to: number; agent?: string }): Promise<UsageRow[]>;
  /** Writes what is pending and closes. */
  close(): Promise<void>;
}

export interface SessionRow {
  id: string;
  /** Of its first run. */
  agent?: string;
  key?: string;
  user?: string;
  name: string;
  /** What was said first. */
  title: string;
  turns: number;
  /** Unix milliseconds, of its first and last run. */
  startedAt: number;
  updatedAt: number;
}

export interface UsageRow extends RunUsage {
  /** YYYY-MM-DD, UTC. */
  day: string;
  agent?: string;
  name: string;
  runs: number;
  failed: number;
}

/* ---- runs/ ---- */

/** Who asks for a run: decides what it may reach and see. */
export interface RunCaller {
  /** Id of the agent key; absent for the admin. */
  key?: string;
  session?: string;
  user?: string;
  idempotency?: { id: string; body: string };
}

export interface RunResult {
  id: string;
  status: RunStatus;
  output?: RunOutput;
  error?: ErrorData;
  usage: RunUsage;
  /** Open waits, where `status` is `waiting` or `uncertain`. */
  waits?: Wait[];
  session?: string;
}

/** What a follower gets, in order: stored events, and text on its way between them. */
export type RunItem = { event: RunEvent } | { delta: Delta };

/** What a run is of: a published version, a saved draft, or a graph that is not saved. */
export type RunTarget = { slug: string; version?: number } | { agent: string } | { graph: Graph };

export interface Runs {
  /**
   * Starts a run (or finds the one with the same idempotency id). Resolves when it is accepted, which is when
   * execution began; `done` resolves when it ends or waits. Rejects with `not_found`, `bad_request` (input),
   * `graph_has_issues`, `conflict` (a turn of this session runs; same idempotency id, other body), `queue_full`.
   */
  start(
    target: RunTarget,
    input: Record<string, unknown>,
    caller?: RunCaller,
    options?: {
      pins?: Record<string, Record<string, unknown>>;
      range?: { to?: string; from?: string; only?: string };
      fork?: { run: string; node: string };
      /** Somebody will follow it: text on its way is made from the first word. */
      stream?: boolean;
      /** `accepted` is waited for: the first event is written at once. */
      eager?: boolean;
      /** The caller is our own: it may bring a conversation although it speaks for a key. */
      trusted?: boolean;
    },
  ): Promise<{ id: string; done: Promise<RunResult>; accepted: Promise<void> }>;
  /** Where it stands now. Rejects with `not_found`. `key`: only that key's own runs are found. */
  get(id: string, key?: string): Promise<RunResult>;
  /**
   * Stored events after `after`, then live ones, with text on its way; ends after a terminal event, at the first
   * wait when `untilWait`, or when the signal aborts. A slow reader costs nothing but its own delay.
   */
  follow(
    id: string,
    options: { after?: number; untilWait?: boolean; deltas?: boolean; signal: AbortSignal },
  ): AsyncIterable<RunItem>;
  /** No new model or tool call starts after it resolves. Nothing happens to a run that has ended. */
  cancel(id: string): Promise<RunResult>;
  /** Rejects with `not_found`, `gone` (expired), `conflict` (answered before, or by other words). */
  answer(id: string, answers: WaitAnswer[]): Promise<{ id: string; done: Promise<RunResult> }>;
  /** A new run with the values of all that came before `node`, and `outputs` in place of that node's own. */
  fork(
    id: string,
    node: string,
    outputs?: Record<string, unknown>,
  ): Promise<{ id: string; done: Promise<RunResult>; accepted: Promise<void> }>;
}

/* ---- settings.ts ---- */

export interface ServerSettings {
  /** Ended runs that started earlier are deleted with their events; null: never. */
  keepRunsDays: number | null;
}

export interface Settings {
  get(): Promise<ServerSettings>;
  /** Resolves when what follows from the change is done. */
  change(change: Partial<ServerSettings>): Promise<ServerSettings>;
}

/* ---- agents/ ---- */

export interface AgentRecord {
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

export type Access = "private" | "link" | "public";

/** A published version: frozen. `graph` has its agents resolved to versions. */
export interface AgentVersion {
  slug: string;
  version: number;
  agent: string;
  revision: number;
  note: string;
  graph: Graph;
  hash: string;
  /** SHA-256 of each tool's spec when it was published. */
  tools: Record<string, string>;
  publishedAt: number;
}

/** What a slug stands for now. */
export interface Publication {
  slug: string;
  agent: string;
  live: number;
  latest: number;
  /** A second version that takes this share of the calls, 0 to 1. */
  share?: { version: number; share: number };
  access: Access;
  origins: string[];
}

export interface Agents {
  list(options?: { after?: string; limit?: number }): Promise<AgentRecord[]>;
  /** Ids of all drafts; held in memory. */
  ids(): Promise<string[]>;
  /** Rejects with `not_found`. */
  get(id: string): Promise<AgentRecord>;
  create(graph: unknown): Promise<AgentRecord>;
  /** Rejects with `conflict` when the agent does not stand at `revision`. */
  update(id: string, graph: unknown, revision: number): Promise<AgentRecord>;
  delete(id: string): Promise<boolean>;
  /** `label`: what a person called it. */
  revisions(id: string): Promise<{ revision: number; updatedAt: number; name: string; label?: string }[]>;
  /** Names a revision, or takes its name away with "". A named one is kept however many come after it. */
  nameRevision(id: string, revision: number, label: string): Promise<void>;
  revision(id: string, revision: number): Promise<AgentRecord>;
  /** The same verdict as in the editor and the CLI, with what this server has. */
  check(graph: unknown): Promise<Issue[]>;
  publish(
    id: string,
    options: { slug?: string; note?: string; access?: Access; origins?: string[] },
  ): Promise<AgentVersion>;
  versions(id: string): Promise<AgentVersion[]>;
  setLive(id: string, options: { version: number; share?: number }): Promise<Publication>;
  publication(slug: string): Promise<Publication | undefined>;
  publications(): Promise<Publication[]>;
  version(slug: string, version: number): Promise<AgentVersion | undefined>;
}

/* ---- keys/ ---- */

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

/* ---- the guarded sandbox ---- */

export interface Sandbox {
  /** See `Host.evaluate`. */
  evaluate(
    source: string,
    input: Record<string, unknown>,
    limits: { timeoutMs: number },
    signal: AbortSignal,
  ): Promise<unknown>;
  close(): Promise<void>;
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
  sandbox: Sandbox;
  log: EventLog;
  runs: Runs;
  conversations: Conversations;
  agents: Agents;
  keys: Keys;
  metrics: Metrics;
  settings: Settings;
  triggers: Triggers;
  visitors: Visitors;
}
