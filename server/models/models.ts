/** The models service: names resolved to providers, and chat, embeddings and the provider test over them. */
import { PatchbayError } from "../../runtime/error.ts";
import type { ChatRequest, Model, ModelEvent } from "../../runtime/model.ts";
import type { ModelCard, Provider, ProviderTest } from "../contract/model.ts";
import { notFound } from "../lib/not-found.ts";
import type { Records } from "../stores/records.ts";
import type { Attempt } from "./attempt.ts";
import { chat } from "./chat.ts";
import { DEMO_PROFILE, demoAttempt } from "./demo/demo.ts";
import { Endpoints, type EndpointsOptions } from "./endpoints.ts";
import { LocalModels } from "./local/local-models.ts";
import { probe } from "./probe.ts";
import { canChat, canEmbed, profileFor } from "./profiles.ts";
import { findProvider, Providers } from "./providers.ts";
import type { Models } from "./service.ts";

export interface ModelsOptions extends EndpointsOptions {
  records: Records;
  /** `<data>/models`, the folder of local models. Without it there are no local models. */
  localFolder?: string;
}

export const DEMO_MODEL = "demo/offline";

/** Sends no request before a method is called. `close` ends the kept-alive connections. */
export function createModels(options: ModelsOptions): Models & { close(): Promise<void> } {
  return new ModelService(options);
}

class ModelService implements Models {
  readonly #endpoints: Endpoints;
  readonly #providers: Providers;
  readonly #local: LocalModels | undefined;
  readonly #now: () => number;
  /** Resolved names, valid for one snapshot of the providers. */
  #resolved: { from: Map<string, Provider>; models: Map<string, Model> } | undefined;

  constructor(options: ModelsOptions) {
    this.#endpoints = new Endpoints(options, () => {
      this.#resolved = undefined;
    });
    this.#now = options.now ?? Date.now;
    this.#local = options.localFolder === undefined ? undefined : new LocalModels(options.localFolder);
    this.#providers = new Providers(options.records, options.env, this.#now, this.#local);
  }

  async close(): Promise<void> {
    await this.#local?.close();
    await this.#endpoints.close();
  }

  async providers(): Promise<Provider[]> {
    return [...(await this.#providers.all()).values()];
  }

  async save(provider: Provider, was?: string): Promise<Provider> {
    return this.#providers.save(provider, was);
  }

  async delete(id: string): Promise<boolean> {
    return this.#providers.delete(id);
  }

  async defaultModel(): Promise<string | undefined> {
    return this.#current((await this.#providers.defaults()).model);
  }

  async embedder(): Promise<string | undefined> {
    return this.#current((await this.#providers.defaults()).embedder);
  }

  /** The name under the present id of its provider. */
  async #current(name: string | undefined): Promise<string | undefined> {
    if (name === undefined) return undefined;
    const slash = name.indexOf("/");
    const provider = slash > 0 ? findProvider(await this.#providers.all(), name.slice(0, slash)) : undefined;
    return provider ? `${provider.id}/${name.slice(slash + 1)}` : name;
  }

  refresh(): void {
    this.#providers.refresh();
  }

  /**
   * The models to choose from. An endpoint that does not respond within five seconds adds only the models of its last
   * list.
   */
  async cards(): Promise<ModelCard[]> {
    const providers = await this.providers();
    const lists = await Promise.all(providers.map((provider) => this.#endpoints.modelIds(provider)));
    const preferred = await this.#defaultName(false).catch(() => undefined);
    const cards: ModelCard[] = [];
    providers.forEach((provider, place) => {
      for (const id of lists[place]!) {
        const embeds = canEmbed(id);
        if (!embeds && !canChat(id)) continue;
        const name = `${provider.id}/${id}`;
        const card: ModelCard = { name, provider: provider.id, profile: this.#profile(provider, id) };
        if (provider.aliases) card.aliases = provider.aliases.map((alias) => `${alias}/${id}`);
        if (embeds) card.embeds = true;
        if (provider.kind === "demo") card.demo = true;
        if (name === preferred) card.isDefault = true;
        cards.push(card);
      }
    });
    // The default model runs even when its endpoint does not list it.
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
    const model: Model = { name: `${provider.id}/${id}`, profile: this.#profile(provider, id) };
    if (provider.kind === "demo") model.demo = true;
    const fallback = await this.#current(provider.fallback);
    if (fallback && fallback !== model.name) model.fallback = fallback;
    // Names come from graphs, so the cache needs a bound.
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
    yield* chat(attempt, this.#endpoints.retry, signal, options?.quiet ?? false);
  }

  async #attempt(request: ChatRequest): Promise<Attempt> {
    const model = await this.resolve(request.model);
    const { provider, id } = this.#split(model.name, await this.#providers.all());
    const bare = { ...request, model: id };
    if (provider.kind === "demo") return demoAttempt(bare);
    if (provider.kind === "local") return this.#local!.attempt(bare, this.#providers.localModel(id)!);
    const key = await this.#endpoints.key(provider);
    return this.#endpoints.attempt(provider, key, bare, model.profile);
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
    return this.#endpoints.embed(provider, await this.#endpoints.key(provider), id, texts, signal);
  }

  async test(id: string, signal: AbortSignal): Promise<ProviderTest> {
    const provider = (await this.#providers.all()).get(id);
    if (!provider) throw notFound("provider", id);
    if (provider.kind === "demo") {
      return {
        ok: true,
        message: "The demo needs no network and is always available.",
        models: ["offline"],
        tried: "offline",
        found: { chat: true, streams: true, tools: true },
      };
    }
    if (provider.kind === "local") return this.#testLocal(provider, signal);
    const key = await this.#endpoints.key(provider);
    const result = await probe(
      {
        provider,
        list: (abort) => this.#endpoints.list(provider, key, abort),
        attempt: (request, vision) =>
          this.#endpoints.attempt(provider, key, request, { ...this.#profile(provider, request.model), vision }),
        embed: (model, abort) => this.#endpoints.embed(provider, key, model, ["a test"], abort, 0),
        profile: (model) => this.#profile(provider, model),
        now: this.#now,
      },
      signal,
    );
    result.message = this.#endpoints.redact(result.message, key);
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

  /** Throws `model_missing` with the names that exist. */
  #split(name: string, providers: Map<string, Provider>): { provider: Provider; id: string } {
    const slash = name.indexOf("/");
    const provider = slash > 0 ? findProvider(providers, name.slice(0, slash)) : undefined;
    const id = name.slice(slash + 1);
    if (!provider) {
      const known = [...providers.keys()].join(", ");
      const why = slash > 0 ? `there is no provider "${name.slice(0, slash)}"` : `a model is written as provider/model`;
      throw new PatchbayError(
        "model_missing",
        `The model "${name}" is not available: ${why}. Providers are: ${known}. Add one under Models, or use "default".`,
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

  /** With `required` it rejects when the default is unknown; without it (for a list) it falls back to the demo. */
  async #defaultName(required: boolean): Promise<string> {
    const set = await this.defaultModel();
    if (set && set !== "default") return set;
    for (const provider of (await this.#providers.all()).values()) {
      if (provider.kind === "demo") break;
      const id = (await this.#endpoints.modelIds(provider)).find(canChat);
      if (id) return `${provider.id}/${id}`;
      // A reply of the demo would hide that the configured provider failed.
      if (required) {
        throw new PatchbayError(
          "model_missing",
          `There is no default model: the provider "${provider.id}" lists no chat model, or does not respond. Choose the default model under Models, set PATCHBAY_DEFAULT_MODEL, or enter model ids in the provider.`,
        );
      }
    }
    return DEMO_MODEL;
  }

  #profile(provider: Provider, id: string): Model["profile"] {
    if (provider.kind === "demo") return DEMO_PROFILE;
    const local = provider.kind === "local" ? this.#providers.localModel(id) : undefined;
    if (local) return this.#local!.profile(local);
    const learned = this.#endpoints.learned(provider, id);
    return profileFor(id, provider.profile, this.#endpoints.baseUrl(provider), learned);
  }
}
