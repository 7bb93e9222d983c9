/** Tokens of a call: the server's own count when it is plausible, else an estimate. */
import { type Message, messageText } from "../../runtime/message.ts";
import type { ChatRequest } from "../../runtime/model.ts";

export interface CallUsage {
  inputTokens: number;
  outputTokens: number;
  /** Estimated, because the server sent no count or an impossible one. */
  estimated?: boolean;
}

/** Far above every context window: a larger count is an error of the server. */
const MAX_TOKENS = 20_000_000;

export function isPlausible(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 && value <= MAX_TOKENS;
}

/** The server's counts, each replaced by an estimate when it is absent, negative, not a number or implausible. */
export function usageOf(request: ChatRequest, output: string, input: unknown, outputCount: unknown): CallUsage {
  const fits = isPlausible(input) && isPlausible(outputCount);
  if (fits) return { inputTokens: Math.round(input), outputTokens: Math.round(outputCount) };
  return {
    inputTokens: isPlausible(input) ? Math.round(input) : requestTokens(request),
    outputTokens: isPlausible(outputCount) ? Math.round(outputCount) : estimateTokens(output),
    estimated: true,
  };
}

/** About four characters per token; for Chinese, Japanese and Korean about three tokens per four characters. */
export function estimateTokens(text: string): number {
  let wide = 0;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) >= 0x2e80) wide += 1;
  return Math.ceil((text.length - wide) / 4 + wide * 0.75);
}

function requestTokens(request: ChatRequest): number {
  let tokens = 0;
  for (const message of request.messages) tokens += 4 + estimateTokens(messageText(message)) + callTokens(message);
  if (request.tools?.length) tokens += estimateTokens(JSON.stringify(request.tools));
  return tokens;
}

function callTokens(message: Message): number {
  return message.role === "assistant" && message.calls ? estimateTokens(JSON.stringify(message.calls)) : 0;
}
