/**
 * Converts the events of a run to spans, by OpenTelemetry's conventions for generative AI: `invoke_agent` for the run, a
 * span per node, and below it `chat`, `execute_tool` and `retrieval`. A pure fold: ids derive from the run and the first
 * event of the span, so a run that another process continues is one trace.
 */
import { createHash } from "node:crypto";
import { type ErrorData, isModelError } from "../../runtime/error.ts";
import { type EventOf, type RunEvent, type Scope, scopeKey, TERMINAL } from "../../runtime/event.ts";
import type { Message } from "../../runtime/message.ts";

type Value = string | number | boolean | string[];

export interface SpanData {
  trace: string;
  id: string;
  parent?: string;
  operation: "invoke_agent" | "node" | "chat" | "execute_tool" | "retrieval";
  name: string;
  /** Unix milliseconds. */
  startedAt: number;
  endedAt: number;
  attributes: Record<string, Value>;
  error?: ErrorData;
}

export interface SpanOptions {
  /** Removes secrets from a text. Absent: spans contain no messages. */
  content?: (text: string) => string;
}

interface Open {
  id: string;
  parent: string | undefined;
  startedAt: number;
  attributes: Record<string, Value>;
}

/** Parses `00-<trace>-<span>-<flags>` of W3C's traceparent; undefined when it is not valid. */
export function parseTrace(header: string): { trace: string; span: string; sampled: boolean } | undefined {
  const [, trace, span, flags] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(header) ?? [];
  if (!trace || !span || /^0+$/.test(trace) || /^0+$/.test(span)) return undefined;
  return { trace, span, sampled: (Number.parseInt(flags!, 16) & 1) === 1 };
}

export class SpanFold {
  /** Whether the caller's trace is recorded; undefined when the trace begins here. */
  readonly sampled: boolean | undefined;
  readonly trace: string;
  readonly #run: string;
  readonly #options: SpanOptions;
  #caller: string | undefined;
  #start: EventOf<"run-start"> | undefined;
  /** Span of the current part of the run: since its begin, or since it was resumed. */
  #root: Open | undefined;
  readonly #nodes = new Map<string, Open>();
  readonly #prompts = new Map<string, { event: EventOf<"prompt-built">; messages: Message[] }>();
  /** Messages without their usage event yet, by node. */
  readonly #chats = new Map<string, EventOf<"message">>();
  readonly #tools = new Map<string, { open: Open; event: EventOf<"tool-start"> }>();
  /** Time of the last event of each node: the start of a retrieval, which has no event of its own for it. */
  readonly #lastAt = new Map<string, number>();

  constructor(run: string, start: RunEvent | undefined, options: SpanOptions = {}) {
    this.#run = run;
    this.#options = options;
    const caller = start?.type === "run-start" && start.trace ? parseTrace(start.trace) : undefined;
    this.trace = caller?.trace ?? hash(run, 32);
    this.#caller = caller?.span;
    this.sampled = caller?.sampled;
  }

  /** Returns the spans that end with this event. Add all events in order, from the first one. */
  add(event: RunEvent): SpanData[] {
    const ended: SpanData[] = [];
    const key = "node" in event && event.node !== undefined ? keyOf(event.node, scopeOf(event)) : "";
    switch (event.type) {
      case "run-start":
        this.#start = event;
        this.#root = this.#open(event, this.#caller, this.#rootAttributes());
        break;
      case "run-resume":
        this.#root ??= this.#open(event, this.#caller, this.#rootAttributes());
        break;
      case "node-start":
        this.#nodes.set(key, this.#open(event, this.#parentOf(event.scope), nodeAttributes(event.node, event.scope)));
        break;
      case "prompt-built": {
        this.#endChat(key, ended);
        const kept = this.#options.content ? (this.#prompts.get(key)?.messages.slice(0, event.keep) ?? []) : [];
        this.#prompts.set(key, { event, messages: this.#options.content ? [...kept, ...event.messages] : [] });
        break;
      }
      case "message":
        this.#endChat(key, ended);
        this.#chats.set(key, event);
        break;
      case "usage":
        if (event.call === undefined) this.#endChat(key, ended, event);
        break;
      case "tool-start":
        this.#tools.set(`${key} ${event.call.id}`, {
          open: this.#open(event, this.#nodeSpan(key), {}),
          event,
        });
        break;
      case "tool-end":
        this.#endTool(`${key} ${event.call}`, event, ended);
        break;
      case "retrieval":
        ended.push(this.#retrieval(event, key));
        break;
      case "node-end":
      case "node-fail":
      case "node-skip":
        this.#endChat(key, ended);
        this.#endNode(key, event, ended);
        break;
      default:
        break;
    }
    if (event.type === "run-wait" || TERMINAL.has(event.type)) this.#endRoot(event, ended);
    if (key) this.#lastAt.set(key, event.at);
    return ended;
  }

  #nodeSpan(key: string): string | undefined {
    return this.#nodes.get(key)?.id ?? this.#root?.id;
  }

  #open(event: RunEvent, parent: string | undefined, attributes: Record<string, Value>): Open {
    return { id: hash(`${this.#run} ${event.seq}`, 16), parent, startedAt: event.at, attributes };
  }

  /** The span of the innermost container or tool call of a scope, or that of the run. */
  #parentOf(scope: Scope | undefined): string | undefined {
    const last = scope?.at(-1);
    if (!last) return this.#root?.id;
    const key = keyOf(last.node, scope!.slice(0, -1));
    const call = last.call === undefined ? undefined : this.#tools.get(`${key} ${last.call}`)?.open;
    return (call ?? this.#nodes.get(key))?.id ?? this.#root?.id;
  }

  #end(
    operation: SpanData["operation"],
    name: string,
    { id, parent, startedAt, attributes }: Open,
    endedAt: number,
    more: Record<string, Value | undefined>,
    error?: ErrorData,
  ): SpanData {
    const all: Record<string, Value> = { ...attributes };
    if (operation !== "node") all["gen_ai.operation.name"] = operation;
    for (const [attribute, value] of Object.entries(more)) if (value !== undefined) all[attribute] = value;
    if (error) all["error.type"] = error.code;
    return {
      trace: this.trace,
      id,
      ...(parent !== undefined && { parent }),
      operation,
      name,
      startedAt: Math.min(startedAt, endedAt),
      endedAt,
      attributes: all,
      ...(error && { error }),
    };
  }

  #rootAttributes(): Record<string, Value> {
    const { agent, session, fork } = this.#start ?? {};
    return {
      "patchbay.run.id": this.#run,
      ...(agent && { "gen_ai.agent.name": agent.name }),
      ...(agent?.id && { "gen_ai.agent.id": agent.id }),
      ...(agent?.version !== undefined && { "gen_ai.agent.version": `${agent.slug}@${agent.version}` }),
      ...(session !== undefined && { "gen_ai.conversation.id": session }),
      ...(fork && { "patchbay.run.fork_of": fork.run }),
    };
  }

  #endRoot(event: RunEvent, ended: SpanData[]): void {
    if (TERMINAL.has(event.type)) for (const key of [...this.#chats.keys()]) this.#endChat(key, ended);
    const root = this.#root;
    if (!root) return;
    this.#root = undefined;
    const status =
      { "run-wait": "waiting", "run-fail": "failed", "run-cancel": "cancelled" }[event.type as string] ?? "done";
    const name = this.#start?.agent.name;
    const content = this.#options.content;
    ended.push(
      this.#end(
        "invoke_agent",
        name ? `invoke_agent ${name}` : "invoke_agent",
        root,
        event.at,
        {
          "patchbay.run.status": status,
          ...(content &&
            this.#start && {
              "gen_ai.input.messages": content(messagesText([{ role: "user", content: this.#start.input.message }])),
            }),
          ...(content &&
            event.type === "run-end" && {
              "gen_ai.output.messages": content(messagesText([{ role: "assistant", content: event.output.reply }])),
            }),
        },
        event.type === "run-fail" ? event.error : undefined,
      ),
    );
  }

  #endNode(
    key: string,
    event: EventOf<"node-end"> | EventOf<"node-fail"> | EventOf<"node-skip">,
    ended: SpanData[],
  ): void {
    const error = event.type === "node-fail" ? event.error : undefined;
    const prompt = this.#prompts.get(key);
    // A model call that failed has no message event: only its prompt.
    if (error && prompt && isModelError(error.code)) {
      const { model } = prompt.event;
      const open = this.#open(prompt.event, this.#nodeSpan(key), {});
      ended.push(this.#end("chat", `chat ${modelOf(model)}`, open, event.at, modelAttributes(model), error));
    }
    this.#prompts.delete(key);
    const open = this.#nodes.get(key);
    if (!open) return;
    this.#nodes.delete(key);
    ended.push(this.#end("node", `node ${event.node}`, open, event.at, {}, error));
  }

  #endChat(key: string, ended: SpanData[], usage?: EventOf<"usage">): void {
    const event = this.#chats.get(key);
    if (!event) return;
    this.#chats.delete(key);
    const prompt = this.#prompts.get(key);
    const content = this.#options.content;
    const open = {
      ...this.#open(event, this.#nodeSpan(key), {}),
      startedAt: event.at - event.ms,
    };
    ended.push(
      this.#end(
        "chat",
        `chat ${modelOf(event.model)}`,
        open,
        event.at,
        {
          ...modelAttributes(event.model),
          "gen_ai.response.model": modelOf(event.model),
          "gen_ai.response.finish_reasons": [event.reason],
          "gen_ai.usage.input_tokens": usage?.inputTokens,
          "gen_ai.usage.output_tokens": usage?.outputTokens,
          "patchbay.cost_usd": usage?.costUsd,
          "gen_ai.response.time_to_first_chunk": event.firstMs === undefined ? undefined : event.firstMs / 1000,
          "patchbay.attempts": (event.attempts?.length ?? 0) + 1,
          ...(content && prompt && { "gen_ai.input.messages": content(messagesText(prompt.messages)) }),
          ...(content && { "gen_ai.output.messages": content(messagesText([event.message])) }),
        },
        event.reason === "error" ? { code: "bad_response", message: "The response broke off." } : undefined,
      ),
    );
  }

  #endTool(key: string, event: EventOf<"tool-end">, ended: SpanData[]): void {
    const started = this.#tools.get(key);
    if (!started) return;
    this.#tools.delete(key);
    const name = event.tool ?? started.event.tool ?? started.event.call.name;
    const content = this.#options.content;
    const error =
      event.error ?? (event.result.error ? ({ code: "tool_failed", message: "The tool failed." } as const) : undefined);
    ended.push(
      this.#end(
        "execute_tool",
        `execute_tool ${name}`,
        started.open,
        event.at,
        {
          "gen_ai.tool.name": name,
          "gen_ai.tool.call.id": event.call,
          "gen_ai.tool.type": "function",
          ...(content && { "gen_ai.tool.call.arguments": content(JSON.stringify(started.event.call.arguments)) }),
          ...(content && { "gen_ai.tool.call.result": content(event.result.content) }),
        },
        error,
      ),
    );
  }

  #retrieval(event: EventOf<"retrieval">, key: string): SpanData {
    const open = {
      ...this.#open(event, this.#nodeSpan(key), {}),
      startedAt: this.#lastAt.get(key) ?? event.at,
    };
    const content = this.#options.content;
    return this.#end("retrieval", `retrieval ${event.of}`, open, event.at, {
      "patchbay.retrieval.of": event.of,
      "patchbay.retrieval.hits": event.hits.length,
      ...(content && { "gen_ai.retrieval.query.text": content(event.query) }),
    });
  }
}

function keyOf(node: string, scope: Scope | undefined): string {
  return `${scopeKey(scope)}|${node}`;
}

function scopeOf(event: RunEvent): Scope | undefined {
  return "scope" in event ? event.scope : undefined;
}

function nodeAttributes(node: string, scope: Scope | undefined): Record<string, Value> {
  return { "patchbay.node.id": node, ...(scope?.length && { "patchbay.node.scope": scopeKey(scope) }) };
}

function modelAttributes(name: string): Record<string, Value> {
  return { "gen_ai.provider.name": name.split("/", 1)[0]!, "gen_ai.request.model": modelOf(name) };
}

/** `provider/model` without the provider. */
function modelOf(name: string): string {
  return name.slice(name.indexOf("/") + 1);
}

/** Messages in the format of the conventions. */
function messagesText(messages: { role: string; content?: unknown; calls?: unknown }[]): string {
  return JSON.stringify(
    messages.map(({ role, content, calls }) => ({
      role,
      parts: [
        ...(content === undefined || content === ""
          ? []
          : [{ type: "text", content: typeof content === "string" ? content : JSON.stringify(content) }]),
        ...((calls as { id: string; name: string; arguments: unknown }[] | undefined) ?? []).map((call) => ({
          type: "tool_call",
          id: call.id,
          name: call.name,
          arguments: call.arguments,
        })),
      ],
    })),
  );
}

function hash(text: string, length: number): string {
  return createHash("sha256").update(text).digest("hex").slice(0, length);
}
