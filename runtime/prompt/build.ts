/**
 * The prompt generator: ordered pieces within the model's token budget. By priority: system and capability note, the
 * current turn, tools, examples, knowledge, history. Pieces that do not fit are dropped whole (turns oldest first,
 * passages and tools by rank) or cut with a marker (tool results); the result lists the cuts. Pure.
 */

import { renderDocument } from "../documents.ts";
import { PatchbayError } from "../error.ts";
import type { PromptPiece } from "../event.ts";
import type { Format } from "../formats/format.ts";
import type { Language } from "../language.ts";
import type { Document, Message, ToolMessage } from "../message.ts";
import type { ModelProfile, ModelTool } from "../model.ts";
import { type Capabilities, capabilityNote } from "./capabilities.ts";
import { cutResult, cutText, fairCap, MIN_RESULT_TOKENS } from "./cut.ts";
import { jsonTokens, messageTokens, type Tokenizer } from "./tokens.ts";
import { repairHistory, turnsOf } from "./turns.ts";

export interface Example {
  user: string;
  assistant: string;
}

export interface PromptRequest {
  profile: ModelProfile;
  /** A lower limit than the profile's, when the endpoint accepted less. */
  limit?: number;
  tokenizer: Tokenizer;
  format: Format;
  language: Language;
  /** The author's instructions. */
  instructions: string;
  answerIn: Capabilities["answerIn"];
  /** JSON Schema of the reply as text, when the endpoint does not take a schema. */
  schema?: string;
  examples: readonly Example[];
  /** Best first. */
  tools: readonly ModelTool[];
  /** Number of tools that retrieval left out. */
  hiddenTools: number;
  /** Best first; numbered from 1 in this order. */
  documents: readonly Document[];
  /** The conversation before this turn, oldest first. */
  history: readonly Message[];
  /** This turn: the user's message and all messages after it. */
  turn: readonly Message[];
}

export interface Prompt {
  messages: Message[];
  pieces: PromptPiece[];
  /** Total tokens, and the maximum. */
  tokens: number;
  limit: number;
  /** The tools in the prompt; `nativeTools`: the tools to send to the endpoint. */
  tools: ModelTool[];
  nativeTools?: ModelTool[];
  /** Number of documents in the prompt: higher citation numbers are false. */
  documents: number;
}

/** The largest share of a prompt for a piece. */
const SHARE = { tools: 0.4, examples: 0.15, knowledge: 0.5 };
/** A tool result of an earlier turn is cut to this before the turn is dropped. */
const OLD_RESULT_TOKENS = 1000;

/**
 * Builds a prompt. The reply gets fewer tokens when the instructions and the current turn do not fit beside it. Throws
 * `context_overflow` when they do not fit at all.
 */
export function buildPrompt(request: PromptRequest): Prompt {
  const limit = limitOf(request.profile);
  if (request.limit !== undefined) return buildWithin(request, Math.min(limit, request.limit));
  const { contextTokens } = request.profile;
  const most = contextTokens - leastAnswer(request.profile);
  if (most <= limit) return buildWithin(request, limit);
  try {
    return buildWithin(request, limit);
  } catch (error) {
    if (!(error instanceof PatchbayError) || error.code !== "context_overflow") throw error;
    return buildWithin(request, most);
  }
}

function buildWithin(request: PromptRequest, limit: number): Prompt {
  const { tokenizer, format } = request;
  const system = piece("system", tokenizer.count(request.instructions));

  // The note is written last, when its content is known; here it is counted at its maximum length.
  const note = (tools: readonly ModelTool[], documents: number) =>
    capabilityNote(
      {
        tools: tools.map((tool) => tool.name),
        hidden: request.hiddenTools + request.tools.length - tools.length,
        documents: documents > 0,
        answerIn: request.answerIn,
        ...(request.schema === undefined ? {} : { schema: request.schema }),
      },
      request.language,
    );
  const capabilities = piece("capabilities", tokenizer.count(note(request.tools, request.documents.length)));
  let room = limit - system.tokens - capabilities.tokens;

  if (room <= 0)
    throw new PatchbayError(
      "context_overflow",
      `The instructions are too long for this model: about ${limit - room} tokens, and ${roomOf(request, limit)}. Shorten them, put long texts into knowledge, or choose a model with a larger context.`,
    );
  const turn = fitTurn(request, room, limit);
  room -= turn.piece.tokens;

  const tools = fitTools(request, Math.min(room, SHARE.tools * limit));
  room -= tools.piece.tokens;
  const examples = fitExamples(request, Math.min(room, SHARE.examples * limit));
  room -= examples.piece.tokens;
  const knowledge = fitDocuments(request, Math.min(room, SHARE.knowledge * limit));
  room -= knowledge.piece.tokens;
  const history = fitHistory(request, room);
  room -= history.piece.tokens;

  const text = note(tools.tools, knowledge.documents.length);
  const written = format.write({
    system: [request.instructions, text].filter(Boolean).join("\n\n"),
    tools: tools.tools,
    documents: knowledge.documents,
    messages: [...examples.messages, ...history.messages, ...turn.messages],
    question: examples.messages.length + history.messages.length,
    language: request.language,
  });
  const pieces = [system, capabilities, examples.piece, tools.piece, knowledge.piece, history.piece, turn.piece];
  return {
    messages: written.messages,
    tools: tools.tools,
    ...(written.tools ? { nativeTools: written.tools } : {}),
    pieces: pieces.filter((one) => one.tokens > 0 || one.cut),
    tokens: limit - room,
    limit,
    documents: knowledge.documents.length,
  };
}

/** The token limit of a prompt. An output limit as large as the context shares the context with the prompt. */
export function limitOf({ contextTokens, outputTokens }: ModelProfile): number {
  return contextTokens - Math.min(outputTokens, Math.floor(contextTokens / 2));
}

/** The most tokens of an answer to a prompt of so many tokens. Less than the profile's only when the two do not fit. */
export function answerLimit(profile: ModelProfile, promptTokens: number): number {
  const { contextTokens, outputTokens } = profile;
  if (promptTokens + outputTokens <= contextTokens) return outputTokens;
  // Tokens are estimated, and a server refuses what is one over.
  const room = contextTokens - Math.ceil(promptTokens * 1.1) - 32;
  return Math.max(1, Math.min(outputTokens, Math.max(room, Math.ceil(leastAnswer(profile) / 2))));
}

/** An answer that is shorter is of no use. */
function leastAnswer({ contextTokens, outputTokens }: ModelProfile): number {
  return Math.min(outputTokens, Math.max(256, Math.floor(contextTokens / 8)), Math.floor(contextTokens / 2));
}

/** What a prompt may take, as part of a sentence that names the model's own limit. */
function roomOf({ profile }: PromptRequest, limit: number): string {
  return `of the ${profile.contextTokens} that it takes with its answer, ${limit} are for the prompt`;
}

function piece(
  name: PromptPiece["name"],
  tokens: number,
  count = 0,
  unit?: NonNullable<PromptPiece["cut"]>["unit"],
): PromptPiece {
  return count > 0 && unit ? { name, tokens, cut: { count, unit } } : { name, tokens };
}

function total(messages: readonly Message[], tokenizer: Tokenizer): number {
  let tokens = 0;
  for (const message of messages) tokens += messageTokens(message, tokenizer);
  return tokens;
}

/** The current turn must fit. Only its tool results are cut, the largest first. */
function fitTurn(
  request: PromptRequest,
  room: number,
  limit: number,
): { messages: readonly Message[]; piece: PromptPiece } {
  const { turn, tokenizer } = request;
  const tokens = total(turn, tokenizer);
  if (tokens <= room) return { messages: turn, piece: piece("message", tokens) };
  const results = turn.filter((message): message is ToolMessage => message.role === "tool");
  const sizes = results.map((result) => messageTokens(result, tokenizer));
  const fixed = tokens - sizes.reduce((sum, size) => sum + size, 0);
  const cap = fairCap(sizes, room - fixed);
  if (results.length === 0 || cap < MIN_RESULT_TOKENS) {
    const what = results.length === 0 ? "The message is" : "The message and the tool results of this turn are";
    throw new PatchbayError(
      "context_overflow",
      `${what} too long for this model: about ${tokens} tokens beside ${Math.ceil(limit - room)} of instructions, and ${roomOf(request, limit)}. Shorten the message, put long texts into knowledge, or choose a model with a larger context.`,
    );
  }
  let cut = 0;
  const messages = turn.map((message) => {
    if (message.role !== "tool") return message;
    const shorter = cutResult(message, cap, tokenizer);
    cut += shorter.cut;
    return shorter.message;
  });
  return { messages, piece: piece("message", total(messages, tokenizer), cut, "characters") };
}

function fitTools(
  { tools, tokenizer, format }: PromptRequest,
  room: number,
): { tools: ModelTool[]; piece: PromptPiece } {
  const kept: ModelTool[] = [];
  if (tools.length === 0) return { tools: kept, piece: piece("tools", 0) };
  let tokens =
    format.id === "native" ? 0 : tokenizer.count(format.toolsText([{ name: "", description: "", parameters: {} }]));
  for (const tool of tools) {
    const size = jsonTokens(tool, tokenizer);
    if (tokens + size > room) continue;
    tokens += size;
    kept.push(tool);
  }
  return { tools: kept, piece: piece("tools", kept.length > 0 ? tokens : 0, tools.length - kept.length, "tools") };
}

const exampleMessages = new WeakMap<Example, [Message, Message]>();

function fitExamples(
  { examples, tokenizer }: PromptRequest,
  room: number,
): { messages: Message[]; piece: PromptPiece } {
  const messages: Message[] = [];
  let tokens = 0;
  let kept = 0;
  for (const example of examples) {
    let pair = exampleMessages.get(example);
    if (!pair) {
      pair = [
        { role: "user", content: example.user },
        { role: "assistant", content: example.assistant },
      ];
      exampleMessages.set(example, pair);
    }
    const size = total(pair, tokenizer);
    if (tokens + size > room) break;
    tokens += size;
    kept++;
    messages.push(...pair);
  }
  return { messages, piece: piece("examples", tokens, examples.length - kept, "examples") };
}

const passageTokens = new WeakMap<Document, { tokenizer: Tokenizer; tokens: number }>();

/** Passages by rank, without gaps in the numbers. The first one is cut when it alone is too long. */
function fitDocuments(
  { documents, tokenizer }: PromptRequest,
  room: number,
): { documents: Document[]; piece: PromptPiece } {
  const kept: Document[] = [];
  let tokens = 0;
  for (const document of documents) {
    let known = passageTokens.get(document);
    if (known?.tokenizer !== tokenizer) {
      known = { tokenizer, tokens: tokenizer.count(renderDocument(document, kept.length + 1)) + 2 };
      passageTokens.set(document, known);
    }
    if (tokens + known.tokens > room) {
      if (kept.length === 0 && room > MIN_RESULT_TOKENS) {
        const { text } = cutText(document.text, room - 50, tokenizer);
        kept.push({ ...document, text });
        tokens = Math.floor(room);
      }
      break;
    }
    tokens += known.tokens;
    kept.push(document);
  }
  return { documents: kept, piece: piece("knowledge", tokens, documents.length - kept.length, "passages") };
}

/** As many whole turns as fit, newest first: a call keeps its result. */
function fitHistory(
  { history, tokenizer }: PromptRequest,
  room: number,
): { messages: readonly Message[]; piece: PromptPiece } {
  const whole = repairHistory(history);
  const tokens = total(whole, tokenizer);
  if (tokens <= room && whole.every((message) => message.role !== "system"))
    return { messages: whole, piece: piece("history", tokens) };
  const turns = turnsOf(whole);
  const kept: Message[][] = [];
  let used = 0;
  for (let i = turns.length - 1; i >= 0; i--) {
    let turn = turns[i]!;
    let size = total(turn, tokenizer);
    if (used + size > room) {
      turn = turn.map((message) =>
        message.role === "tool" ? cutResult(message, OLD_RESULT_TOKENS, tokenizer).message : message,
      );
      size = total(turn, tokenizer);
    }
    if (used + size > room) break;
    used += size;
    kept.unshift(turn);
  }
  return { messages: kept.flat(), piece: piece("history", used, turns.length - kept.length, "turns") };
}
