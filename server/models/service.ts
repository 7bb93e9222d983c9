import type { ErrorCode } from "../../runtime/error.ts";
import type { ChatRequest, Model, ModelEvent, ModelProfile } from "../../runtime/model.ts";

export interface Provider {
  id: string;
  /** `demo` is built in and not stored. */
  kind: "openai-compatible" | "anthropic" | "local" | "demo";
  baseUrl?: string;
  apiKey?: { secret: string };
  /** Model ids; when absent, what the endpoint lists. */
  models?: string[];
  profile?: Partial<ModelProfile>;
  /** Taken when a model of this provider fails for good. */
  fallback?: string;
}

export interface ModelCard {
  /** `provider/model` */
  name: string;
  provider: string;
  demo?: boolean;
  isDefault?: boolean;
  /** An embedding model: for knowledge, not for chat. */
  embeds?: boolean;
  profile: ModelProfile;
}

export interface ProviderTest {
  ok: boolean;
  /** What went wrong, for the editor to word in the user's language; absent when all is well. */
  code?: ErrorCode;
  /** One sentence, in English. */
  message: string;
  models: string[];
  /** The model that was tried. */
  tried?: string;
  /** What the provider's profile should say by what was found; absent where it says so already. */
  suggests?: Partial<ModelProfile>;
  /** What was found out by trying, per capability; absent where it was not tried. */
  found: {
    chat?: boolean;
    streams?: boolean;
    tools?: boolean;
    vision?: boolean;
    embeddings?: boolean;
    structured?: boolean;
  };
  latencyMs?: number;
}

export interface Models {
  providers(): Promise<Provider[]>;
  /** Validates and stores; rejects with `bad_request` or `conflict`. */
  save(provider: Provider): Promise<Provider>;
  delete(id: string): Promise<boolean>;
  test(id: string, signal: AbortSignal): Promise<ProviderTest>;
  cards(): Promise<ModelCard[]>;
  /** Resolves `default` and checks that the model can be had. Rejects with `model_missing`. */
  resolve(name: string): Promise<Model>;
  /** See `Host.chat`. `quiet`: nobody listens to deltas, so they need not be made. */
  chat(request: ChatRequest, signal: AbortSignal, options?: { quiet?: boolean }): AsyncIterable<ModelEvent>;
  /** `model` defaults to the configured embedder. Rejects with `model_missing` where there is none. */
  embed(texts: string[], signal: AbortSignal, model?: string): Promise<number[][]>;
  /** What `default` was set to, by the admin or the environment, whether it can be had or not. */
  defaultModel(): Promise<string | undefined>;
  /** The configured embedder, if any: `provider/model`. */
  embedder(): Promise<string | undefined>;
  /** The server's settings have changed: what is known of them is read anew. */
  refresh(): void;
}
