/**
 * Counts tokens. Exact for models with a known tokenizer (OpenAI's); for all others an estimate on the high side, so
 * that a prompt that fits by the estimate fits the model.
 */
import type { Message } from "../message.ts";

export interface Tokenizer {
  name: string;
  exact: boolean;
  count(text: string): number;
}

/** Tokens of a role, its separators and its end in common chat templates. */
const MESSAGE_TOKENS = 4;
/** Tokens of an image or sound: between the counts of common models for a small and a large one. */
const FILE_TOKENS = 800;
/** Longer texts are estimated: an exact count takes milliseconds and changes nothing. */
const MAX_EXACT = 20_000;
/** Byte-pair merging is quadratic in the length of an unbroken run of letters or of signs. */
const LONG_RUN = /[\p{L}\p{M}]{256}|[^\s\p{L}\p{N}]{256}/u;

const OPENAI = /^(?:.*\/)?(?:gpt-(?:4o|4\.1|4\.5|5|oss)|chatgpt|o[134](?:$|-))/;

/**
 * The estimate, by kind of character; one pass. Fitted on English and Chinese prose, JSON and code against `o200k` and
 * rounded up, because tokenizers of open models split Chinese, digits and long words more finely. `prompt.test.ts` checks its error.
 */
export const estimate: Tokenizer = { name: "estimate", exact: false, count: estimateTokens };

let openai: Promise<Tokenizer> | undefined;

/** The tokenizer of a model by its name (`provider/model`). The exact one is loaded at the first use. */
export function tokenizerOf(model: string): Tokenizer | Promise<Tokenizer> {
  if (!OPENAI.test(model)) return estimate;
  openai ??= import("gpt-tokenizer/encoding/o200k_base").then(
    ({ countTokens }): Tokenizer => ({
      name: "o200k_base",
      exact: true,
      count: (text) =>
        // A text that looks like a control token is counted as plain text.
        text.length > MAX_EXACT || LONG_RUN.test(text) ? estimateTokens(text) : countTokens(text, PLAIN),
    }),
  );
  return openai;
}

const PLAIN = { disallowedSpecial: new Set<string>() };

const counted = new WeakMap<object, { tokenizer: Tokenizer; tokens: number }>();

/** Tokens of a message, cached by the object: messages do not change after they are built. */
export function messageTokens(message: Message, tokenizer: Tokenizer): number {
  const known = counted.get(message);
  if (known && known.tokenizer === tokenizer) return known.tokens;
  let tokens = MESSAGE_TOKENS;
  if (typeof message.content === "string") tokens += tokenizer.count(message.content);
  else for (const part of message.content) tokens += part.type === "text" ? tokenizer.count(part.text) : FILE_TOKENS;
  if (message.role === "assistant" && message.calls)
    for (const call of message.calls)
      tokens += MESSAGE_TOKENS + tokenizer.count(call.name) + tokenizer.count(call.raw ?? safeJson(call.arguments));
  if (message.role === "assistant" && message.providerData?.reasoning !== undefined && message.calls?.length)
    tokens += tokenizer.count(message.reasoning ?? "");
  counted.set(message, { tokenizer, tokens });
  return tokens;
}

/** Tokens of a value that is sent as JSON (a tool), cached by the object. */
export function jsonTokens(value: object, tokenizer: Tokenizer): number {
  const known = counted.get(value);
  if (known && known.tokenizer === tokenizer) return known.tokens;
  const tokens = MESSAGE_TOKENS + tokenizer.count(safeJson(value));
  counted.set(value, { tokenizer, tokens });
  return tokens;
}

/** The JSON of a value, or a placeholder when it is nested too deep. */
function safeJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? "";
  } catch {
    return "(not JSON)";
  }
}

/** See `estimate`. */
export function estimateTokens(text: string): number {
  let tokens = 0;
  let letters = 0;
  let digits = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 128) {
      const kind = ASCII[code]!;
      if (kind === LETTER) letters++;
      else {
        if (letters) {
          tokens += wordTokens(letters);
          letters = 0;
        }
        if (kind === DIGIT) digits++;
        else if (kind === SIGN) tokens += 0.65;
        else if (kind === BREAK) tokens += 0.8;
      }
      if (digits && kind !== DIGIT) {
        tokens += digits * 0.5;
        digits = 0;
      }
      continue;
    }
    if (letters) {
      tokens += wordTokens(letters);
      letters = 0;
    }
    if (code >= 0x2e80 && code < 0xd7b0) tokens += 0.95;
    else if (code < 0x530) tokens += 0.55;
    else tokens += 1;
  }
  return Math.ceil((tokens + (letters ? wordTokens(letters) : 0) + digits * 0.5) * 1.08);
}

function wordTokens(letters: number): number {
  return letters <= 7 ? 1 : 1 + (letters - 7) / 5;
}

const LETTER = 1;
const DIGIT = 2;
const SIGN = 3;
const BREAK = 4;
/** Spaces count 0: they are part of the next word's token. */
const ASCII = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  if (/[A-Za-z]/.test(character)) return LETTER;
  if (/\d/.test(character)) return DIGIT;
  if (character === "\n" || character === "\t") return BREAK;
  return code > 32 && code < 127 ? SIGN : 0;
});
