/** Models: what one can do, what it is asked, what it answers. */
import { z } from "zod";
import type { ErrorData } from "./error.ts";
import type { FinishReason } from "./event.ts";
import type { Message, ToolCall } from "./message.ts";
import type { JsonSchema } from "./tool.ts";

export const ActionFormat = z.enum(["native", "hermes", "react", "modelscope"]);
export type ActionFormat = z.infer<typeof ActionFormat>;

export const ModelProfile = z.object({
  /** The endpoint takes `tools` and answers with tool calls of its own. */
  nativeTools: z.boolean().default(true),
  /** How calls are written when it does not; `native` when it does. */
  format: ActionFormat.default("native"),
  contextTokens: z.number().int().positive().default(32_768),
  outputTokens: z.number().int().positive().default(4_096),
  vision: z.boolean().optional(),
  /** Takes a JSON Schema for its answer. */
  structured: z.boolean().optional(),
  /** USD per million tokens. */
  prices: z.object({ input: z.number().min(0), output: z.number().min(0) }).optional(),
});
export type ModelProfile = z.infer<typeof ModelProfile>;

export interface Model {
  /** `provider/model`, as a graph names it; `default` is resolved before it gets here. */
  name: string;
  profile: ModelProfile;
  /** Labelled as a demo wherever it shows, and offered `read` tools only. */
  demo?: boolean;
  /** Taken when this one fails for good. */
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
  /** Offered natively; formats other than `native` put them into the prompt instead and leave this empty. */
  tools?: ModelTool[];
  temperature?: number;
  maxOutputTokens?: number;
  /** JSON Schema of the answer, for models whose profile says `structured`. */
  schema?: JsonSchema;
  stop?: string[];
}

/**
 * One event of a model's answer. The stream never throws: failure is its last event. `end` is the last, always.
 * Retries happen before the first event is given, so no text is ever taken back.
 */
export type ModelEvent =
  | { type: "text-delta"; text: string }
  | { type: "reasoning-delta"; text: string }
  | { type: "tool-call-delta"; id: string; name?: string; text: string }
  | { type: "tool-call"; call: ToolCall }
  | ModelEnd;

/** The last event of a model's stream. */
export interface ModelEnd {
  type: "end";
  reason: FinishReason;
  /** `estimated`: the server gave no count that can be believed, so it was counted here. */
  usage?: { inputTokens: number; outputTokens: number; estimated?: boolean };
  /** Set when `reason` is `error`, `refused` or `aborted`. */
  error?: ErrorData;
  attempts?: { error: ErrorData; waitedMs: number }[];
}
