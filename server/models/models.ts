/**
 * The models service: providers by name, and the verbs `resolve`, `chat`, `embed` and `test` over them. Longer than most
 * files: the verbs share one cache of clients and listings.
 */
import type { Agent } from "undici";
import { PatchbayError } from "../../runtime/error.ts";
import type { ChatRequest, Model, ModelEvent } from "../../runtime/model.ts";
import type { ModelCard, Provider, ProviderTest } from "../contract/model.ts";
import { notFound } from "../lib/not-found.ts";
import type { Secrets } from "../secrets/service.ts";
import type { Files } from "../stores/files.ts";
import type { Records } from "../stores/records.ts";
import { ANTHROPIC_URL, Anthropic } from "./anthropic.ts";
import type { Attempt } from "./attempt.ts";
import { chat, RETRY_POLICY, type RetryPolicy } from "./chat.ts";
import { DEMO_PROFILE, demoAttempt } from "./demo/demo.ts";
import { embedTexts } from "./embed.ts";
import { listModels } from "./list-models.ts";
import { LocalModels } from "./local/local-models.ts";
import { OpenAiCompatible } from "./openai-compatible.ts";
import { PROBE_IMAGE, probe } from "./probe.ts";
import { canChat, canEmbed, profileFor } from "./profiles.ts";
import { type ProviderEnv, Providers } from "./providers.ts";
import { createPool, PROVIDER_LIMITS, type ProviderLimits } from "./send.ts";
import type { Models } from "./service.ts";

export interface ModelsOptions {
  records: Records;
  secrets: Pick<Secrets, "get" | "redact">;
  /** Where images for models that see are read from. */
  files?: Pick<Files, "get">;
  env: ProviderEnv;
  /** `<data>/models`: where models that run on this machine lie. Without it there are none. */
  localFolder?: string;
  /** Replaced by tests alone. */
  limits?: Partial<ProviderLimits>;
  retry?: Partial<RetryPolicy>;
  now?: () => number;
}

export const DEMO_MODEL = "demo/offline";

/** How long an endpoint's list of models is believed. */
const LIST_MAX_AGE_MS = 60_000;
/** How long it is waited for. */
const LIST_TIMEOUT_MS = 5_000;
/** How long an endpoint that did not give one is left alone. */
const RETRY_LIST_MS = 10_000;

interface Client {
  /** What it was made from: another value means that the provider was changed. */
  provider: Provider;
  label: string;
  baseUrl: string;
  attempt(request: ChatRequest, key: string | undefined, vision: boolean): Attempt;
  listed?: { at: number; models: string[] };
}

/** Nothing is sent to any provider before it is asked for. `close` ends the kept-alive connections. */
export function createModels(options: ModelsOptions): Models & { close(): Promise<void> } {
  return new ModelService(options);
}

class ModelService implements Models {
  readonly #options: ModelsOptions;
  readonly #providers: Providers;
  readonly #local: LocalModels | undefined;
  readonly #pool: Agent = createPool();
  readonly #limits: ProviderLimits;
  readonly #retry: RetryPolicy;
  readonly #now: () => number;
  readonly #clients = new Map<string, Client>();
  /** Resolved names. Emptied whenever the snapshot of providers is another one. */
  #resolved: { from: Map<string, Provider>; models: Map<string, Model> } | undefined;

  /** The stored files, and the image that a provider test shows. */
  readonly #files: Pick<Files, "get"> = {
    get: async (id) => {
      if (id === PROBE_IMAGE.ref.id) return PROBE_IMAGE;
      if (!this.#options.files) throw notFound("file", id);
      return this.#options.files.get(id);
    },
  };

  constructor(options: ModelsOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#local = options.localFolder === undefined ? undefined : new LocalModels(options.localFolder);
    this.#providers = new Providers(options.records, options.env, this.#now, this.#local);
    this.#limits = { ...PROVIDER_LIMITS, ...options.limits };
    this.#retry = { ...RETRY_POLICY, ...options.retry };
  }

  async close(): Promise<void> {
    await this.#local?.close();
    await this.#pool.destroy();
  }

  async providers(): Promise<Provider[]> {
    return [...(await this.#providers.all()).values()];
  }

  async save(provider: Provider): Promise<Provider> {
    return this.#providers.save(provider);
  }

  async delete(id: string): Promise<boolean> {
    return this.#providers.delete(id);
  }

  async defaultModel(): Promise<string | undefined> {
    return (await this.#providers.defaults()).model;
  }

  async embedder(): Promise<string | undefined> {
    return (await this.#providers.defaults()).embedder;
  }

  refresh(): void {
    this.#providers.refresh();
  }

  /** What can be chosen. An endpoint that does not answer within five seconds adds only the models that are written down for it. */
  async cards(): Promise<ModelCard[]> {
    const providers = await this.providers();
    const lists = await Promise.all(providers.map((provider) => this.#modelIds(provider)));
    const preferred = await this.#defaultName(false).catch(() => undefined);
    const cards: ModelCard[] = [];
    providers.forEach((provider, place) => {
      for (const id of lists[place]!) {
        const embeds = canEmbed(id);
        if (!embeds && !canChat(id)) continue;
        const name = `${provider.id}/${id}`;
        const card: ModelCard = { name, provider: provider.id, profile: this.#profile(provider, id) };
        if (embeds) card.embeds = true;
        if (provider.kind === "demo") card.demo = true;
        if (name === preferred) card.isDefault = true;
        cards.push(card);
      }
    });
    // A default that no endpoint lists is still what runs.
    if (preferred && !cards.some((card) => card.isDefault)) {
      const model = await this.resolve(preferred).catch(() => undefined);
      const provider = preferred.slice(0, preferred.indexOf("/"));
      if (model) cards.unshift({ name: preferred, provider, isDefault: true, profile: model.profile });
    }
    return cards;
  }

  async resolve(name: string): Promise<Model> {
    const providers = await this.#providers.all();
    if (this.#resolved?.from !== providers) this.#resolved = { from: providers, models: new Map() };
    const { models } = this.#resolved;
    const known = models.get(name);
    if (known) return known;
    const full = name === "default" || name === "" ? await this.#defaultName(true) : name;
    const { provider, id } = this.#split(full, providers);
    const model: Model = { name: full, profile: this.#profile(provider, id) };
    if (provider.kind === "demo") model.demo = true;
    if (provider.fallback && provider.fallback !== full) model.fallback = provider.fallback;
    // Names come from graphs: a bound keeps made-up ones from growing the process.
    if (models.size < 1_000) models.set(name, model);
    return model;
  }

  async *chat(
    request: ChatRequest,
    signal: AbortSignal,
    options?: { quiet?: boolean },
  ): AsyncGenerator<ModelEvent, void, void> {
    let attempt: Attempt;
    try {
      attempt = await this.#attempt(request);
    } catch (error) {
      const failed = error instanceof PatchbayError ? error : new PatchbayError("internal", String(error));
      yield { type: "end", reason: signal.aborted ? "aborted" : "error", error: failed.toData() };
      return;
    }
    yield* chat(attempt, this.#retry, signal, options?.quiet ?? false);
  }

  async #attempt(request: ChatRequest): Promise<Attempt> {
    const model = await this.resolve(request.model);
    const { provider, id } = this.#split(model.name, await this.#providers.all());
    const bare = { ...request, model: id };
    if (provider.kind === "demo") return demoAttempt(bare);
    if (provider.kind === "local") return this.#local!.attempt(bare, this.#providers.localModel(id)!);
    const client = this.#client(provider);
    const key = await this.#key(provider);
    return this.#withoutKey(client.attempt(bare, key, model.profile.vision ?? false), key);
  }

  /** What a server says may repeat the key it was sent. */
  #withoutKey(attempt: Attempt, key: string | undefined): Attempt {
    return async (sink, signal) => {
      const outcome = await attempt(sink, signal);
      if ("failure" in outcome) {
        const { error } = outcome.failure;
        error.message = this.#redact(error.message, key);
      }
      return outcome;
    };
  }

  /** The key from the environment is none of the stored secrets. A key so short would hit words. */
  #redact(message: string, key: string | undefined): string {
    const text = this.#options.secrets.redact(message);
    return key && key.length >= 6 ? text.replaceAll(key, "[key]") : text;
  }

  async embed(texts: string[], signal: AbortSignal, model?: string): Promise<number[][]> {
    const name = model ?? (await this.embedder());
    if (!name) {
      throw new PatchbayError(
        "model_missing",
        "No embedding model is set. Choose one under Models or for the knowledge, or set PATCHBAY_EMBEDDER to provider/model.",
      );
    }
    if (texts.length === 0) return [];
    const { provider, id } = this.#split(name, await this.#providers.all());
    if (provider.kind !== "openai-compatible") {
      throw new PatchbayError(
        "model_missing",
        `"${name}" cannot make embeddings: its provider has no embeddings API. Choose a model of an OpenAI-compatible provider.`,
      );
    }
    const { label, baseUrl } = this.#client(provider);
    const key = await this.#key(provider);
    try {
      return await embedTexts(
        { label, baseUrl, pool: this.#pool, limits: this.#limits },
        this.#retry,
        id,
        key,
        texts,
        signal,
      );
    } catch (error) {
      if (!(error instanceof PatchbayError)) throw error;
      throw new PatchbayError(error.code, this.#redact(error.message, key), { retryAfter: error.retryAfter });
    }
  }

  async test(id: string, signal: AbortSignal): Promise<ProviderTest> {
    const provider = (await this.#providers.all()).get(id);
    if (!provider) throw notFound("provider", id);
    if (provider.kind === "demo") {
      return {
        ok: true,
        message: "The demo needs no network: it is always there.",
        models: ["offline"],
        tried: "offline",
        found: { chat: true, streams: true, tools: true },
      };
    }
    if (provider.kind === "local") return this.#testLocal(provider, signal);
    const client = this.#client(provider);
    const key = await this.#key(provider);
    const result = await probe(
      {
        provider,
        list: (abort) => this.#list(provider, client, key, abort),
        attempt: (request, vision) => client.attempt(request, key, vision),
        embed: (model, abort) =>
          embedTexts(
            { label: client.label, baseUrl: client.baseUrl, pool: this.#pool, limits: this.#limits },
            { ...this.#retry, retries: 0 },
            model,
            key,
            ["a test"],
            abort,
          ),
        profile: (model) => this.#profile(provider, model),
        now: this.#now,
      },
      signal,
    );
    result.message = this.#redact(result.message, key);
    return result;
  }

  #testLocal(provider: Provider, signal: AbortSignal): Promise<ProviderTest> {
    return probe(
      {
        provider,
        list: async () => provider.models!,
        attempt: (request) => this.#local!.attempt(request, this.#providers.localModel(request.model)!),
        embed: () => Promise.reject(new PatchbayError("model_missing", "Local models make no embeddings.")),
        profile: (model) => this.#profile(provider, model),
        now: this.#now,
      },
      signal,
    );
  }

  /* ---- names ---- */

  /** Rejects with `model_missing` that names what there is. */
  #split(name: string, providers: Map<string, Provider>): { provider: Provider; id: string } {
    const slash = name.indexOf("/");
    const provider = slash > 0 ? providers.get(name.slice(0, slash)) : undefined;
    const id = name.slice(slash + 1);
    if (!provider) {
      const known = [...providers.keys()].join(", ");
      const why = slash > 0 ? `there is no provider "${name.slice(0, slash)}"` : `a model is written as provider/model`;
      throw new PatchbayError(
        "model_missing",
        `The model "${name}" cannot be had: ${why}. Providers are: ${known}. Add one under Models, or use "default".`,
      );
    }
    if (!id || (provider.models && !provider.models.includes(id))) {
      const known = provider.models?.join(", ") ?? "";
      throw new PatchbayError(
        "model_missing",
        `The provider "${provider.id}" has no model "${id}". It has: ${known || "those that its endpoint lists"}.`,
      );
    }
    return { provider, id };
  }

  /** `must`: reject where it cannot be known; else the demo stands in, for a list that is only shown. */
  async #defaultName(must: boolean): Promise<string> {
    const set = await this.defaultModel();
    if (set && set !== "default") return set;
    for (const provider of (await this.#providers.all()).values()) {
      if (provider.kind === "demo") break;
      const id = (await this.#modelIds(provider)).find(canChat);
      if (id) return `${provider.id}/${id}`;
      // To answer with the demo while a real model is configured would pass a fault off as an answer.
      if (must) {
        throw new PatchbayError(
          "model_missing",
          `The default model cannot be told: the provider "${provider.id}" lists no chat model, or does not answer. Choose the default model under Models, set PATCHBAY_DEFAULT_MODEL, or write model ids into the provider.`,
        );
      }
    }
    return DEMO_MODEL;
  }

  #profile(provider: Provider, id: string): Model["profile"] {
    if (provider.kind === "demo") return DEMO_PROFILE;
    const local = provider.kind === "local" ? this.#providers.localModel(id) : undefined;
    if (local) return this.#local!.profile(local);
    return profileFor(id, provider.profile, this.#baseUrl(provider));
  }

  /* ---- endpoints ---- */

  #client(provider: Provider): Client {
    const known = this.#clients.get(provider.id);
    if (known && (known.provider === provider || sameEndpoint(known.provider, provider))) return known;
    const label = `Provider "${provider.id}"`;
    const baseUrl = this.#baseUrl(provider)!;
    const endpoint = { label, baseUrl, pool: this.#pool, limits: this.#limits, files: this.#files };
    const made = provider.kind === "anthropic" ? new Anthropic(endpoint) : new OpenAiCompatible(endpoint);
    const client: Client = {
      provider,
      label,
      baseUrl,
      attempt: (request, key, vision) => made.attempt(request, key, vision),
    };
    this.#clients.set(provider.id, client);
    return client;
  }

  #baseUrl(provider: Provider): string | undefined {
    return provider.baseUrl ?? (provider.kind === "anthropic" ? ANTHROPIC_URL : undefined);
  }

  async #key(provider: Provider): Promise<string | undefined> {
    if (provider.apiKey) return this.#options.secrets.get(provider.apiKey.secret);
    const { openai } = this.#options.env;
    return openai && provider.baseUrl === openai.baseUrl && provider.id === "openai" ? openai.apiKey : undefined;
  }

  /** Written down, or listed by the endpoint, or (when it is silent) what it listed last. Never rejects. */
  async #modelIds(provider: Provider): Promise<string[]> {
    if (provider.models) return provider.models;
    const client = this.#client(provider);
    if (client.listed && this.#now() - client.listed.at < LIST_MAX_AGE_MS) return client.listed.models;
    try {
      return await this.#list(provider, client, await this.#key(provider), AbortSignal.timeout(LIST_TIMEOUT_MS));
    } catch {
      const models = client.listed?.models ?? [];
      // A silent endpoint is not asked again at every look at the page.
      client.listed = { at: this.#now() - LIST_MAX_AGE_MS + RETRY_LIST_MS, models };
      return models;
    }
  }

  async #list(provider: Provider, client: Client, key: string | undefined, signal: AbortSignal): Promise<string[]> {
    const models = await listModels(
      {
        label: client.label,
        baseUrl: client.baseUrl,
        pool: this.#pool,
        limits: this.#limits,
        anthropic: provider.kind === "anthropic",
      },
      key,
      signal,
    );
    client.listed = { at: this.#now(), models };
    return models;
  }
}

function sameEndpoint(a: Provider, b: Provider): boolean {
  return a.kind === b.kind && a.baseUrl === b.baseUrl;
}
