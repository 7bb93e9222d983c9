/** The endpoints of configured providers: a client for each, its API key, and the models that it lists. */
import { PatchbayError } from "../../runtime/error.ts";
import type { ChatRequest } from "../../runtime/model.ts";
import type { Provider } from "../contract/model.ts";
import { notFound } from "../lib/not-found.ts";
import type { Secrets } from "../secrets/service.ts";
import type { Files } from "../stores/files.ts";
import { ANTHROPIC_URL, Anthropic } from "./anthropic.ts";
import type { Attempt } from "./attempt.ts";
import { RETRY_POLICY, type RetryPolicy } from "./chat.ts";
import { Dialects } from "./dialect.ts";
import { embedTexts } from "./embed.ts";
import { type ListedModel, listModels } from "./list-models.ts";
import { type ChatProfile, OpenAiCompatible } from "./openai-compatible.ts";
import { PROBE_IMAGE } from "./probe.ts";
import type { Learned } from "./profiles.ts";
import type { ProviderEnv } from "./providers.ts";
import { createPool, PROVIDER_LIMITS, type ProviderLimits } from "./send.ts";

export interface EndpointsOptions {
  secrets: Pick<Secrets, "get" | "redact">;
  /** The images that models with vision receive. */
  files?: Pick<Files, "get">;
  env: ProviderEnv;
  /** Set by tests only. */
  limits?: Partial<ProviderLimits>;
  retry?: Partial<RetryPolicy>;
  now?: () => number;
}

/** Milliseconds for which an endpoint's list of models is reused. */
const LIST_MAX_AGE_MS = 60_000;
const LIST_TIMEOUT_MS = 5_000;
/** Milliseconds before an endpoint that returned no list is asked again. */
const RETRY_LIST_MS = 10_000;

interface Client {
  /** The provider that it was made for. A provider with another address gets a new client. */
  provider: Provider;
  label: string;
  baseUrl: string;
  attempt(request: ChatRequest, key: string | undefined, profile: ChatProfile): Attempt;
  dialects: Dialects;
  listed?: { at: number; models: string[]; contextTokens: Map<string, number> };
}

export class Endpoints {
  readonly #options: EndpointsOptions;
  readonly #pool = createPool();
  readonly #limits: ProviderLimits;
  readonly retry: RetryPolicy;
  readonly #now: () => number;
  readonly #clients = new Map<string, Client>();
  readonly #onLearned: () => void;

  /** The stored files, and the image of the provider test. */
  readonly #files: Pick<Files, "get"> = {
    get: async (id) => {
      if (id === PROBE_IMAGE.ref.id) return PROBE_IMAGE;
      if (!this.#options.files) throw notFound("file", id);
      return this.#options.files.get(id);
    },
  };

  /** `onLearned` is called when a server has shown what a model accepts. */
  constructor(options: EndpointsOptions, onLearned: () => void) {
    this.#options = options;
    this.#onLearned = onLearned;
    this.#now = options.now ?? Date.now;
    this.#limits = { ...PROVIDER_LIMITS, ...options.limits };
    this.retry = { ...RETRY_POLICY, ...options.retry };
  }

  /** Ends the kept-alive connections. */
  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  /** One request to a provider's model. `request.model` is the provider's own id. */
  attempt(provider: Provider, key: string | undefined, request: ChatRequest, profile: ChatProfile): Attempt {
    const attempt = this.#client(provider).attempt(request, key, profile);
    return async (sink, signal) => {
      const outcome = await attempt(sink, signal);
      if ("failure" in outcome) {
        const { error } = outcome.failure;
        error.message = this.redact(error.message, key);
      }
      return outcome;
    };
  }

  /** Rejects with a model's error code, or with the signal's reason. */
  async embed(
    provider: Provider,
    key: string | undefined,
    model: string,
    texts: string[],
    signal: AbortSignal,
    retries = this.retry.retries,
  ): Promise<number[][]> {
    const { label, baseUrl } = this.#client(provider);
    const options = { label, baseUrl, pool: this.#pool, limits: this.#limits };
    try {
      return await embedTexts(options, { ...this.retry, retries }, model, key, texts, signal);
    } catch (error) {
      if (!(error instanceof PatchbayError)) throw error;
      throw new PatchbayError(error.code, this.redact(error.message, key), { retryAfter: error.retryAfter });
    }
  }

  /** A server's message may repeat the key that it was sent, and a key from the environment is not a stored secret. */
  redact(message: string, key: string | undefined): string {
    const text = this.#options.secrets.redact(message);
    // A shorter key could match ordinary words.
    return key && key.length >= 6 ? text.replaceAll(key, "[key]") : text;
  }

  baseUrl(provider: Provider): string | undefined {
    return provider.baseUrl ?? (provider.kind === "anthropic" ? ANTHROPIC_URL : undefined);
  }

  async key(provider: Provider): Promise<string | undefined> {
    if (provider.apiKey) return this.#options.secrets.get(provider.apiKey.secret);
    const { openai } = this.#options.env;
    return openai && provider.baseUrl === openai.baseUrl && provider.id === "openai" ? openai.apiKey : undefined;
  }

  /** The configured models, else those that the endpoint lists, else (while it does not answer) its last list. Never rejects. */
  async modelIds(provider: Provider): Promise<string[]> {
    if (provider.models) return provider.models;
    const client = this.#client(provider);
    if (client.listed && this.#now() - client.listed.at < LIST_MAX_AGE_MS) return client.listed.models;
    try {
      return await this.list(provider, await this.key(provider), AbortSignal.timeout(LIST_TIMEOUT_MS));
    } catch {
      const models = client.listed?.models ?? [];
      // A page that is opened again must not wait for this endpoint again.
      const contextTokens = client.listed?.contextTokens ?? new Map();
      client.listed = { at: this.#now() - LIST_MAX_AGE_MS + RETRY_LIST_MS, models, contextTokens };
      return models;
    }
  }

  /** What the server has shown of a model. */
  learned(provider: Provider, model: string): Learned {
    const { dialects, listed } = this.#client(provider);
    const { contextTokens, noTools } = dialects.of(model);
    return { refusedContext: contextTokens, listedContext: listed?.contextTokens.get(model), noTools };
  }

  async list(provider: Provider, key: string | undefined, signal: AbortSignal): Promise<string[]> {
    const client = this.#client(provider);
    const listed: ListedModel[] = await listModels(
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
    const contextTokens = new Map<string, number>();
    for (const model of listed) if (model.contextTokens !== undefined) contextTokens.set(model.id, model.contextTokens);
    const models = listed.map((model) => model.id);
    const before = client.listed?.contextTokens;
    client.listed = { at: this.#now(), models, contextTokens };
    if (!sameEntries(before, contextTokens)) this.#onLearned();
    return models;
  }

  #client(provider: Provider): Client {
    const known = this.#clients.get(provider.id);
    if (known && (known.provider === provider || sameEndpoint(known.provider, provider))) return known;
    const label = `Provider "${provider.id}"`;
    const baseUrl = this.baseUrl(provider)!;
    const dialects = new Dialects(this.#now, this.#onLearned);
    const { id } = provider;
    const endpoint = {
      provider: id,
      label,
      baseUrl,
      pool: this.#pool,
      limits: this.#limits,
      files: this.#files,
      dialects,
    };
    const made = provider.kind === "anthropic" ? new Anthropic(endpoint) : new OpenAiCompatible(endpoint);
    const client: Client = {
      provider,
      label,
      baseUrl,
      attempt: (request, key, profile) => made.attempt(request, key, profile),
      dialects,
    };
    this.#clients.set(provider.id, client);
    return client;
  }
}

function sameEntries(a: ReadonlyMap<string, number> | undefined, b: ReadonlyMap<string, number>): boolean {
  if ((a?.size ?? 0) !== b.size) return false;
  for (const [key, value] of b) if (a?.get(key) !== value) return false;
  return true;
}

function sameEndpoint(a: Provider, b: Provider): boolean {
  return a.kind === b.kind && a.baseUrl === b.baseUrl;
}
