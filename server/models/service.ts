import type { ChatRequest, Model, ModelEvent } from "../../runtime/model.ts";
import type { ModelCard, Provider, ProviderTest } from "../contract/model.ts";

export interface Models {
  providers(): Promise<Provider[]>;
  /** Validates and stores; rejects with `bad_request` or `conflict`. `was`: its id until now, which becomes an alias. */
  save(provider: Provider, was?: string): Promise<Provider>;
  delete(id: string): Promise<boolean>;
  test(id: string, signal: AbortSignal): Promise<ProviderTest>;
  cards(): Promise<ModelCard[]>;
  /** Resolves `default` and checks that the model exists. Rejects with `model_missing`. */
  resolve(name: string): Promise<Model>;
  /** See `Host.chat`. `quiet`: the caller does not need deltas. */
  chat(request: ChatRequest, signal: AbortSignal, options?: { quiet?: boolean }): AsyncIterable<ModelEvent>;
  /** `model` defaults to the configured embedder. Rejects with `model_missing` when it is not set. */
  embed(texts: string[], signal: AbortSignal, model?: string): Promise<number[][]>;
  /** The configured value of `default` (settings or environment); the model may not exist. */
  defaultModel(): Promise<string | undefined>;
  /** The configured embedder: `provider/model`. */
  embedder(): Promise<string | undefined>;
  /** Call after the server's settings have changed. */
  refresh(): void;
}
