/** Messages between the server and the process of a local model. */

/** A conversation in the form of node-llama-cpp: calls and their results are part of the model's turn. */
export type HistoryItem =
  | { type: "system"; text: string }
  | { type: "user"; text: string }
  | { type: "model"; response: (string | HistoryCall)[] };

export interface HistoryCall {
  type: "functionCall";
  name: string;
  description: string;
  params: unknown;
  result: unknown;
}

export interface AskMessage {
  type: "ask";
  id: number;
  /** Absolute path of the GGUF file. */
  file: string;
  contextTokens: number;
  history: HistoryItem[];
  /** By the name that the model sees. Sampling follows their parameters. */
  functions?: Record<string, { description: string; params: unknown }>;
  /** The completion must fit it. */
  schema?: unknown;
  maxTokens?: number;
  temperature?: number;
  topP?: number;
  /** The most tokens of reasoning. */
  thoughtTokens?: number;
  stop?: string[];
}

export type ToWorker = AskMessage | { type: "cancel"; id: number } | { type: "inspect"; id: number; file: string };

export type FromWorker =
  | { type: "text"; id: number; kind: "text" | "reasoning"; text: string }
  | { type: "call-piece"; id: number; call: number; name: string; text: string }
  | {
      type: "done";
      id: number;
      reason: "stop" | "length";
      calls: { name: string; params: unknown }[];
      inputTokens: number;
      outputTokens: number;
    }
  | { type: "inspected"; id: number; contextTokens: number; name: string }
  | { type: "failed"; id: number; message: string };
