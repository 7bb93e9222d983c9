/** Cuts texts with a visible marker. */
import type { ToolMessage } from "../message.ts";
import { messageTokens, type Tokenizer } from "./tokens.ts";

/** A shorter excerpt of a tool result is useless. */
export const MIN_RESULT_TOKENS = 150;

/** Cuts a text to about `tokens`. Keeps its beginning and adds a marker with the number of characters left out. */
export function cutText(text: string, tokens: number, tokenizer: Tokenizer): { text: string; cut: number } {
  const whole = tokenizer.count(text);
  if (whole <= tokens) return { text, cut: 0 };
  let keep = Math.max(0, Math.floor((text.length * Math.max(0, tokens - 20)) / whole));
  // The beginning may have more tokens per character than the whole text.
  while (keep > 0 && tokenizer.count(text.slice(0, keep)) > tokens - 20) keep = Math.floor(keep * 0.9);
  if (isHighSurrogate(text.charCodeAt(keep - 1))) keep--;
  return { text: `${text.slice(0, keep)}\n${cutMarker(text.length - keep)}`, cut: text.length - keep };
}

export function cutMarker(characters: number): string {
  return `[… ${characters} more characters left out]`;
}

const shortened = new WeakMap<ToolMessage, { tokens: number; message: ToolMessage; cut: number }>();

/** Cuts a tool result to about `tokens`. Returns the same object for the same cut, so that unchanged prompts stay equal. */
export function cutResult(
  message: ToolMessage,
  tokens: number,
  tokenizer: Tokenizer,
): { message: ToolMessage; cut: number } {
  const whole = messageTokens(message, tokenizer);
  if (whole <= tokens) return { message, cut: 0 };
  const known = shortened.get(message);
  if (known?.tokens === tokens) return known;
  const frame = whole - tokenizer.count(message.content);
  const { text, cut } = cutText(message.content, tokens - frame, tokenizer);
  const result = { tokens, message: { ...message, content: text }, cut };
  shortened.set(message, result);
  return result;
}

/**
 * The cap at which texts of these sizes fit into `room` together: small ones stay whole, large ones share the rest.
 * Infinity when all fit.
 */
export function fairCap(sizes: readonly number[], room: number): number {
  let left = room;
  const ascending = [...sizes].sort((a, b) => a - b);
  for (let i = 0; i < ascending.length; i++) {
    const share = Math.floor(left / (ascending.length - i));
    if (ascending[i]! > share) return share;
    left -= ascending[i]!;
  }
  return Number.POSITIVE_INFINITY;
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}
