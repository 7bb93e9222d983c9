/** Reads the numbers of a refusal for length. Servers word it differently; none sends them as fields that all share. */

export interface Overflow {
  /** Most tokens of prompt and answer together. */
  context?: number;
  /** Tokens of the prompt that was refused. */
  prompt?: number;
}

/** The first that matches counts. */
const CONTEXT = [
  // Anthropic: "input length and `max_tokens` exceed context limit: 190000 + 16384 > 200000"
  /\d+ ?\+ ?\d+ ?> ?(\d+)/,
  // Anthropic: "prompt is too long: 200001 tokens > 200000 maximum"
  /\d+ tokens ?> ?(\d+)/,
  // TGI: "`inputs` tokens + `max_new_tokens` must be <= 4096"
  /must be <= ?(\d+)/,
  // Mistral: "too large for model with 32768 maximum context length"
  /(\d+) maximum context/i,
  // OpenAI, vLLM, SGLang, llama.cpp, LM Studio, OpenRouter
  /context (?:length|window|size|limit)[^0-9]{0,40}?(\d+)/i,
  /(?:max_model_len|max_seq_len|max_position_embeddings|model'?s? token limit)[^0-9]{0,20}(\d+)/i,
  // Google: "exceeds the maximum number of tokens allowed (1048576)"
  /tokens allowed[^0-9]{0,5}(\d+)/i,
  // TGI, DashScope: of the prompt alone
  /must have less than (\d+) tokens/i,
  /input length should be \[\d+, ?(\d+)\]/i,
];

const PROMPT = [
  /(\d+) ?\+ ?\d+ ?> ?\d+/,
  /(\d+) tokens ?> ?\d+/,
  // "44 in the messages", "44 tokens from the input messages", "44 of text input"
  /(\d+)(?: tokens)? (?:in|from|of) (?:the |your |text )?(?:input|messages?|prompt)/i,
  // "44 input tokens", "44 `inputs`"
  /(\d+) [`']?(?:inputs?|prompt)\b/i,
  /(?:messages|prompt|input) (?:resulted in|contains?|has|is|of) (?:about )?(\d+)/i,
  // "request (5000 tokens) exceeds", "The input (5000 tokens) is longer"
  /(?:request|input|prompt|token count) \((\d+)(?: tokens)?\)/i,
];
/** Tools and functions that OpenAI counts on their own. */
const MORE = /(\d+) in the (?:functions|tools)/i;

/** `body`: the whole response, for servers that send the numbers as fields too. */
export function readOverflow(message: string, body = ""): Overflow {
  const text = message.replaceAll(/(\d)[,_](?=\d{3}\b)/g, "$1");
  const overflow: Overflow = {};
  // llama.cpp
  const context = numberIn([/"n_ctx" ?: ?(\d+)/], body) ?? numberIn(CONTEXT, text);
  const prompt = numberIn([/"n_prompt_tokens" ?: ?(\d+)/], body) ?? numberIn(PROMPT, text);
  if (context !== undefined) overflow.context = context;
  if (prompt !== undefined) overflow.prompt = prompt + (numberIn([MORE], text) ?? 0);
  return overflow;
}

function numberIn(patterns: readonly RegExp[], text: string): number | undefined {
  for (const pattern of patterns) {
    const found = pattern.exec(text)?.[1];
    if (found !== undefined && Number(found) > 0 && Number(found) < 1e9) return Number(found);
  }
  return undefined;
}
