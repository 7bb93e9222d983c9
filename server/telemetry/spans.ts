/**
 * A run's events as spans, by OpenTelemetry's conventions for generative AI: `invoke_agent` for the run, one for each
 * node, and under it `chat`, `execute_tool` and `retrieval`. A pure fold: ids are made from the run and the event that a
 * span begins with, so a run that another process goes on with is one trace.
 */
import { createHash } from "node:crypto";
import type { ErrorData } from "../../runtime/error.ts";
import { type EventOf, type RunEvent, type Scope, scopeKey, TERMINAL } from "../../runtime/event.ts";
import type { Message } from "../../runtime/message.ts";
import { MODEL_ERRORS } from "./model-errors.ts";

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
  /** Takes secrets out of a text; absent: what was said is in no span. */
  content?: (text: string) => string;
}

interface Open {
  id: string;
  parent: string | undefined;
  startedAt: number;
  attributes: Record<string, Value>;
}

/** `00-<trace>-<span>-<flags>` of W3C's traceparent; undefined where it is none. */
export function parseTrace(header: string): { trace: string; span: string; sampled: boolean } | undefined {
  const [, trace, span, flags] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(header) ?? [];
  if (!trace || !span || /^0+$/.test(trace) || /^0+$/.test(span)) return undefined;
  return { trace, span, sampled: (Number.parseInt(flags!, 16) & 1) === 1 };
}

export class SpanFold {
  /** Whether the caller's trace is recorded; absent where the trace begins here. */
  readonly sampled: boolean | undefined;
  readonly trace: string;
  readonly #run: string;
  readonly #options: SpanOptions;
  #caller: string | undefined;
  #start: EventOf<"run-start"> | undefined;
  /** The part of the run that is under way: from its begin, or from where it was taken up. */
  #root: Open | undefined;
  readonly #nodes = new Map<string, Open>();
  readonly #prompts = new Map<string, { event: EventOf<"prompt-built">; messages: Message[] }>();
  /** Finished messages whose usage is still to come, by node. */
  readonly #chats = new Map<string, EventOf<"message">>();
  readonly #tools = new Map<string, { open: Open; event: EventOf<"tool-start"> }>();
  /** When a node's last event was, for what has no begin of its own. */
  readonly #lastAt = new Map<string, number>();

  constructor(run: string, start: RunEvent | undefined, options: SpanOptions = {}) {
    this.#run = run;
    this.#options = options;
    const caller = start?.type === "run-start" && start.trace ? parseTrace(start.trace) : undefined;
    this.trace = caller?.trace ?? hash(run, 32);
    this.#caller = caller?.span;
    this.sampled = caller?.sampled;
  }

  /** The spans that end with this event. Events come in order, from the first one on. */
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
        this.#nodes.set(key, this.#open(event, this.#above(event.scope), nodeAttributes(event.node, event.scope)));
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
          open: this.#open(event, this.#nodes.get(key)?.id ?? this.#root?.id, {}),
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

  #open(event: RunEvent, parent: string | undefined, attributes: Record<string, Value>): Open {
    return { id: hash(`${this.#run} ${event.seq}`, 16), parent, startedAt: event.at, attributes };
  }

  /** The span of the container, or of the tool call, that a scope leads through; else the run's. */
  #above(scope: Scope | undefined): string | undefined {
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
    // A model that failed for good said nothing: its prompt is all there is of the call.
    if (error && prompt && MODEL_ERRORS.has(error.code)) {
      const { event: asked } = prompt;
      const open = this.#open(asked, this.#nodes.get(key)?.id ?? this.#root?.id, {});
      ended.push(
        this.#end("chat", `chat ${modelOf(asked.model)}`, open, event.at, modelAttributes(asked.model), error),
      );
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
      ...this.#open(event, this.#nodes.get(key)?.id ?? this.#root?.id, {}),
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
        event.reason === "error" ? { code: "bad_response", message: "The answer broke off." } : undefined,
      ),
    );
  }

  #endTool(key: string, event: EventOf<"tool-end">, ended: SpanData[]): void {
    const began = this.#tools.get(key);
    if (!began) return;
    this.#tools.delete(key);
    const name = event.tool ?? began.event.tool ?? began.event.call.name;
    const content = this.#options.content;
    const error =
      event.error ?? (event.result.error ? ({ code: "tool_failed", message: "The tool failed." } as const) : undefined);
    ended.push(
      this.#end(
        "execute_tool",
        `execute_tool ${name}`,
        began.open,
        event.at,
        {
          "gen_ai.tool.name": name,
          "gen_ai.tool.call.id": event.call,
          "gen_ai.tool.type": "function",
          ...(content && { "gen_ai.tool.call.arguments": content(JSON.stringify(began.event.call.arguments)) }),
          ...(content && { "gen_ai.tool.call.result": content(event.result.content) }),
        },
        error,
      ),
    );
  }

  #retrieval(event: EventOf<"retrieval">, key: string): SpanData {
    const open = {
      ...this.#open(event, this.#nodes.get(key)?.id ?? this.#root?.id, {}),
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

/** In the form that the conventions give to what is said. */
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
