/** Writes a chat completions body as a server accepts it. An empty dialect changes nothing. */
import type { Dialect } from "./dialect.ts";

/** A message on the wire. */
export interface RequestMessage {
  role: string;
  content?: unknown;
  tool_calls?: Record<string, unknown>[];
  [key: string]: unknown;
}

export interface ChatBody {
  messages: RequestMessage[];
  tools?: unknown[];
  [key: string]: unknown;
}

/** Properties of a message that every server knows. Others are what a provider attached. */
const MESSAGE_KEYS: ReadonlySet<string> = new Set(["role", "content", "tool_calls", "tool_call_id", "name"]);
const CALL_KEYS: ReadonlySet<string> = new Set(["id", "type", "function", "index"]);
/** Properties that hold a message's reasoning as text. */
export const REASONING_KEYS: readonly string[] = ["reasoning_content", "reasoning", "reasoning_text"];

/** Google's own word for a call that another model made. */
const NO_SIGNATURE = { google: { thought_signature: "skip_thought_signature_validator" } };
/** A server that wants reasoning takes no empty one. */
const NO_REASONING = " ";

/**
 * The body in a dialect. `room`: tokens that are left for the answer. `reasonings`: the reasoning of the body's messages,
 * by their index.
 */
export function writeBody(
  body: ChatBody,
  dialect: Dialect,
  room?: number,
  reasonings: readonly (string | undefined)[] = [],
): ChatBody {
  const written: ChatBody = { ...body };
  limitAnswer(written, dialect, room);
  for (const name of dialect.without ?? []) {
    if (name === "response_format") askForSchema(written);
    delete written[name];
    if (name === "stream") delete written.stream_options;
  }
  let messages = written.messages;
  if (dialect.reasoning || dialect.noProviderData || dialect.signatures || dialect.noNull)
    messages = messages.map((message, at) => writeMessage(message, dialect, reasonings[at]));
  if (dialect.noSystem) messages = withoutSystem(messages);
  if (dialect.turns) messages = inTurns(messages);
  written.messages = messages;
  return written;
}

function limitAnswer(body: ChatBody, dialect: Dialect, room: number | undefined): void {
  const given = (body.max_tokens ?? body.max_completion_tokens) as number | undefined;
  if (given === undefined) return;
  const limit = Math.min(given, dialect.outputTokens ?? given, room ?? given);
  const name = dialect.answerLimit ?? (body.max_tokens === undefined ? "max_completion_tokens" : "max_tokens");
  if (limit === given && body[name] !== undefined) return;
  delete body.max_tokens;
  delete body.max_completion_tokens;
  body[name] = limit;
}

/** The schema as words, for a server that takes no `response_format`. */
function askForSchema(body: ChatBody): void {
  const format = body.response_format as { json_schema?: { schema?: unknown } } | undefined;
  if (!format) return;
  const schema = format.json_schema?.schema;
  const words = schema
    ? `Your final answer is one JSON value that matches this JSON Schema, and nothing around it:\n${JSON.stringify(schema)}`
    : "Your final answer is one JSON value, and nothing around it.";
  const [first, ...rest] = body.messages;
  body.messages =
    first?.role === "system"
      ? [{ ...first, content: joined(first.content, words) }, ...rest]
      : [{ role: "system", content: words }, ...body.messages];
}

function writeMessage(message: RequestMessage, dialect: Dialect, reasoning: string | undefined): RequestMessage {
  if (message.role !== "assistant") return message;
  let written: RequestMessage = { ...message };
  if (dialect.noProviderData) written = keepOnly(written, (key) => MESSAGE_KEYS.has(key) || isReasoning(key));
  if (dialect.reasoning === "never") written = keepOnly(written, (key) => !isReasoning(key));
  if (dialect.reasoning === "always" && (written.tool_calls || reasoning))
    written.reasoning_content ??= reasoning || NO_REASONING;
  if (dialect.noNull && (written.content === null || written.content === undefined)) written.content = "";
  const calls = written.tool_calls;
  if (calls && dialect.noProviderData)
    written.tool_calls = calls.map((call) => keepOnly(call, (key) => CALL_KEYS.has(key)));
  if (calls && dialect.signatures && !calls.some((call) => call.extra_content !== undefined))
    written.tool_calls = calls.map((call, at) => (at === 0 ? { ...call, extra_content: NO_SIGNATURE } : call));
  return written;
}

/** What providers attached to the body's messages and calls, by name. */
export function providerKeys(body: ChatBody): string[] {
  const keys = new Set<string>();
  for (const message of body.messages) {
    if (message.role !== "assistant") continue;
    for (const key of Object.keys(message)) if (!MESSAGE_KEYS.has(key) && !isReasoning(key)) keys.add(key);
    for (const call of message.tool_calls ?? [])
      for (const key of Object.keys(call)) if (!CALL_KEYS.has(key)) keys.add(key);
  }
  return [...keys];
}

function isReasoning(key: string): boolean {
  return REASONING_KEYS.includes(key);
}

function keepOnly<T extends Record<string, unknown>>(value: T, keep: (key: string) => boolean): T {
  return Object.fromEntries(Object.entries(value).filter(([key]) => keep(key))) as T;
}

/** System messages go at the head of the first user message. */
function withoutSystem(messages: readonly RequestMessage[]): RequestMessage[] {
  const system = messages.filter((message) => message.role === "system");
  const rest = messages.filter((message) => message.role !== "system");
  if (system.length === 0) return rest;
  const words = system.map((message) => textOf(message.content)).join("\n\n");
  const at = rest.findIndex((message) => message.role === "user");
  if (at !== 0) return [{ role: "user", content: words }, ...rest];
  return rest.map((message, index) =>
    index === at ? { ...message, content: joined(words, message.content) } : message,
  );
}

/** One system message at the start; neighbours of one role become one message; the first is the user's. */
function inTurns(messages: readonly RequestMessage[]): RequestMessage[] {
  const system = messages.filter((message) => message.role === "system");
  const written: RequestMessage[] = [];
  for (const message of messages) {
    if (message.role === "system") continue;
    const last = written.at(-1);
    if (last && last.role === message.role && last.role !== "tool") written[written.length - 1] = merged(last, message);
    else {
      if (!last && message.role !== "user") written.push({ role: "user", content: BEGIN });
      // Templates take no user message right behind a tool's result.
      if (last?.role === "tool" && message.role === "user") written.push({ role: "assistant", content: CONTINUE });
      written.push(message);
    }
  }
  if (system.length > 0)
    written.unshift({ role: "system", content: system.map((message) => textOf(message.content)).join("\n\n") });
  return written;
}

/** What stands where a template wants a message and the conversation has none. */
const BEGIN = "(The conversation begins.)";
const CONTINUE = "(No reply yet.)";

function merged(first: RequestMessage, second: RequestMessage): RequestMessage {
  const calls = [...(first.tool_calls ?? []), ...(second.tool_calls ?? [])];
  const content = joined(first.content, second.content);
  return {
    ...first,
    ...second,
    content: content === "" && calls.length > 0 ? null : content,
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
  };
}

/** Texts as one text; with images, the parts of both. */
function joined(first: unknown, second: unknown): unknown {
  if (Array.isArray(first) || Array.isArray(second)) return [...partsOf(first), ...partsOf(second)];
  return [first, second].filter((text) => typeof text === "string" && text !== "").join("\n\n");
}

function partsOf(content: unknown): unknown[] {
  if (Array.isArray(content)) return content;
  return typeof content === "string" && content !== "" ? [{ type: "text", text: content }] : [];
}

function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  return partsOf(content)
    .map((part) => (part as { text?: unknown }).text)
    .filter((text) => typeof text === "string")
    .join("\n");
}
