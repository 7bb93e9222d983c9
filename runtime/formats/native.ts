/** The endpoint takes tools and returns tool calls. Calls that it leaves in the text are parsed too. */

import { argumentsObject } from "../arguments-object.ts";
import { withPassages } from "../documents.ts";
import type { Message, ToolCall } from "../message.ts";
import type { ModelTool } from "../model.ts";
import { type Format, type PromptParts, UNREADABLE } from "./format.ts";
import { type Tag, TagParser } from "./tag-parser.ts";
import { THINK } from "./think-tags.ts";

/** Servers without a parser for their model's calls leave these in the text. */
const TAGS: readonly Tag[] = [
  ...THINK,
  { open: "<tool_call>", close: "</tool_call>", kind: "call" },
  { open: "</tool_call>", kind: "drop" },
];

export const native: Format = {
  id: "native",
  stop: [],
  write(parts) {
    const messages: Message[] = parts.messages.map((message) =>
      message.role === "assistant" && message.calls ? withValidCalls(message) : message,
    );
    insertPassages(messages, parts);
    if (parts.system) messages.unshift({ role: "system", content: parts.system });
    return parts.tools.length > 0 ? { messages, tools: [...parts.tools] } : { messages };
  },
  toolsText: (tools) => (tools.length > 0 ? JSON.stringify(tools.map(asFunction)) : ""),
  parser: (emit, options) => new TagParser(TAGS, emit, options),
};

/** The usual JSON of a tool in a list: `{ type: "function", function: { name, description, parameters } }`. */
export function asFunction(tool: ModelTool) {
  return {
    type: "function",
    function: { name: tool.name, description: tool.description, parameters: tool.parameters },
  };
}

/** Inserts the passages before the question, in its message. Changes `messages`, not the message. */
export function insertPassages(messages: Message[], { documents, question }: PromptParts): void {
  const message = messages[question];
  if (documents.length === 0 || message?.role !== "user") return;
  const { content } = message;
  messages[question] =
    typeof content === "string"
      ? { role: "user", content: withPassages(documents, content) }
      : { role: "user", content: [{ type: "text", text: withPassages(documents, "").trimEnd() }, ...content] };
}

/** Endpoints refuse call names with spaces, and arguments that are not an object. */
function withValidCalls(message: Extract<Message, { role: "assistant" }>): Message {
  const { calls } = message;
  if (!calls!.some((call) => call.name === UNREADABLE || !isObject(call.arguments))) return message;
  return {
    ...message,
    calls: calls!.map(
      (call): ToolCall => ({ ...call, name: callName(call), arguments: writableArguments(call.arguments) }),
    ),
  };
}

/** Chat templates walk over the pairs of arguments, so what is no object is not sent: the tool's result says what was wrong. */
export function writableArguments(given: unknown): object {
  const read = argumentsObject(given);
  return isObject(read) ? read : {};
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function callName(call: { name: string }): string {
  return call.name === UNREADABLE ? "unreadable_call" : call.name;
}
