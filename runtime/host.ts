/**
 * All I/O of the runtime. The server creates one host per run; tests script one. Every method that takes a signal rejects
 * with the signal's reason soon after it aborts.
 */
import type { Delta, RunEvent } from "./event.ts";
import type { RunnableGraph } from "./graph.ts";
import type { Document, FileRef, Message } from "./message.ts";
import type { ChatRequest, Model, ModelEvent } from "./model.ts";
import type { RankedTool, ToolOffer, ToolResult, ToolSpec } from "./tool.ts";

export type SearchMode = "auto" | "hybrid" | "vector" | "text";

export interface HttpRequest {
  method: string;
  /** Absolute; http or https. */
  url: string;
  headers: Record<string, string>;
  /** Headers whose values the host fills in, so that the runtime never has a secret. */
  secretHeaders?: Record<string, SecretHeader>;
  body?: string;
  timeoutMs?: number;
}
/** `prefix` precedes the secret ("Bearer "). */
export interface SecretHeader {
  secret: string;
  prefix?: string;
}
export interface HttpResponse {
  status: number;
  headers: Record<string, string>;
  body: string;
  /** The body was over the limit and is cut. */
  truncated?: boolean;
}

export interface Host {
  /**
   * Adds an event to the run's log, in call order. Resolves when it is on disk; rejects when it cannot be stored
   * (the run then fails with `storage_full` or `unavailable`). Events that need not be waited for may be held back briefly.
   */
  append(event: RunEvent): Promise<void>;
  /** Emits text to subscribers. May be dropped; does not block. */
  delta(delta: Delta): void;
  /** False without subscribers: deltas can be skipped. */
  listening?(): boolean;

  /** Resolves a model's name (`default` included). Rejects with `model_missing`. */
  model(name: string): Promise<Model>;
  /** Calls a model. Never throws; see `ModelEvent`. On abort: `end` with reason `aborted`. */
  chat(request: ChatRequest, signal: AbortSignal): AsyncIterable<ModelEvent>;
  /** One vector per text, all of the same length. Rejects with `model_missing` when no embedder is set. */
  embed(texts: string[], signal: AbortSignal): Promise<number[][]>;

  /** At most `limit` passages, best first. Rejects with `knowledge_missing`. */
  searchKnowledge(
    name: string,
    query: string,
    options: { limit: number; mode: SearchMode; minScore?: number },
    signal: AbortSignal,
  ): Promise<Document[]>;

  /** Specs for names and patterns (`mcp/<server>/*`), in order, each once. An unknown name rejects with `tool_not_allowed`. */
  tools(names: string[], signal: AbortSignal): Promise<ToolSpec[]>;
  /** The `limit` best of `offered` for the query, best first, by hybrid search. */
  searchTools(query: string, offered: ToolOffer[], limit: number, signal: AbortSignal): Promise<RankedTool[]>;
  /**
   * Calls a tool by its canonical name with validated arguments. A failure of the tool is a result with `error`;
   * it rejects only on abort or when the outcome is unknown (`PatchbayError` with code `connection_lost`).
   * `onProgress` receives a line now and then while the tool works, if the tool reports its progress.
   */
  callTool(
    call: { id: string; tool: string; arguments: unknown },
    options: { idempotencyKey: string; onProgress?(text: string): void },
    signal: AbortSignal,
  ): Promise<ToolResult>;

  /** One guarded request: no private address unless the operator allowed it. Resolves with any status. */
  fetch(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse>;
  /** Runs JavaScript in the sandbox: `input` is a global; resolves with the last value or that of `return`, as JSON. */
  evaluate(
    source: string,
    input: Record<string, unknown>,
    limits: { timeoutMs: number },
    signal: AbortSignal,
  ): Promise<unknown>;

  /** The graph of another agent. Without a version: the live one, or the draft when this run is of a draft. */
  graph(agent: string, version?: number): Promise<RunnableGraph>;
  /** The conversation before this run, oldest first, tool messages included. */
  history(session: string): Promise<Message[]>;

  artifact: {
    put(file: { mediaType: string; name: string; bytes: Uint8Array }): Promise<FileRef>;
    get(id: string): Promise<{ ref: FileRef; bytes: Uint8Array }>;
  };

  /**
   * The text of a file that has one (text, Markdown, HTML, CSV, JSON); undefined for any other. Rejects with `not_found`,
   * or with `bad_request` for a damaged file.
   */
  fileText(file: FileRef): Promise<string | undefined>;

  /** Unix milliseconds. */
  now(): number;
  newId(): string;
  /** In [0, 1). */
  random(): number;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}
