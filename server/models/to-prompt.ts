/** Converts our messages into the prompt type of the AI SDK's provider packages. */
import type {
  LanguageModelV4CallOptions,
  LanguageModelV4Message,
  LanguageModelV4Prompt,
  SharedV4ProviderOptions,
} from "@ai-sdk/provider";
import { writableArguments } from "../../runtime/formats/native.ts";
import type { FileRef, Message, Part, ProviderData } from "../../runtime/message.ts";
import type { ChatRequest } from "../../runtime/model.ts";
import type { Files } from "../stores/files.ts";
import { isProviderKey } from "./provider-data.ts";
import { REASONING_KEYS } from "./request-body.ts";
import type { SentTools } from "./sent-tools.ts";

type UserContent = Extract<LanguageModelV4Message, { role: "user" }>["content"];
type AssistantContent = Extract<LanguageModelV4Message, { role: "assistant" }>["content"];

export interface PromptOptions {
  /** The model accepts images. Without it, and for every other kind of file, the model gets the file's name. */
  vision: boolean;
  files?: Pick<Files, "get">;
  /** Id of the provider: what it attached to messages goes back to it. */
  provider?: string;
  tools?: SentTools;
}

/** A larger image is sent as its name only. */
const IMAGE_BYTES = 20 * 1024 * 1024;

/**
 * Reasoning goes back with calls alone, in the property that it came in: thinking models want it there, and elsewhere
 * servers ignore or refuse it. Rejects with `not_found` when an image does not exist any more.
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
        prompt.push({
          role: "assistant",
          content: assistantContent(message, options),
          ...requestFields(messageFields(message, options)),
        });
        break;
      case "tool":
        prompt.push({
          role: "tool",
          content: [
            {
              type: "tool-result",
              toolCallId: message.call,
              toolName: options.tools?.sentName(message.name) ?? message.name,
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

function assistantContent(
  message: Extract<Message, { role: "assistant" }>,
  { provider, tools }: PromptOptions,
): AssistantContent {
  const content: AssistantContent = [];
  if (message.content) content.push({ type: "text", text: message.content });
  for (const own of message.calls ?? []) {
    const call = tools?.sentCall(own) ?? own;
    content.push({
      type: "tool-call",
      toolCallId: call.id,
      toolName: call.name,
      input: writableArguments(call.arguments),
      ...requestFields(fieldsFor(own.providerData, provider)),
    });
  }
  return content;
}

function messageFields(
  { reasoning, calls, providerData }: Extract<Message, { role: "assistant" }>,
  { provider }: PromptOptions,
): Record<string, unknown> | undefined {
  const fields = fieldsFor(providerData, provider);
  if (!fields || !reasoning || !calls?.length || !REASONING_KEYS.includes(providerData?.reasoning ?? "")) return fields;
  return { [providerData!.reasoning!]: reasoning, ...fields };
}

function fieldsFor(data: ProviderData | undefined, provider: string | undefined): Record<string, unknown> | undefined {
  if (!data || data.provider !== provider) return undefined;
  return Object.fromEntries(Object.entries(data.fields).filter(([key]) => isProviderKey(key)));
}

/** `@ai-sdk/openai-compatible` writes these properties into the message or call as they are. */
function requestFields(fields: Record<string, unknown> | undefined): { providerOptions?: SharedV4ProviderOptions } {
  if (!fields || Object.keys(fields).length === 0) return {};
  return { providerOptions: { openaiCompatible: fields as SharedV4ProviderOptions[string] } };
}

/** The request without its prompt and its reasoning effort. */
export function callOptions(request: ChatRequest, tools: SentTools): Omit<LanguageModelV4CallOptions, "prompt"> {
  return {
    maxOutputTokens: request.maxOutputTokens,
    temperature: request.temperature,
    topP: request.topP,
    stopSequences: request.stop?.length ? request.stop : undefined,
    responseFormat: request.schema ? { type: "json", schema: request.schema, name: "answer" } : undefined,
    tools: tools.tools.length > 0 ? tools.tools : undefined,
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
