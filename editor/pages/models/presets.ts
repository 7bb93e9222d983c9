/** Model providers with their addresses filled in. */
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
}

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
    name: "DashScope",
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
