/**
 * The client of the server's API, typed by the server's routes: a changed route fails to compile here. Every call
 * resolves with the parsed body or rejects with an `ApiError`, whose message can be shown to a person. An aborted call
 * rejects with the signal's reason. One file over 350 lines, because each resource is a list of one-line calls that
 * share the helpers at the top.
 */
import { type ClientResponse, hc } from "hono/client";
import type { RunEvent, RunInput, RunItem, WaitDecision } from "../../runtime/event.ts";
import type { RunStatus } from "../../runtime/fold-run.ts";
import type { Graph } from "../../runtime/graph.ts";
import type { FileRef } from "../../runtime/message.ts";
import type { Effect, ToolResult } from "../../runtime/tool.ts";
import type { App } from "../../server/app.ts";
import type {
  Admission,
  Agent,
  AgentCard,
  AgentVersion,
  Publication,
  Published,
  Revision,
  SavedAgent,
} from "../../server/contract/agent.ts";
import type { RestoreReport } from "../../server/contract/backup.ts";
import type { CustomTool } from "../../server/contract/custom-tool.ts";
import type { AgentKey, KeyLimits } from "../../server/contract/key.ts";
import type { KnowledgeCard, KnowledgeDocument, SearchHit } from "../../server/contract/knowledge.ts";
import type { McpServerCard, McpTool } from "../../server/contract/mcp-server.ts";
import type { ModelCard, NewProvider, Provider, ProviderTest } from "../../server/contract/model.ts";
import type { Proposal } from "../../server/contract/proposal.ts";
import type {
  Rating,
  RatingFilter,
  RunResult,
  RunRow,
  Session,
  SessionRow,
  UsageDimension,
  UsageRow,
} from "../../server/contract/run.ts";
import type { SecretCard } from "../../server/contract/secret.ts";
import type { ServerSettings } from "../../server/contract/settings.ts";
import type { Task } from "../../server/contract/task.ts";
import type { Template, ToolTemplate, UsedTemplate } from "../../server/contract/template.ts";
import type { ToolCard, ToolImportReport } from "../../server/contract/tool.ts";
import type { Delivery, MadeTrigger, NewTrigger, Trigger } from "../../server/contract/trigger.ts";
import type { UseQuery, Uses } from "../../server/contract/use.ts";
import { jsonOf, received, send, sendFile, streamItems } from "./call.ts";

export { ApiError } from "./call.ts";

const { api: routes } = hc<App>("/", { fetch: send });

/** The body of a response. */
async function read<R>(answer: Promise<ClientResponse<R>>): Promise<R> {
  return jsonOf<R>(await answer);
}

/** Waits for a response without a body. */
async function done(answer: Promise<unknown>): Promise<void> {
  await answer;
}

/** For a route that streams or parses its body by hand, and so has no typed client. */
async function plain<R>(
  method: string,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
  headers: Record<string, string> = {},
): Promise<R> {
  const form = body instanceof FormData;
  const response = await send(path, {
    method,
    signal,
    headers: { ...(body !== undefined && !form && { "Content-Type": "application/json" }), ...headers },
    ...(body !== undefined && { body: form ? body : JSON.stringify(body) }),
  });
  return jsonOf<R>(response);
}

/** Streams a run: the one that a request with `body` starts, or an existing one (no body). */
async function* stream(path: string, body?: object, signal?: AbortSignal, last?: number): AsyncGenerator<RunItem> {
  const headers = {
    Accept: "text/event-stream",
    ...(body && { "Content-Type": "application/json" }),
    ...(last !== undefined && last >= 0 && { "Last-Event-ID": String(last) }),
  };
  yield* streamItems(
    await send(path, body ? { method: "POST", headers, body: JSON.stringify(body), signal } : { headers, signal }),
  );
}

const until = (signal: AbortSignal | undefined) => ({ init: { signal } });

const EVENTS_PER_PAGE = 1000;

/** Encodes a path segment. A tool's name contains slashes and is still one segment. */
const id = encodeURIComponent;

/** Loads all pages of a list whose items have an id. */
async function everyPage<R extends { id: string }>(
  page: (query: { limit: string; after?: string }) => Promise<R[]>,
): Promise<R[]> {
  const limit = 500;
  const found: R[] = [];
  for (;;) {
    const last = found.at(-1)?.id;
    const items = await page({ limit: String(limit), ...(last !== undefined && { after: last }) });
    found.push(...items);
    if (items.length < limit) return found;
  }
}

export interface RunFilter {
  agent?: string;
  status?: RunStatus;
  session?: string;
  text?: string;
  user?: string;
  rating?: RatingFilter;
  /** Unix milliseconds. */
  from?: number;
  to?: number;
  after?: string;
  limit?: number;
}

export interface RunRequest {
  input: RunInput;
  session?: string;
  user?: string;
}

export interface RunPart {
  /** See `run-start`. */
  replaces?: string;
  /** Outputs that replace those of a node. */
  pins?: Record<string, Record<string, unknown>>;
  range?: { to?: string; from?: string; only?: string };
}

/** The values of a query as strings; absent values are left out. */
function texts<Q extends object>(query: Q): { [K in keyof Q]: string } {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== "");
  return Object.fromEntries(given.map(([key, value]) => [key, String(value)])) as { [K in keyof Q]: string };
}

interface KeyBody {
  name: string;
  agents: string[] | "*";
  rights?: ("run" | "answer")[];
  limits?: KeyLimits;
}

export interface UsageQuery {
  by: readonly UsageDimension[];
  /** Whole days up to now, or a start time in Unix milliseconds. */
  days?: number;
  from?: number;
  agent?: string;
  /** 0 means drafts. */
  version?: number;
  /** Empty means the admin's own runs. */
  key?: string;
}

export const api = {
  nodes: {
    /** The operator's custom node types. */
    modules: () => read(routes.nodes.$get()),
  },
  agents: {
    list: (signal?: AbortSignal): Promise<Agent[]> =>
      everyPage(async (query) => (await read(routes.agents.$get({ query }, until(signal)))).agents as Agent[]),
    cards: (signal?: AbortSignal): Promise<AgentCard[]> =>
      everyPage(
        async (query) =>
          (await read(routes.agents.$get({ query: { ...query, view: "cards" } }, until(signal)))).agents as AgentCard[],
      ),
    get: (agent: string, signal?: AbortSignal): Promise<Agent> =>
      read(routes.agents[":id"].$get({ param: { id: id(agent) } }, until(signal))),
    create: (graph: Graph): Promise<Agent> => read(routes.agents.$post({ json: { graph: { ...graph } } })),
    /** `revision` is the last one that the editor loaded. Rejects with 409 if the agent was saved in the meantime. */
    save: (agent: string, graph: Graph, revision: number): Promise<SavedAgent> =>
      read(
        routes.agents[":id"].$put(
          { param: { id: id(agent) }, json: { graph: { ...graph } } },
          { headers: { "If-Match": `"${revision}"` } },
        ),
      ),
    delete: (agent: string) => done(routes.agents[":id"].$delete({ param: { id: id(agent) } })),
    /** Folder and tags. An empty folder, or no tags, removes them. */
    label: (agent: string, json: { folder: string; tags: string[] }): Promise<Agent> =>
      read(routes.agents[":id"].$patch({ param: { id: id(agent) }, json })),
    revisions: async (agent: string, signal?: AbortSignal): Promise<Revision[]> =>
      (await read(routes.agents[":id"].revisions.$get({ param: { id: id(agent) } }, until(signal)))).revisions,
    /** Names a revision; "" removes the name. */
    nameRevision: (agent: string, revision: number, label: string) =>
      done(
        routes.agents[":id"].revisions[":n"].$patch({ param: { id: id(agent), n: String(revision) }, json: { label } }),
      ),
    revision: (agent: string, revision: number): Promise<Agent> =>
      read(routes.agents[":id"].revisions[":n"].$get({ param: { id: id(agent), n: String(revision) } })),
    publish: (agent: string, json: { slug?: string; note?: string; live?: boolean } & Admission): Promise<Published> =>
      read(routes.agents[":id"].publish.$post({ param: { id: id(agent) }, json })),
    /** Who may open the chat page and what it shows. Does not create a version. */
    setPublication: async (agent: string, json: Admission): Promise<void> =>
      done(routes.agents[":id"].publication.$patch({ param: { id: id(agent) }, json })),
    versions: (
      agent: string,
      signal?: AbortSignal,
    ): Promise<{ publication?: Publication; urls?: Record<string, string>; versions: AgentVersion[] }> =>
      read(routes.agents[":id"].versions.$get({ param: { id: id(agent) } }, until(signal))),
    live: (agent: string, version: number, share?: number): Promise<Publication> =>
      read(
        routes.agents[":id"].live.$post({
          param: { id: id(agent) },
          json: share === undefined ? { version } : { version, share },
        }),
      ),
    /** Runs the saved draft. */
    run: (agent: string, request: RunRequest & RunPart, signal?: AbortSignal) =>
      stream(`/api/agents/${id(agent)}/runs`, request, signal),
  },
  triggers: {
    list: async (agent: string, signal?: AbortSignal): Promise<Trigger[]> =>
      (await read(routes.agents[":id"].triggers.$get({ param: { id: id(agent) } }, until(signal)))).triggers,
    /** Includes the address of a webhook. */
    get: (agent: string, trigger: string, signal?: AbortSignal): Promise<{ trigger: Trigger; url?: string }> =>
      read(
        routes.agents[":id"].triggers[":trigger"].$get(
          { param: { id: id(agent), trigger: id(trigger) } },
          until(signal),
        ),
      ),
    create: (agent: string, json: NewTrigger): Promise<MadeTrigger> =>
      read(routes.agents[":id"].triggers.$post({ param: { id: id(agent) }, json })),
    /** Null removes a setting. */
    update: (agent: string, trigger: string, json: object): Promise<MadeTrigger> =>
      read(
        routes.agents[":id"].triggers[":trigger"].$patch({
          param: { id: id(agent), trigger: id(trigger) },
          json: { ...json },
        }),
      ),
    /** `body`: the body that a webhook would receive. */
    test: (agent: string, trigger: string, body?: unknown): Promise<Delivery> =>
      read(
        routes.agents[":id"].triggers[":trigger"].test.$post({
          param: { id: id(agent), trigger: id(trigger) },
          json: { body },
        }),
      ),
    deliveries: async (agent: string, trigger: string, signal?: AbortSignal): Promise<Delivery[]> =>
      (
        await read(
          routes.agents[":id"].triggers[":trigger"].deliveries.$get(
            { param: { id: id(agent), trigger: id(trigger) } },
            until(signal),
          ),
        )
      ).deliveries,
    redeliver: (agent: string, trigger: string, delivery: string) =>
      done(
        routes.agents[":id"].triggers[":trigger"].redeliver.$post({
          param: { id: id(agent), trigger: id(trigger) },
          json: { delivery },
        }),
      ),
    delete: (agent: string, trigger: string) =>
      done(routes.agents[":id"].triggers[":trigger"].$delete({ param: { id: id(agent), trigger: id(trigger) } })),
  },
  runs: {
    list: async (filter: RunFilter, signal?: AbortSignal): Promise<RunRow[]> =>
      (
        await read(
          routes.runs.$get(
            { query: { ...texts(filter), status: filter.status, rating: filter.rating } },
            until(signal),
          ),
        )
      ).runs,
    get: (run: string, signal?: AbortSignal): Promise<Omit<RunRow, "error"> & RunResult> =>
      plain("GET", `/api/runs/${id(run)}`, undefined, signal),
    /** The graph that the run executed. */
    graph: (run: string, signal?: AbortSignal): Promise<{ graph: Graph }> =>
      read(routes.runs[":id"].graph.$get({ param: { id: id(run) } }, until(signal))),
    /** The stored events of a run. */
    events: async (run: string, signal?: AbortSignal): Promise<RunEvent[]> => {
      const found: RunEvent[] = [];
      for (;;) {
        const last = found.at(-1)?.seq;
        const page = `limit=${EVENTS_PER_PAGE}${last === undefined ? "" : `&after=${last}`}`;
        const { events } = await plain<{ events: RunEvent[] }>(
          "GET",
          `/api/runs/${id(run)}/events?${page}`,
          undefined,
          signal,
        );
        found.push(...events);
        if (events.length < EVENTS_PER_PAGE) return found;
      }
    },
    /** Stored events from the start (or after the event `last`), then live ones until the run ends. */
    follow: (run: string, last?: number, signal?: AbortSignal) =>
      stream(`/api/runs/${id(run)}/events`, undefined, signal, last),
    /** Runs an unsaved graph, or a part of it. */
    start: (request: RunRequest & { graph: Graph } & RunPart, signal?: AbortSignal) =>
      stream("/api/runs", request, signal),
    cancel: (run: string): Promise<RunResult> => read(routes.runs[":id"].cancel.$post({ param: { id: id(run) } })),
    /** Resolves when the decisions are stored. The run continues on its own; follow it to see the result. */
    answer: (run: string, answers: WaitDecision[]): Promise<{ id: string; status: RunStatus }> =>
      plain("POST", `/api/runs/${id(run)}/answer`, { answers }, undefined, { Prefer: "respond-async" }),
    /** Runs again from a node and reuses everything upstream. Resolves when the new run has started. */
    fork: (run: string, node: string, outputs?: Record<string, unknown>): Promise<{ id: string; status: RunStatus }> =>
      plain("POST", `/api/runs/${id(run)}/fork`, { node, outputs }, undefined, { Prefer: "respond-async" }),
    rate: (run: string, json: Rating) => done(routes.runs[":id"].rating.$post({ param: { id: id(run) }, json })),
    delete: (run: string) => done(routes.runs[":id"].$delete({ param: { id: id(run) } })),
  },
  sessions: {
    list: async (
      filter: { agent?: string; after?: string; limit?: number },
      signal?: AbortSignal,
    ): Promise<SessionRow[]> => (await read(routes.sessions.$get({ query: texts(filter) }, until(signal)))).sessions,
    get: (session: string, signal?: AbortSignal): Promise<Session> =>
      read(routes.sessions[":id"].$get({ param: { id: id(session) } }, until(signal))),
    delete: (session: string) => done(routes.sessions[":id"].$delete({ param: { id: id(session) } })),
  },
  files: {
    upload: (file: File): Promise<FileRef> => {
      const form = new FormData();
      form.append("file", file);
      return plain("POST", "/api/files", form);
    },
  },
  models: {
    list: (
      signal?: AbortSignal,
    ): Promise<{ providers: Provider[]; models: ModelCard[]; defaultModel?: string; embedder?: string }> =>
      read(routes.models.$get({}, until(signal))),
    save: (provider: NewProvider): Promise<Provider> => read(routes.models.$post({ json: provider })),
    /** Replaces everything; absent settings are removed. Another id renames the provider. */
    update: (
      provider: string,
      { aliases: _kept, apiKey, models, profile, fallback, ...rest }: NewProvider,
    ): Promise<Provider> =>
      read(
        routes.models[":id"].$patch({
          param: { id: id(provider) },
          json: {
            ...rest,
            apiKey: apiKey ?? null,
            models: models ?? null,
            profile: profile ?? null,
            fallback: fallback ?? null,
          },
        }),
      ),
    delete: (provider: string) => done(routes.models[":id"].$delete({ param: { id: id(provider) } })),
    test: (provider: string, signal?: AbortSignal): Promise<ProviderTest> =>
      read(routes.models[":id"].test.$post({ param: { id: id(provider) } }, until(signal))),
  },
  backup: {
    /** The whole file, and the file name that the server gives it. Includes the secrets if there is a passphrase. */
    async make(
      options: { runs: boolean; passphrase?: string },
      onBytes: (count: number) => void,
      signal: AbortSignal,
    ): Promise<{ name: string; blob: Blob }> {
      const answer = await send("/api/backup", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(options),
        signal,
      });
      const name = /filename="([^"]+)"/.exec(answer.headers.get("content-disposition") ?? "")?.[1];
      return { name: name ?? "patchbay.tar.gz", blob: await received(answer, onBytes) };
    },
    restore: async (
      file: File,
      { merge, withoutSecrets, passphrase }: { merge: boolean; withoutSecrets: boolean; passphrase?: string },
      onSent: (share: number) => void,
      signal: AbortSignal,
    ): Promise<RestoreReport> =>
      (await sendFile(
        `/api/restore?merge=${merge}&withoutSecrets=${withoutSecrets}`,
        file,
        {
          "Content-Type": "application/gzip",
          ...(passphrase !== undefined && { "X-Backup-Passphrase": encodeURIComponent(passphrase) }),
        },
        onSent,
        signal,
      )) as RestoreReport,
  },
  secrets: {
    list: async (signal?: AbortSignal): Promise<SecretCard[]> =>
      (await read(routes.secrets.$get({}, until(signal)))).secrets,
    set: (name: string, value: string) =>
      done(routes.secrets[":name"].$put({ param: { name: id(name) }, json: { value } })),
    delete: (name: string) => done(routes.secrets[":name"].$delete({ param: { name: id(name) } })),
  },
  tools: {
    list: async (signal?: AbortSignal): Promise<ToolCard[]> =>
      (await read(routes.tools.$get({ query: { limit: "10000" } }, until(signal)))).tools,
    templates: async (signal?: AbortSignal): Promise<ToolTemplate[]> =>
      (await read(routes.tools.templates.$get({}, until(signal)))).templates,
    /** A custom tool with its binding. */
    custom: async (name: string, signal?: AbortSignal): Promise<CustomTool> => {
      const tool = (await read(
        routes.tools[":name{.+}"].$get({ param: { name: id(name) } }, until(signal)),
      )) as ToolCard & CustomTool;
      const { summary, parameters, effect, http, code, model } = tool;
      return { name, summary, parameters, effect, http, code, model };
    },
    /** Replaces what is sent. */
    change: ({ name, ...json }: CustomTool): Promise<ToolCard> =>
      read(routes.tools[":name{.+}"].$patch({ param: { name: id(name) }, json })),
    save: (tool: CustomTool): Promise<ToolCard> => read(routes.tools.$post({ json: { ...tool } })),
    delete: (name: string) => done(routes.tools[":name{.+}"].$delete({ param: { name: id(name) } })),
    configure: (name: string, json: { effect?: Effect; repeatable?: boolean }): Promise<ToolCard> =>
      read(routes.tools[":name{.+}"].$patch({ param: { name: id(name) }, json })),
    import: (json: {
      openapi?: unknown;
      template?: unknown;
      name?: string;
      server?: string;
    }): Promise<ToolImportReport> => read(routes.tools.import.$post({ json })),
    call: (name: string, args: unknown, signal?: AbortSignal): Promise<ToolResult> =>
      read(routes.tools.call.$post({ json: { name, arguments: args } }, until(signal))),
  },
  mcp: {
    list: async (signal?: AbortSignal): Promise<McpServerCard[]> =>
      (await read(routes["mcp-servers"].$get({}, until(signal)))).servers,
    add: async (body: object): Promise<McpServerCard[]> =>
      (await read(routes["mcp-servers"].$post({ json: { ...body } }))).servers,
    change: (name: string, json: object): Promise<McpServerCard> =>
      read(routes["mcp-servers"][":name"].$patch({ param: { name: id(name) }, json: { ...json } })),
    /** `seen`: the hash shown on the card, so that only what was shown can start. `confirmEnv`: variables checked one by one. */
    approve: (name: string, seen: string, confirmEnv?: string[]): Promise<McpServerCard> =>
      read(routes["mcp-servers"][":name"].approve.$post({ param: { name: id(name) }, json: { seen, confirmEnv } })),
    tools: async (name: string, signal?: AbortSignal): Promise<McpTool[]> =>
      (await read(routes["mcp-servers"][":name"].tools.$get({ param: { name: id(name) } }, until(signal)))).tools,
    /** Starts a sign-in and returns the address to open. */
    signIn: (name: string): Promise<{ url: string }> =>
      read(routes["mcp-servers"][":name"]["sign-in"].$post({ param: { name: id(name) } })),
    delete: (name: string) => done(routes["mcp-servers"][":name"].$delete({ param: { name: id(name) } })),
  },
  knowledge: {
    list: async (signal?: AbortSignal): Promise<KnowledgeCard[]> =>
      (await read(routes.knowledge.$get({}, until(signal)))).knowledge,
    create: (json: { name: string; embedder?: string }): Promise<KnowledgeCard> =>
      read(routes.knowledge.$post({ json })),
    get: (name: string, signal?: AbortSignal): Promise<KnowledgeCard> =>
      read(routes.knowledge[":name"].$get({ param: { name: id(name) } }, until(signal))),
    rename: (name: string, next: string): Promise<KnowledgeCard> =>
      read(routes.knowledge[":name"].rename.$post({ param: { name: id(name) }, json: { name: next } })),
    delete: (name: string) => done(routes.knowledge[":name"].$delete({ param: { name: id(name) } })),
    documents: (name: string, signal?: AbortSignal): Promise<KnowledgeDocument[]> =>
      everyPage(
        async (query) =>
          (await read(routes.knowledge[":name"].documents.$get({ param: { name: id(name) }, query }, until(signal))))
            .documents,
      ),
    document: (
      name: string,
      document: string,
      signal?: AbortSignal,
    ): Promise<KnowledgeDocument & { text: string; truncated?: boolean }> =>
      read(
        routes.knowledge[":name"].documents[":id"].$get({ param: { name: id(name), id: id(document) } }, until(signal)),
      ),
    upload: (name: string, form: FormData, signal?: AbortSignal): Promise<unknown> =>
      plain("POST", `/api/knowledge/${id(name)}/documents`, form, signal),
    addText: (name: string, body: { text: string; title: string } | { url: string }): Promise<unknown> =>
      plain("POST", `/api/knowledge/${id(name)}/documents`, body),
    deleteDocument: (name: string, document: string) =>
      done(routes.knowledge[":name"].documents[":id"].$delete({ param: { name: id(name), id: id(document) } })),
    /** Rebuilds the index; `embedder` changes the embedding model (null: none). */
    reindex: (name: string, json: { embedder?: string | null } = {}): Promise<{ task: string }> =>
      read(routes.knowledge[":name"].reindex.$post({ param: { name: id(name) }, json })),
    exportUrl: (name: string) => `/api/knowledge/${id(name)}/export`,
    search: (
      name: string,
      query: { q: string; limit: number; mode: "auto" | "text" | "vector" | "hybrid" },
      signal?: AbortSignal,
    ): Promise<{ hits: SearchHit[] }> =>
      read(
        routes.knowledge[":name"].search.$get(
          { param: { name: id(name) }, query: { ...query, limit: String(query.limit) } },
          until(signal),
        ),
      ),
  },
  tasks: {
    get: (task: string, signal?: AbortSignal): Promise<Task> =>
      read(routes.tasks[":id"].$get({ param: { id: id(task) } }, until(signal))),
  },
  keys: {
    list: async (signal?: AbortSignal): Promise<AgentKey[]> => (await read(routes.keys.$get({}, until(signal)))).keys,
    /** `warnings`: limits that do not have the expected effect. */
    create: (json: KeyBody & { expiresAt?: number }): Promise<{ id: string; key: string; warnings?: string[] }> =>
      read(routes.keys.$post({ json })),
    /** `limits` replaces all limits; `expiresAt: null` removes the expiry. */
    change: (
      key: string,
      json: Partial<KeyBody> & { expiresAt?: number | null },
    ): Promise<AgentKey & { warnings?: string[] }> => read(routes.keys[":id"].$patch({ param: { id: id(key) }, json })),
    delete: (key: string) => done(routes.keys[":id"].$delete({ param: { id: id(key) } })),
  },
  /** Totals over runs, one row per day (UTC), agent, version or key, as `by` says; a single row if `by` is empty. */
  usage: async ({ by, ...filter }: UsageQuery, signal?: AbortSignal): Promise<UsageRow[]> => {
    const given = Object.entries(filter).filter(([, value]) => value !== undefined);
    const query = { by: by.join(","), ...Object.fromEntries(given.map(([name, value]) => [name, String(value)])) };
    return (await read(routes.usage.$get({ query }, until(signal)))).usage;
  },
  /** A model proposes a patch for a graph from a person's request. Changes nothing. */
  propose: (
    {
      graph,
      ...json
    }: { graph: Graph; conversation: { role: "user" | "assistant"; content: string }[]; model: string },
    signal?: AbortSignal,
  ): Promise<Proposal> => read(routes.build.$post({ json: { graph: { ...graph }, ...json } }, until(signal))),
  /** What uses a thing. */
  uses: (query: UseQuery, signal?: AbortSignal): Promise<Uses> => read(routes.uses.$get({ query }, until(signal))),
  settings: {
    get: (signal?: AbortSignal): Promise<ServerSettings> => read(routes.settings.$get({}, until(signal))),
    change: (json: Partial<ServerSettings>): Promise<ServerSettings> => read(routes.settings.$patch({ json })),
  },
  templates: {
    /** The built-in templates, then the user's own, newest first. */
    list: (signal?: AbortSignal): Promise<Template[]> =>
      everyPage(async (query) => (await read(routes.templates.$get({ query }, until(signal)))).templates),
    save: (json: {
      graph: Graph;
      name?: string;
      summary?: string;
      tags?: string[];
      language?: "en" | "zh";
    }): Promise<Template> => read(routes.templates.$post({ json: { ...json, graph: { ...json.graph } } })),
    /** From a template file. */
    import: (template: Record<string, unknown>): Promise<Template> =>
      read(routes.templates.$post({ json: { template } })),
    file: (template: string): Promise<unknown> =>
      read(routes.templates[":id"].file.$get({ param: { id: id(template) } })),
    delete: (template: string) => done(routes.templates[":id"].$delete({ param: { id: id(template) } })),
    /** The first call creates the agent; each later call (with `agent`) supplies more of its requirements. */
    use: (
      template: string,
      json: { agent?: string; language?: "en" | "zh"; folder?: string; approve?: Record<string, string> },
    ): Promise<UsedTemplate> => read(routes.templates[":id"].use.$post({ param: { id: id(template) }, json })),
  },
};
