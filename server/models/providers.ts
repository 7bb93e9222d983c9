/** Providers as records: validated when saved, and cached as one snapshot, so that a call makes no query. */
import { PatchbayError } from "../../runtime/error.ts";
import { NewProvider, type Provider } from "../contract/model.ts";
import type { Env } from "../process/env.ts";
import { readSettings } from "../settings/settings.ts";
import type { Records } from "../stores/records.ts";
import type { LocalModel, LocalModels } from "./local/local-models.ts";

export const PROVIDER = "provider";
export const DEMO_PROVIDER: Provider = { id: "demo", kind: "demo", models: ["offline"] };
export const ENV_PROVIDER = "openai";
/** The local models. The provider exists when at least one is installed. */
export const LOCAL_PROVIDER = "local";
const RESERVED = new Set([DEMO_PROVIDER.id, LOCAL_PROVIDER, "default"]);

/** Milliseconds until a change by another process is seen. */
const MAX_AGE_MS = 5_000;

interface Defaults {
  model: string | undefined;
  embedder: string | undefined;
}

interface Snapshot {
  at: number;
  byId: Map<string, Provider>;
  defaults: Defaults;
}

export class Providers {
  readonly #records: Records;
  readonly #env: ProviderEnv;
  readonly #now: () => number;
  readonly #local: LocalModels | undefined;
  #localModels = new Map<string, LocalModel>();
  #snapshot: Snapshot | undefined;
  #loading: Promise<Snapshot> | undefined;

  constructor(records: Records, env: ProviderEnv, now: () => number, local?: LocalModels) {
    this.#records = records;
    this.#local = local;
    this.#env = env;
    this.#now = now;
  }

  /** By id, in order of creation; the one from the environment first, the demo last. */
  async all(): Promise<Map<string, Provider>> {
    return (await this.#current()).byId;
  }

  /** From the settings, else from the environment. */
  async defaults(): Promise<Defaults> {
    return (await this.#current()).defaults;
  }

  /** Discards the snapshot after a change. */
  refresh(): void {
    this.#snapshot = undefined;
  }

  async #current(): Promise<Snapshot> {
    if (this.#snapshot && this.#now() - this.#snapshot.at < MAX_AGE_MS) return this.#snapshot;
    this.#loading ??= this.#load().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  /** From the last snapshot. */
  localModel(name: string): LocalModel | undefined {
    return this.#localModels.get(name);
  }

  async #load(): Promise<Snapshot> {
    const stored = [];
    for (let after: string | undefined; ; ) {
      const page = await this.#records.list<Provider>(PROVIDER, { after, limit: 200 });
      stored.push(...page);
      if (page.length < 200) break;
      after = page.at(-1)!.id;
    }
    stored.sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
    const byId = new Map<string, Provider>();
    const fromEnv = envProvider(this.#env);
    if (fromEnv) byId.set(fromEnv.id, fromEnv);
    for (const record of stored) if (!byId.has(record.id)) byId.set(record.id, { ...record.body, id: record.id });
    this.#localModels = new Map((await this.#local?.list())?.map((model) => [model.name, model]));
    if (this.#localModels.size > 0) {
      byId.set(LOCAL_PROVIDER, { id: LOCAL_PROVIDER, kind: "local", models: [...this.#localModels.keys()] });
    }
    byId.set(DEMO_PROVIDER.id, DEMO_PROVIDER);
    const { defaultModel, defaultEmbedder } = await readSettings(this.#records);
    const defaults = {
      model: defaultModel ?? this.#env.defaultModel,
      embedder: defaultEmbedder ?? this.#env.embedder,
    };
    this.#snapshot = { at: this.#now(), byId, defaults };
    return this.#snapshot;
  }

  /**
   * Creates or replaces. `was`: its id until now, which becomes an alias. Rejects with `bad_request` (with the path) or
   * `conflict` (a built-in name, or another provider's).
   */
  async save(input: unknown, was?: string): Promise<Provider> {
    const provider = parseProvider(input);
    if (RESERVED.has(provider.id)) {
      throw new PatchbayError("conflict", `The name "${provider.id}" is built in. Choose another id.`, { path: "/id" });
    }
    if (provider.id === ENV_PROVIDER && this.#env.openai) {
      throw new PatchbayError(
        "conflict",
        `The provider "openai" comes from OPENAI_BASE_URL and OPENAI_API_KEY. Choose another id, or unset them.`,
        { path: "/id" },
      );
    }
    this.refresh();
    const other = findProvider(await this.all(), provider.id);
    if (other && other.id !== (was ?? provider.id)) {
      throw new PatchbayError(
        "conflict",
        other.id === provider.id
          ? `The provider "${provider.id}" already exists. Use another id.`
          : `"${provider.id}" is an earlier name of "${other.id}", which graphs may still use. Use another id.`,
        { path: "/id" },
      );
    }
    const renamed = was !== undefined && was !== provider.id;
    if (renamed) {
      if ((await this.#records.get(PROVIDER, was)) === undefined)
        throw new PatchbayError("conflict", `The provider "${was}" is built in or comes from the environment.`);
      provider.aliases = [...(provider.aliases ?? []), was].filter((alias) => alias !== provider.id);
    }
    // The new record is written first: if the process ends in between, the old one is still there.
    await this.#records.put(PROVIDER, provider.id, provider);
    if (renamed) await this.#records.delete(PROVIDER, was);
    this.refresh();
    return provider;
  }

  async delete(id: string): Promise<boolean> {
    if (id === LOCAL_PROVIDER) {
      throw new PatchbayError("conflict", "Local models are removed one by one: npx patchbay models remove <name>.");
    }
    if (id === DEMO_PROVIDER.id || (id === ENV_PROVIDER && this.#env.openai)) {
      throw new PatchbayError(
        "conflict",
        `The provider "${id}" is built in or comes from the environment and cannot be deleted.`,
      );
    }
    const deleted = await this.#records.delete(PROVIDER, id);
    this.refresh();
    return deleted;
  }
}

/** By its id, or else by an earlier one. */
export function findProvider(providers: ReadonlyMap<string, Provider>, id: string): Provider | undefined {
  return providers.get(id) ?? [...providers.values()].find((provider) => provider.aliases?.includes(id));
}

export type ProviderEnv = Pick<Env, "openai" | "defaultModel" | "embedder">;

function envProvider(env: ProviderEnv): Provider | undefined {
  if (!env.openai) return undefined;
  return { id: ENV_PROVIDER, kind: "openai-compatible", baseUrl: env.openai.baseUrl };
}

function parseProvider(input: unknown): Provider {
  const parsed = NewProvider.safeParse(input);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    const path = `/${issue.path.join("/")}`;
    throw new PatchbayError("bad_request", `The provider cannot be saved: ${issue.message} (at ${path})`, { path });
  }
  const provider = parsed.data;
  if (provider.kind === "openai-compatible" && !provider.baseUrl) {
    throw new PatchbayError(
      "bad_request",
      "An OpenAI-compatible provider needs a base URL, such as http://localhost:11434/v1.",
      { path: "/baseUrl" },
    );
  }
  if (provider.baseUrl !== undefined) provider.baseUrl = checkedUrl(provider.baseUrl);
  return provider;
}

function checkedUrl(text: string): string {
  const fail = (why: string): never => {
    throw new PatchbayError("bad_request", `The base URL ${why}`, { path: "/baseUrl" });
  };
  if (!URL.canParse(text)) fail(`"${text}" is not a URL. Example: http://localhost:11434/v1.`);
  const url = new URL(text);
  if (url.protocol !== "http:" && url.protocol !== "https:") fail("must begin with http:// or https://.");
  if (url.username || url.password) fail("must not carry a user name or password. Save the key as a secret instead.");
  if (url.hash) fail("must not have a fragment (#).");
  // Users often paste the URL of one method instead of the base URL.
  url.pathname = url.pathname
    .replace(/\/(chat\/completions|completions|models|embeddings|messages)\/?$/, "")
    .replace(/\/+$/, "");
  return url.href.replace(/\/$/, "");
}
