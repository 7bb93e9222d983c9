/**
 * An action format: how tools, calls and results are written for a model, and how its answer is read while it streams.
 * `native` leaves it to the endpoint; the others put everything into plain text. All pass the one suite of contract.ts.
 */

import type { Language } from "../language.ts";
import type { Document, Message, ToolCall } from "../message.ts";
import type { ActionFormat, ModelTool } from "../model.ts";

/** A prompt before it is written in a format. Texts are final: a format puts them side by side and never fills slots in them. */
export interface PromptParts {
  /** Instructions and capability note. */
  system: string;
  tools: readonly ModelTool[];
  documents: readonly Document[];
  /** Examples, history and the turn under way. Each call is followed by its result. */
  messages: readonly Message[];
  /** Index in `messages` of the question that the documents belong to; it is a user message. */
  question: number;
  language: Language;
}

interface WrittenPrompt {
  messages: Message[];
  /** For the endpoint, where the format is native. */
  tools?: ModelTool[];
}

/** A piece of the answer, as soon as it is certain. */
export type Emit = (kind: "text" | "reasoning", text: string) => void;

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
  /** Where the model is to be stopped. */
  stop: readonly string[];
  write(parts: PromptParts): WrittenPrompt;
  /** What the tools add to a prompt: for counting. */
  toolsText(tools: readonly ModelTool[]): string;
  /** `tools`: some were offered; without any, call syntax is only hidden and never run. */
  parser(emit: Emit, options: { tools: boolean }): CompletionParser;
}

/** Name of a call whose syntax was broken. No tool can have it: the names models see hold no space. */
export const UNREADABLE = "unreadable call";
