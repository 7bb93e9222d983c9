/**
 * The table of `profiles.ts`. The first row whose pattern matches the lower-cased model id is used, so specific rows
 * come before general ones. Context is the published size of the weights. A local server often allots less (Ollama:
 * 4,096 by default); the provider's own profile must then say so.
 */
import type { ModelProfile } from "../../runtime/model.ts";

export type KnownModel = { match: RegExp } & Partial<ModelProfile>;

const native = { nativeTools: true, format: "native" } as const;
/**
 * Trained on `<tool_call>`, but often served without a tool parser. The provider test suggests native calls where they
 * work.
 */
const hermes = { nativeTools: false, format: "hermes" } as const;
const react = { nativeTools: false, format: "react" } as const;

export const KNOWN_MODELS: KnownModel[] = [
  // ModelScope-Agent's own models
  {
    match: /modelscope-agent|msagent/,
    nativeTools: false,
    format: "modelscope",
    contextTokens: 8_192,
    outputTokens: 2_048,
  },

  // Qwen
  {
    match: /qwen3\.?\d*-?vl|qwen-?vl|qvq/,
    ...native,
    contextTokens: 131_072,
    outputTokens: 8_192,
    vision: true,
    structured: true,
  },
  { match: /qwen2\.5-?vl/, ...native, contextTokens: 32_768, outputTokens: 8_192, vision: true },
  {
    match: /qwen3-coder|qwen3-next|qwen3-max|qwen-plus|qwen-flash/,
    ...native,
    contextTokens: 262_144,
    outputTokens: 32_768,
    structured: true,
  },
  { match: /qwen3[:.-]?(0\.6|1\.7|4)b/, ...native, contextTokens: 32_768, outputTokens: 8_192, structured: true },
  { match: /qwen3|qwq/, ...native, contextTokens: 131_072, outputTokens: 16_384, structured: true },
  { match: /qwen-(max|turbo|long)/, ...native, contextTokens: 131_072, outputTokens: 8_192, structured: true },
  { match: /qwen2\.5|qwen2/, ...native, contextTokens: 32_768, outputTokens: 8_192, structured: true },
  { match: /qwen-?(7b|14b|72b|1\.8b)|qwen1/, ...react, contextTokens: 8_192, outputTokens: 2_048 },

  // DeepSeek
  { match: /deepseek-(reasoner|r1)-distill|r1-distill/, ...react, contextTokens: 131_072, outputTokens: 16_384 },
  { match: /deepseek-(reasoner|r1)/, ...native, contextTokens: 131_072, outputTokens: 32_768 },
  { match: /deepseek/, ...native, contextTokens: 131_072, outputTokens: 8_192, structured: false },

  // GLM
  { match: /glm-4(\.\d)?v|glm-4\.\d+v/, ...native, contextTokens: 65_536, outputTokens: 16_384, vision: true },
  { match: /glm-(4\.[5-9]|5)/, ...native, contextTokens: 131_072, outputTokens: 32_768 },
  { match: /glm|chatglm/, ...native, contextTokens: 131_072, outputTokens: 4_096 },

  // Llama
  { match: /llama-?4/, ...native, contextTokens: 131_072, outputTokens: 8_192, vision: true },
  {
    match: /llama-?3\.2-?(11b|90b|vision)|llama3\.2-vision/,
    ...native,
    contextTokens: 131_072,
    outputTokens: 4_096,
    vision: true,
  },
  { match: /llama-?3\.[123]/, ...native, contextTokens: 131_072, outputTokens: 4_096 },
  { match: /llama-?3/, ...react, contextTokens: 8_192, outputTokens: 2_048 },
  { match: /llama-?2/, ...react, contextTokens: 4_096, outputTokens: 1_024 },

  // Mistral
  {
    match: /pixtral|mistral-(small-3|medium-3|small-2\d0|medium-2\d0)|magistral/,
    ...native,
    contextTokens: 131_072,
    outputTokens: 8_192,
    vision: true,
  },
  { match: /mistral-?7b|^mistral$|mistral:/, ...native, contextTokens: 32_768, outputTokens: 4_096 },
  { match: /mistral|mixtral|ministral|codestral|devstral/, ...native, contextTokens: 32_768, outputTokens: 4_096 },

  // Google
  { match: /gemma-?3n?[:-]?(270m|1b)/, ...hermes, contextTokens: 32_768, outputTokens: 2_048, vision: false },
  { match: /gemma-?3/, ...hermes, contextTokens: 131_072, outputTokens: 8_192, vision: true },
  { match: /gemma/, ...hermes, contextTokens: 8_192, outputTokens: 2_048 },
  { match: /gemini/, ...native, contextTokens: 1_048_576, outputTokens: 65_536, vision: true, structured: true },

  // Other models of local servers
  { match: /gpt-oss/, ...native, contextTokens: 131_072, outputTokens: 16_384, structured: true },
  { match: /hermes/, ...hermes, contextTokens: 32_768, outputTokens: 4_096 },
  { match: /phi-?4-mini/, ...native, contextTokens: 131_072, outputTokens: 4_096 },
  { match: /phi-?[34]/, ...react, contextTokens: 16_384, outputTokens: 4_096 },
  { match: /smollm/, ...hermes, contextTokens: 8_192, outputTokens: 2_048 },
  { match: /internlm|minicpm|baichuan|yi-/, ...react, contextTokens: 32_768, outputTokens: 4_096 },
  { match: /kimi|moonshot/, ...native, contextTokens: 131_072, outputTokens: 16_384 },
  { match: /minimax/, ...native, contextTokens: 204_800, outputTokens: 16_384 },
  { match: /command-?[ra]/, ...native, contextTokens: 131_072, outputTokens: 4_096 },
  { match: /granite/, ...native, contextTokens: 131_072, outputTokens: 8_192 },

  // Closed models
  { match: /claude/, ...native, contextTokens: 200_000, outputTokens: 16_384, vision: true },
  { match: /gpt-5|gpt-4\.1/, ...native, contextTokens: 400_000, outputTokens: 32_768, vision: true, structured: true },
  {
    match: /gpt-4o|o[134](-|$)/,
    ...native,
    contextTokens: 128_000,
    outputTokens: 16_384,
    vision: true,
    structured: true,
  },
  { match: /gpt-4/, ...native, contextTokens: 8_192, outputTokens: 4_096 },
  { match: /gpt-3\.5/, ...native, contextTokens: 16_385, outputTokens: 4_096 },
];

/**
 * List prices of the makers' own endpoints, in USD per million tokens, without discounts for caches or off-hours.
 * Prices change: a provider's profile overrides them. The same weights on another host have no price here.
 */
export const LIST_PRICES: { host: string; match: RegExp; input: number; output: number }[] = [
  { host: "api.deepseek.com", match: /deepseek/, input: 0.28, output: 0.42 },
  { host: "api.openai.com", match: /^gpt-4o-mini/, input: 0.15, output: 0.6 },
  { host: "api.openai.com", match: /^gpt-4o/, input: 2.5, output: 10 },
  { host: "api.openai.com", match: /^gpt-4\.1-nano/, input: 0.1, output: 0.4 },
  { host: "api.openai.com", match: /^gpt-4\.1-mini/, input: 0.4, output: 1.6 },
  { host: "api.openai.com", match: /^gpt-4\.1/, input: 2, output: 8 },
  { host: "api.openai.com", match: /^gpt-5-nano/, input: 0.05, output: 0.4 },
  { host: "api.openai.com", match: /^gpt-5-mini/, input: 0.25, output: 2 },
  { host: "api.openai.com", match: /^gpt-5(-20|$)/, input: 1.25, output: 10 },
  { host: "api.anthropic.com", match: /haiku-4/, input: 1, output: 5 },
  { host: "api.anthropic.com", match: /sonnet/, input: 3, output: 15 },
  { host: "api.anthropic.com", match: /opus-4-5/, input: 5, output: 25 },
  { host: "api.anthropic.com", match: /opus/, input: 15, output: 75 },
  { host: "api.mistral.ai", match: /mistral-small/, input: 0.1, output: 0.3 },
  { host: "api.mistral.ai", match: /mistral-large/, input: 2, output: 6 },
];
