/**
 * An action format: how tools, calls and results are written for a model, and how its completion is parsed while it
 * streams. `native` uses the endpoint's tool calls; the others write plain text. All pass the cases of contract.ts.
 */

import type { Language } from "../language.ts";
import type { Document, Message, ToolCall } from "../message.ts";
import type { ActionFormat, ModelTool } from "../model.ts";

/** A prompt before it is written in a format. Texts are final: a format joins them and never fills slots in them. */
export interface PromptParts {
  /** Instructions and capability note. */
  system: string;
  tools: readonly ModelTool[];
  documents: readonly Document[];
  /** Examples, history and the current turn. Each call is followed by its result. */
  messages: readonly Message[];
  /** Index in `messages` of the question that the documents belong to; it is a user message. */
  question: number;
  language: Language;
}

interface WrittenPrompt {
  messages: Message[];
  /** For the endpoint. Only set by `native`. */
  tools?: ModelTool[];
}

/** Receives a piece of the completion as soon as it is certain. `recall` (without text): all text so far was reasoning. */
export type Emit = (kind: "text" | "reasoning" | "recall", text: string) => void;

export interface CompletionParser {
  /**
   * Takes the next piece of the model's text, cut anywhere. Returns only what is certainly text or reasoning, not
   * syntax.
   */
  push(text: string): void;
  /**
   * Call at the end of the stream: returns the remaining text. Calls are in order, with empty ids; an unreadable one
   * has the name `UNREADABLE` and its text in `raw`.
   */
  end(): ToolCall[];
}

export interface Format {
  id: ActionFormat;
  /** Stop sequences. */
  stop: readonly string[];
  write(parts: PromptParts): WrittenPrompt;
  /** The text that the tools add to a prompt, to count its tokens. */
  toolsText(tools: readonly ModelTool[]): string;
  /** `tools`: whether tools were offered. Without them, call syntax is hidden and returns no calls. */
  parser(emit: Emit, options: { tools: boolean }): CompletionParser;
}

/** The name of a call with broken syntax. No tool can have it: tool names for models have no spaces. */
export const UNREADABLE = "unreadable call";
