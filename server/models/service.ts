import type { ChatRequest, Model, ModelEvent } from "../../runtime/model.ts";
import type { ModelCard, Provider, ProviderTest } from "../contract/model.ts";

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
