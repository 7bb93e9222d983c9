/** Messages, documents and files, which flow between nodes and models. */
import { z } from "zod";

/** A stored upload or artifact. Its bytes are behind `Host.artifact`. */
export const FileRef = z.object({
  id: z.string(),
  mediaType: z.string(),
  name: z.string(),
  bytes: z.number().int().nonnegative(),
});
export type FileRef = z.infer<typeof FileRef>;

/** A retrieved passage with its source. */
export const Document = z.object({
  id: z.string(),
  /** The source's title: a file name or a page title. */
  title: z.string(),
  text: z.string(),
  /** Larger is better; comparable only within one search. */
  score: z.number(),
  /** Where in the source: heading path, page, line. Shown with the citation. */
  source: z
    .object({ heading: z.string().optional(), page: z.number().optional(), line: z.number().optional() })
    .optional(),
  /** Rank (from 1) in each search that was fused. */
  ranks: z.record(z.string(), z.number()).optional(),
});
export type Document = z.infer<typeof Document>;

export const Part = z.discriminatedUnion("type", [
  z.object({ type: z.literal("text"), text: z.string() }),
  /** Image, audio or any other file. Models that do not support it get its name as text. */
  z.object({ type: z.literal("file"), file: FileRef }),
]);
export type Part = z.infer<typeof Part>;

/**
 * What a provider attached to a message or a call and wants to see again: Gemini's thought signatures, OpenRouter's
 * `reasoning_details`. Sent back as it came, to that provider alone.
 */
export const ProviderData = z.object({
  /** Id of the provider. */
  provider: z.string(),
  /** Properties of the message or call on the wire. */
  fields: z.record(z.string(), z.unknown()),
  /** The property that held the message's `reasoning`, when it goes back. */
  reasoning: z.string().optional(),
});
export type ProviderData = z.infer<typeof ProviderData>;

/** A call that a model requested. `name` is the name for the model. */
export const ToolCall = z.object({
  id: z.string(),
  name: z.string(),
  /** Parsed arguments. Absent when the model's text was not JSON; `raw` has the text then. */
  arguments: z.unknown().optional(),
  raw: z.string().optional(),
  providerData: ProviderData.optional(),
});
export type ToolCall = z.infer<typeof ToolCall>;

export const Message = z.discriminatedUnion("role", [
  z.object({ role: z.literal("system"), content: z.string() }),
  z.object({ role: z.literal("user"), content: z.union([z.string(), z.array(Part)]) }),
  z.object({
    role: z.literal("assistant"),
    content: z.string(),
    reasoning: z.string().optional(),
    calls: z.array(ToolCall).optional(),
    providerData: ProviderData.optional(),
  }),
  z.object({
    role: z.literal("tool"),
    /** Id of the call. */
    call: z.string(),
    name: z.string(),
    content: z.string(),
    error: z.boolean().optional(),
    files: z.array(FileRef).optional(),
  }),
]);
export type Message = z.infer<typeof Message>;
export type ToolMessage = Extract<Message, { role: "tool" }>;
export type AssistantMessage = Extract<Message, { role: "assistant" }>;

/** The text of a message's content; files are named in brackets. */
export function messageText(message: Message): string {
  if (typeof message.content === "string") return message.content;
  return message.content.map((part) => (part.type === "text" ? part.text : `[${part.file.name}]`)).join("\n");
}
