/** Converts our messages into the prompt type of the AI SDK's provider packages. */
import type { LanguageModelV4CallOptions, LanguageModelV4Message, LanguageModelV4Prompt } from "@ai-sdk/provider";
import type { FileRef, Message, Part } from "../../runtime/message.ts";
import type { ChatRequest } from "../../runtime/model.ts";
import type { Files } from "../stores/files.ts";

type UserContent = Extract<LanguageModelV4Message, { role: "user" }>["content"];
type AssistantContent = Extract<LanguageModelV4Message, { role: "assistant" }>["content"];

export interface PromptOptions {
  /** The model accepts images. Without it, and for every other kind of file, the model gets the file's name. */
  vision: boolean;
  files?: Pick<Files, "get">;
}

/** A larger image is sent as its name only. */
const IMAGE_BYTES = 20 * 1024 * 1024;

/**
 * Reasoning of earlier turns is not sent: servers ignore or refuse it. Rejects with `not_found` when an image does not
 * exist any more.
 */
export async function toPrompt(messages: Message[], options: PromptOptions): Promise<LanguageModelV4Prompt> {
  const prompt: LanguageModelV4Prompt = [];
  for (const message of messages) {
    switch (message.role) {
      case "system":
        prompt.push({ role: "system", content: message.content });
        break;
      case "user":
        prompt.push({
          role: "user",
          content:
            typeof message.content === "string"
              ? [{ type: "text", text: message.content }]
              : await userContent(message.content, options),
        });
        break;
      case "assistant":
        prompt.push({ role: "assistant", content: assistantContent(message) });
        break;
      case "tool":
        prompt.push({
          role: "tool",
          content: [
            {
              type: "tool-result",
              toolCallId: message.call,
              toolName: message.name,
              output: { type: message.error ? "error-text" : "text", value: message.content },
            },
          ],
        });
        break;
    }
  }
  return prompt;
}

async function userContent(parts: Part[], options: PromptOptions): Promise<UserContent> {
  const content: UserContent = [];
  for (const part of parts) {
    if (part.type === "text") content.push({ type: "text", text: part.text });
    else if (options.vision && options.files && isImage(part.file)) {
      const { ref, bytes } = await options.files.get(part.file.id);
      content.push({ type: "file", mediaType: ref.mediaType, data: { type: "data", data: bytes } });
    } else content.push({ type: "text", text: `[${part.file.name}]` });
  }
  return content;
}

function isImage(file: FileRef): boolean {
  return file.mediaType.startsWith("image/") && file.bytes <= IMAGE_BYTES;
}

function assistantContent(message: Extract<Message, { role: "assistant" }>): AssistantContent {
  const content: AssistantContent = [];
  if (message.content) content.push({ type: "text", text: message.content });
  for (const call of message.calls ?? []) {
    // Arguments that were not JSON are sent as an empty object: many servers refuse a history with invalid ones, and
    // the tool's result already says what was wrong.
    content.push({ type: "tool-call", toolCallId: call.id, toolName: call.name, input: call.arguments ?? {} });
  }
  return content;
}

/** The request without its prompt and its reasoning effort. */
export function callOptions(request: ChatRequest): Omit<LanguageModelV4CallOptions, "prompt"> {
  return {
    maxOutputTokens: request.maxOutputTokens,
    temperature: request.temperature,
    topP: request.topP,
    stopSequences: request.stop?.length ? request.stop : undefined,
    responseFormat: request.schema ? { type: "json", schema: request.schema, name: "answer" } : undefined,
    tools: request.tools?.length
      ? request.tools.map((tool) => ({
          type: "function",
          name: tool.name,
          description: tool.description,
          inputSchema: tool.parameters,
        }))
      : undefined,
  };
}

/** OpenAI's rules for `strict`: every object is closed and every property required. */
export function isStrictSchema(schema: unknown, depth = 0): boolean {
  if (depth > 32) return false;
  if (Array.isArray(schema)) return schema.every((part) => isStrictSchema(part, depth + 1));
  if (typeof schema !== "object" || schema === null) return true;
  const { type, properties, required, additionalProperties } = schema as Record<string, unknown>;
  if (type === "object" || properties !== undefined) {
    const names = Object.keys((properties as object | undefined) ?? {});
    const needed = new Set(Array.isArray(required) ? required : []);
    if (additionalProperties !== false || names.some((name) => !needed.has(name))) return false;
  }
  return Object.values(schema).every((part) => isStrictSchema(part, depth + 1));
}
