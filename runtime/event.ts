/**
 * The events of a run: its only record. Numbered 0, 1, 2… without gaps, stored, sent as SSE. Streamed text is a
 * `Delta`, which is neither numbered nor stored.
 */
import type { ErrorData } from "./error.ts";
import type { AssistantMessage, Document, FileRef, Message, ToolCall } from "./message.ts";
import type { JsonSchema, ToolResult } from "./tool.ts";

/** The path through containers: a `map` item, a `loop` turn, or (for an agent called as a tool) the call's id. */
export type Scope = ScopePart[];
export interface ScopePart {
  node: string;
  item?: number;
  turn?: number;
  call?: string;
}

/** The input of a run: `message` and the declared fields. */
export interface RunInput {
  message: string;
  files?: FileRef[];
  /** The conversation before the message, when the caller sends it instead of a session. */
  history?: Message[];
  [field: string]: unknown;
}

export interface RunOutput {
  reply: unknown;
  documents?: Document[];
}

export interface Usage {
  inputTokens: number;
  outputTokens: number;
  costUsd?: number;
}

/** The usage of a whole run. `costUsd` is absent when no model of the run has a price. */
export interface RunUsage extends Usage {
  /** Model messages. */
  steps: number;
  toolCalls: number;
}

/** `usage`: of the whole run. Absent in old logs: fold the events then. */
type End = { usage?: RunUsage };

export interface Wait {
  wait: string;
  /** Identifies the wait within its node. */
  key: string;
  kind: "approval" | "tool" | "uncertain";
  node: string;
  scope?: Scope;
  question: string;
  call?: { id: string; tool: string; arguments: unknown };
  /** The hash of the arguments. An approval with other arguments is bound to the hash of those. */
  argsHash?: string;
  /** The JSON Schema that edited arguments must match; absent when any value is accepted. */
  schema?: JsonSchema;
  /** Unix milliseconds. */
  expiresAt?: number;
}

/** A node's question to a person. */
export type WaitRequest = Omit<Wait, "wait" | "key" | "node" | "scope">;

export interface WaitDecision {
  wait: string;
  choice: "approve" | "reject" | "retry" | "skip" | "fail";
  /** With `approve`: the arguments or the value to use instead. With `reject` of a call: the reason, as a text. */
  value?: unknown;
}

/** How many tokens one piece of a built prompt took, and what was cut from it. */
export interface PromptPiece {
  name: "system" | "capabilities" | "examples" | "tools" | "knowledge" | "history" | "message";
  tokens: number;
  /** Turns, passages or tools left out; characters for a capped text. */
  cut?: { count: number; unit: "turns" | "passages" | "tools" | "characters" | "examples" };
}

type Base = { run: string; seq: number; at: number };
type AtNode = { node: string; scope?: Scope };

/** An event without `run`, `seq` and `at`, which are added when it is appended. */
export type EventBody =
  | {
      type: "run-start";
      /** Name of the agent, its id or slug and version, and the hash of the frozen graph. */
      agent: { id?: string; slug?: string; version?: number; name: string; graph: string };
      /** Graph hashes, in this run, of the agents that it calls without a version, by the name in the call. */
      agents?: Record<string, string>;
      input: RunInput;
      session?: string;
      /** The run of the session whose turn this one replaces, with all turns after it. */
      replaces?: string;
      user?: string;
      /** Id of the caller's agent key. */
      key?: string;
      /** The run and node that this one was forked from. */
      fork?: { run: string; node: string };
      /** The caller's trace context (W3C `traceparent`), when traces are exported. */
      trace?: string;
      /** Pinned outputs by node: the node is not run. */
      pins?: Record<string, Record<string, unknown>>;
      /** Run only a part: up to, from, or exactly one node. */
      range?: { to?: string; from?: string; only?: string };
    }
  | (AtNode & { type: "node-start"; attempt?: number })
  | (AtNode & {
      type: "retrieval";
      of: "knowledge" | "tools";
      query: string;
      hits: { id: string; title: string; score: number; ranks?: Record<string, number>; text?: string }[];
      /** Number of candidates, if known. */
      among?: number;
      /** Position among the node's retrievals, from 0. A resumed run finds the event by it. */
      index: number;
    })
  | (AtNode & {
      type: "prompt-built";
      step: number;
      model: string;
      format: string;
      pieces: PromptPiece[];
      /** Total tokens and the maximum. */
      tokens: number;
      limit: number;
      /** The first `keep` messages are those of the node's previous prompt; `messages` are the rest. */
      keep: number;
      messages: Message[];
      /** Canonical names of the tools in the prompt; absent when the same as in the node's previous prompt. */
      tools?: string[];
    })
  | (AtNode & {
      type: "message";
      step: number;
      model: string;
      message: AssistantMessage;
      reason: FinishReason;
      /** Milliseconds from request to first token and to the end. */
      firstMs?: number;
      ms: number;
      /** Failed attempts before this one. */
      attempts?: { error: ErrorData; waitedMs: number }[];
    })
  /** `call`: the usage of a tool that called a model, not of the node's own completion. */
  | (AtNode & { type: "usage"; step: number; model: string; estimated?: boolean; call?: string } & Usage)
  | (AtNode & {
      type: "tool-start";
      step?: number;
      call: ToolCall;
      /** Canonical name; absent for a tool that does not exist. */
      tool?: string;
      /** Hash of the arguments of `call`. */
      argsHash: string;
      /** The arguments before a person changed them in the approval. */
      proposed?: unknown;
      idempotencyKey: string;
      attempt?: number;
    })
  | (AtNode & {
      type: "tool-end";
      step?: number;
      call: string;
      tool?: string;
      result: ToolResult;
      ms: number;
      error?: ErrorData;
    })
  | (AtNode & { type: "node-end"; outputs: Record<string, unknown>; pinned?: boolean; grounding?: Grounding })
  | (AtNode & { type: "node-skip" })
  | (AtNode & {
      type: "node-fail";
      error: ErrorData;
      attempt?: number;
      next: "fail" | "retry" | "branch";
      retryInMs?: number;
    })
  | { type: "run-wait"; waits: Wait[] }
  | { type: "run-resume"; answers?: WaitDecision[]; reason?: "answer" | "restart" }
  | (End & { type: "run-end"; output: RunOutput })
  | (End & { type: "run-fail"; error: ErrorData; node?: string })
  | (End & { type: "run-cancel" });

export type RunEvent = Base & EventBody;
export type EventType = RunEvent["type"];
export type EventOf<T extends EventType> = Extract<RunEvent, { type: T }>;
export type BodyOf<T extends EventType> = Extract<EventBody, { type: T }>;

export type FinishReason = "stop" | "tools" | "length" | "refused" | "error" | "aborted";

/** What a reply is based on: documents cited and tool calls that succeeded. Both empty: on the model alone. */
export interface Grounding {
  documents: { id: string; title: string; number: number }[];
  tools: string[];
  /** A sentence of the reply that claims an action which no tool call of this run took. */
  claim?: string;
}

/** Text that is being streamed. `offset` is the length of the text before it, in UTF-16 units, within this node's step. */
export interface Delta {
  type: "delta";
  run: string;
  node: string;
  scope?: Scope;
  /** `progress`: lines that a tool reports during a call; they are in no message. */
  kind: "text" | "reasoning" | "progress";
  offset: number;
  text: string;
  /** Part of the run's reply: the node is connected to `output.reply`. */
  answer: boolean;
}

/** One item of a run's stream: a stored event or streamed text. */
export type RunItem = RunEvent | Delta;

export const TERMINAL: ReadonlySet<EventType> = new Set(["run-end", "run-fail", "run-cancel"]);

/** A scope as a text key. Equal scopes have equal keys. */
export function scopeKey(scope: Scope | undefined): string {
  if (!scope?.length) return "";
  return scope.map((part) => `${part.node}:${part.item ?? ""}:${part.turn ?? ""}:${part.call ?? ""}`).join("/");
}

/** The key of a node in a scope. */
export function nodeKey(scope: Scope | undefined, node: string): string {
  return scope?.length ? `${scopeKey(scope)}|${node}` : node;
}
