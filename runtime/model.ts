/** Models: profile, request and stream of events. */
import { z } from "zod";
import type { ErrorData } from "./error.ts";
import type { FinishReason } from "./event.ts";
import type { Message, ProviderData, ToolCall } from "./message.ts";
import type { JsonSchema } from "./tool.ts";

export const ActionFormat = z.enum(["native", "hermes", "react", "modelscope"]);
export type ActionFormat = z.infer<typeof ActionFormat>;

/** How much a reasoning model thinks before it replies; `none`: not at all, where the model allows it. */
export const Effort = z.enum(["none", "low", "medium", "high"]);
export type Effort = z.infer<typeof Effort>;

export const ModelProfile = z.object({
  /** The endpoint takes `tools` and returns tool calls. */
  nativeTools: z.boolean().default(true),
  /** The format of calls when it does not; `native` when it does. */
  format: ActionFormat.default("native"),
  contextTokens: z.number().int().positive().default(32_768),
  outputTokens: z.number().int().positive().default(4_096),
  vision: z.boolean().optional(),
  /** False: it takes no system message. The instructions go at the head of the first user message. */
  systemRole: z.boolean().optional(),
  /** Takes a JSON Schema for its reply. */
  structured: z.boolean().optional(),
  /** USD per million tokens. */
  prices: z.object({ input: z.number().min(0), output: z.number().min(0) }).optional(),
});
export type ModelProfile = z.infer<typeof ModelProfile>;

export interface Model {
  /** `provider/model`. `default` is resolved already. */
  name: string;
  profile: ModelProfile;
  /** Labelled as a demo wherever it shows, and offered `read` tools only. */
  demo?: boolean;
  /** Used when this model fails after all retries. */
  fallback?: string;
}

export interface ModelTool {
  /** `[A-Za-z0-9_-]{1,64}` */
  name: string;
  description: string;
  parameters: JsonSchema;
}

export interface ChatRequest {
  /** `provider/model` */
  model: string;
  messages: Message[];
  /** Only for the `native` format; other formats write the tools into the prompt. */
  tools?: ModelTool[];
  temperature?: number;
  topP?: number;
  /** Absent: the model's default. */
  effort?: Effort;
  maxOutputTokens?: number;
  /** JSON Schema of the reply, for models with `structured` in their profile. */
  schema?: JsonSchema;
  stop?: string[];
}

/**
 * One event of a model's stream. The stream never throws: `end` is always its last event and reports a failure. Retries
 * happen before the first event, so only `text-recall` withdraws text.
 */
export type ModelEvent =
  | { type: "text-delta"; text: string }
  | { type: "reasoning-delta"; text: string }
  /** All text so far was reasoning: the model closed its thoughts without having opened them. */
  | { type: "text-recall" }
  | { type: "tool-call-delta"; id: string; name?: string; text: string }
  | { type: "tool-call"; call: ToolCall }
  | ModelEnd;

/** The last event of a model's stream. */
export interface ModelEnd {
  type: "end";
  reason: FinishReason;
  /** `estimated`: the server sent no valid count, so it was estimated here. */
  usage?: { inputTokens: number; outputTokens: number; estimated?: boolean };
  /** Set when `reason` is `error`, `refused` or `aborted`. */
  error?: ErrorData;
  attempts?: { error: ErrorData; waitedMs: number }[];
  /** For the message that is made of this answer. */
  providerData?: ProviderData;
}
