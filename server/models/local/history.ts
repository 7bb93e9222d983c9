/** Converts our messages and tools into the types of node-llama-cpp. */
import { type Message, messageText } from "../../../runtime/message.ts";
import type { ModelTool } from "../../../runtime/model.ts";
import type { JsonSchema } from "../../../runtime/tool.ts";
import type { HistoryCall, HistoryItem } from "./messages.ts";

export function toHistory(messages: Message[], tools: ModelTool[]): HistoryItem[] {
  const descriptions = new Map(tools.map((tool) => [tool.name, tool.description]));
  const history: HistoryItem[] = [];
  const calls = new Map<string, HistoryCall>();
  for (const message of messages) {
    if (message.role === "system") history.push({ type: "system", text: message.content });
    else if (message.role === "user") history.push({ type: "user", text: messageText(message) });
    else if (message.role === "tool") {
      const call = calls.get(message.call);
      if (call) call.result = message.content;
    } else {
      const last = history.at(-1);
      const turn = last?.type === "model" ? last : { type: "model" as const, response: [] };
      if (turn !== last) history.push(turn);
      if (message.content) turn.response.push(message.content);
      for (const { id, name, arguments: params = {} } of message.calls ?? []) {
        const call: HistoryCall = {
          type: "functionCall",
          name,
          description: descriptions.get(name) ?? "",
          params,
          result: "",
        };
        calls.set(id, call);
        turn.response.push(call);
      }
    }
  }
  return history;
}

export function toFunctions(tools: ModelTool[]): Record<string, { description: string; params: unknown }> {
  return Object.fromEntries(
    tools.map(({ name, description, parameters }) => [name, { description, params: grammarSchema(parameters) }]),
  );
}

const SIMPLE = new Set(["string", "number", "integer", "boolean", "null"]);

/**
 * The part of JSON Schema that a grammar can express. Patterns, lengths and references are left out: the result is
 * validated against the whole schema anyway.
 */
export function grammarSchema(schema: unknown, depth = 0): unknown {
  if (typeof schema !== "object" || schema === null || depth > 16) return { type: "string" };
  const {
    type,
    description,
    properties,
    required,
    items,
    enum: choices,
    const: constant,
    oneOf,
    anyOf,
  } = schema as JsonSchema;
  const described = typeof description === "string" ? { description } : {};
  if (constant !== undefined) return { ...described, const: constant };
  if (Array.isArray(choices) && choices.length) return { ...described, enum: choices };
  const either = Array.isArray(oneOf) ? oneOf : Array.isArray(anyOf) ? anyOf : undefined;
  if (either?.length) return { ...described, oneOf: either.map((one) => grammarSchema(one, depth + 1)) };
  const kind = Array.isArray(type) ? type.find((one) => one !== "null") : type;
  if (kind === "object" || properties !== undefined) {
    const shape = Object.entries((properties ?? {}) as Record<string, unknown>);
    if (shape.length === 0) return { ...described, type: "object", additionalProperties: true };
    return {
      ...described,
      type: "object",
      properties: Object.fromEntries(shape.map(([name, value]) => [name, grammarSchema(value, depth + 1)])),
      ...(Array.isArray(required) && { required }),
    };
  }
  if (kind === "array") return { ...described, type: "array", items: grammarSchema(items, depth + 1) };
  return { ...described, type: typeof kind === "string" && SIMPLE.has(kind) ? kind : "string" };
}
