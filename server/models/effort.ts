/**
 * The reasoning effort of a chat completion, in the fields of each server. OpenAI's `reasoning_effort` is the most common;
 * where a server documents another field, that one is sent. Sources: the chat completion references of the servers.
 */
import type { Effort } from "../../runtime/model.ts";

const THINKING_TOKENS = { low: 1_024, medium: 4_096, high: 16_384 };

/** By the end of a host's name. */
const HOSTS: [hosts: string[], fields: (effort: Effort) => Record<string, unknown>][] = [
  [
    ["aliyuncs.com", "siliconflow.cn", "siliconflow.com"],
    (effort) =>
      effort === "none"
        ? { enable_thinking: false }
        : { enable_thinking: true, thinking_budget: THINKING_TOKENS[effort] },
  ],
  [["modelscope.cn"], (effort) => ({ enable_thinking: effort !== "none" })],
  [
    ["bigmodel.cn", "z.ai", "deepseek.com", "moonshot.cn", "moonshot.ai"],
    (effort) => ({ thinking: { type: effort === "none" ? "disabled" : "enabled" } }),
  ],
  [["openrouter.ai"], (effort) => ({ reasoning: { effort } })],
];

/** Loopback, private addresses and names without a dot: vLLM, llama.cpp, Ollama, LM Studio, SGLang. */
const LOCAL = /^(localhost|127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|\[|[^.]+$|host\.docker\.internal$)/;

export function effortFields(host: string, model: string, effort: Effort): Record<string, unknown> {
  const own = HOSTS.find(([ends]) => ends.some((end) => host === end || host.endsWith(`.${end}`)));
  if (own) return own[1](effort);
  // These servers pass the second to the chat template, where Qwen, GLM and others read it, and ignore what they do not know.
  if (LOCAL.test(host))
    return { reasoning_effort: effort, chat_template_kwargs: { enable_thinking: effort !== "none" } };
  return { reasoning_effort: effort === "none" ? leastEffort(model) : effort };
}

/** OpenAI's models before GPT-5.1 cannot reply without reasoning. */
function leastEffort(model: string): string {
  if (/^o\d/.test(model)) return "low";
  return /^gpt-5(-|$)/.test(model) ? "minimal" : "none";
}
