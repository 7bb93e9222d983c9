/**
 * Model providers with their addresses filled in. The addresses and key pages are those of the providers' own guides for
 * OpenAI-compatible clients.
 */
import type { ModelProfile } from "../../../runtime/model.ts";
import type { Provider } from "../../../server/contract/model.ts";

export interface Preset {
  /** Also the suggested provider id. */
  id: string;
  name: string;
  kind: Exclude<Provider["kind"], "demo" | "local">;
  baseUrl: string;
  /** Runs on this machine: needs no key, and no data leaves the machine. */
  local?: boolean;
  key: "needed" | "none";
  /** The page where a person creates a key. */
  keyUrl?: string;
  /** The command to run in a terminal first. */
  command?: string;
  /** What to know before the first call: the text `models:preset.<note>`. */
  note?: "azure" | "openrouter" | "region";
  /** It lists no models that can be called, so at least one is entered. */
  needsModels?: true;
  /** For names that say nothing of the model, such as deployments. Known models are recognized by name. */
  profile?: Partial<ModelProfile>;
}

/** Part of an address that a person replaces. */
export const PLACEHOLDER = "YOUR-RESOURCE";

export const PRESETS: readonly Preset[] = [
  {
    id: "ollama",
    name: "Ollama",
    kind: "openai-compatible",
    baseUrl: "http://127.0.0.1:11434/v1",
    local: true,
    key: "none",
    command: "ollama pull qwen3:8b",
  },
  {
    id: "lmstudio",
    name: "LM Studio",
    kind: "openai-compatible",
    baseUrl: "http://127.0.0.1:1234/v1",
    local: true,
    key: "none",
    command: "lms server start",
  },
  {
    id: "llamacpp",
    name: "llama.cpp",
    kind: "openai-compatible",
    baseUrl: "http://127.0.0.1:8080/v1",
    local: true,
    key: "none",
    command: "llama-server -m model.gguf --jinja",
  },
  {
    id: "vllm",
    name: "vLLM",
    kind: "openai-compatible",
    baseUrl: "http://127.0.0.1:8000/v1",
    local: true,
    key: "none",
    command: "vllm serve Qwen/Qwen3-8B --enable-auto-tool-choice --tool-call-parser hermes",
  },
  {
    id: "dashscope",
    name: "Qwen (DashScope)",
    note: "region",
    kind: "openai-compatible",
    baseUrl: "https://dashscope.aliyuncs.com/compatible-mode/v1",
    key: "needed",
    keyUrl: "https://bailian.console.aliyun.com/?tab=model#/api-key",
  },
  {
    id: "modelscope",
    name: "ModelScope",
    kind: "openai-compatible",
    baseUrl: "https://api-inference.modelscope.cn/v1",
    key: "needed",
    keyUrl: "https://modelscope.cn/my/myaccesstoken",
  },
  {
    id: "openai",
    name: "OpenAI",
    kind: "openai-compatible",
    baseUrl: "https://api.openai.com/v1",
    key: "needed",
    keyUrl: "https://platform.openai.com/api-keys",
  },
  {
    id: "anthropic",
    name: "Anthropic",
    kind: "anthropic",
    baseUrl: "https://api.anthropic.com/v1",
    key: "needed",
    keyUrl: "https://platform.claude.com/settings/keys",
  },
  {
    id: "gemini",
    name: "Google Gemini",
    kind: "openai-compatible",
    baseUrl: "https://generativelanguage.googleapis.com/v1beta/openai",
    key: "needed",
    keyUrl: "https://aistudio.google.com/apikey",
  },
  {
    id: "deepseek",
    name: "DeepSeek",
    kind: "openai-compatible",
    baseUrl: "https://api.deepseek.com/v1",
    key: "needed",
    keyUrl: "https://platform.deepseek.com/api_keys",
  },
  {
    id: "openrouter",
    name: "OpenRouter",
    kind: "openai-compatible",
    baseUrl: "https://openrouter.ai/api/v1",
    key: "needed",
    keyUrl: "https://openrouter.ai/settings/keys",
    note: "openrouter",
  },
  {
    id: "azure",
    name: "Azure OpenAI",
    kind: "openai-compatible",
    baseUrl: `https://${PLACEHOLDER}.openai.azure.com/openai/v1`,
    key: "needed",
    keyUrl: "https://portal.azure.com/#view/Microsoft_Azure_ProjectOxford/CognitiveServicesHub/~/OpenAI",
    note: "azure",
    needsModels: true,
    profile: { nativeTools: true, format: "native", contextTokens: 128_000, outputTokens: 16_384 },
  },
  {
    id: "mistral",
    name: "Mistral",
    kind: "openai-compatible",
    baseUrl: "https://api.mistral.ai/v1",
    key: "needed",
    keyUrl: "https://console.mistral.ai/api-keys",
  },
  {
    id: "groq",
    name: "Groq",
    kind: "openai-compatible",
    baseUrl: "https://api.groq.com/openai/v1",
    key: "needed",
    keyUrl: "https://console.groq.com/keys",
  },
  {
    id: "zhipu",
    name: "Zhipu GLM",
    kind: "openai-compatible",
    baseUrl: "https://open.bigmodel.cn/api/paas/v4",
    key: "needed",
    keyUrl: "https://open.bigmodel.cn/usercenter/proj-mgmt/apikeys",
  },
  {
    id: "moonshot",
    name: "Moonshot Kimi",
    kind: "openai-compatible",
    baseUrl: "https://api.moonshot.cn/v1",
    key: "needed",
    keyUrl: "https://platform.moonshot.cn/console/api-keys",
    note: "region",
  },
];

export const PROVIDER_ID = /^[a-z][a-z0-9-]{0,31}$/;

/** A provider id that is not in use: `ollama`, `ollama-2`, … */
export function freeId(base: string, taken: ReadonlySet<string>): string {
  if (!taken.has(base)) return base;
  let count = 2;
  while (taken.has(`${base}-${count}`)) count++;
  return `${base}-${count}`;
}

/** The name of the secret that holds a provider's key. */
export function secretName(provider: string): string {
  return `${provider.toUpperCase().replaceAll("-", "_")}_API_KEY`;
}
