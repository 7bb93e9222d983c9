/**
 * The editor's one way to the server. Every call resolves with the parsed body or rejects with an `ApiError`, whose
 * message is a sentence fit to be shown; a call that was aborted rejects with the signal's reason.
 */
import { EventSourceParserStream } from "eventsource-parser/stream";
import type * as T from "./api-types.ts";

export class ApiError extends Error {
  /** HTTP status; 0 when the server did not answer at all. */
  readonly status: number;
  readonly code: string;
  readonly path?: string;
  readonly issues?: T.Issue[];

  constructor(status: number, body: { code: string; message: string; path?: string; issues?: T.Issue[] }) {
    super(body.message);
    this.name = "ApiError";
    this.status = status;
    this.code = body.code;
    this.path = body.path;
    this.issues = body.issues;
  }
}

interface Options {
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

async function send(method: string, path: string, { body, headers, signal }: Options = {}): Promise<Response> {
  const form = body instanceof FormData;
  const plain = body !== undefined && !form;
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers: { ...(plain ? { "Content-Type": "application/json" } : {}), ...headers },
      body: form ? body : plain ? JSON.stringify(body) : undefined,
      signal,
      credentials: "same-origin",
    });
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    throw new ApiError(0, { code: "network", message: error instanceof Error ? error.message : String(error) });
  }
  if (!response.ok) throw await failure(response);
  return response;
}

async function failure(response: Response): Promise<ApiError> {
  const text = await response.text().catch(() => "");
  try {
    const parsed = JSON.parse(text) as { error?: { code: string; message: string } };
    if (parsed.error) return new ApiError(response.status, parsed.error);
  } catch {
    // No JSON: something between us and the server answered. Its status is all there is to tell.
  }
  return new ApiError(response.status, { code: "http", message: `${response.status} ${response.statusText}`.trim() });
}

async function call<R>(method: string, path: string, options?: Options): Promise<R> {
  const response = await send(method, path, options);
  if (response.status === 204) return undefined as R;
  return (await response.json()) as R;
}

const get = <R>(path: string, signal?: AbortSignal) => call<R>("GET", path, { signal });

/** The items of a list's envelope, `{ [key]: […] }`. */
async function list<R>(path: string, key: string, signal?: AbortSignal): Promise<R[]> {
  return (await get<Record<string, R[]>>(path, signal))[key] ?? [];
}

/** All pages of a list whose items have an id. */
async function all<R extends { id: string }>(path: string, key: string, signal?: AbortSignal): Promise<R[]> {
  const limit = 500;
  const found: R[] = [];
  for (;;) {
    const page = await list<R>(`${path}${query({ limit, after: found.at(-1)?.id })}`, key, signal);
    found.push(...page);
    if (page.length < limit) return found;
  }
}

const post = <R>(path: string, body: unknown = {}, more: Options = {}) => call<R>("POST", path, { ...more, body });
/** A path segment. A tool's name has slashes and is one segment all the same. */
const id = encodeURIComponent;

/** Query parameters; what is absent or empty is left out. */
function query(values: Record<string, string | number | undefined>): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(values))
    if (value !== undefined && value !== "") search.set(key, String(value));
  const text = search.toString();
  return text ? `?${text}` : "";
}

/** The signals of a run's stream, in order. Ends when the server ends it. */
async function* signals(response: Response): AsyncGenerator<T.RunSignal> {
  const events = response.body!.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
  const reader = events.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const data = JSON.parse(value.data);
      if (value.event === "delta") yield { kind: "delta", delta: data };
      else if (value.event === "error") throw new ApiError(500, data.error ?? data);
      else yield { kind: "event", event: data };
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}

async function* stream(method: string, path: string, options: Options = {}): AsyncGenerator<T.RunSignal> {
  const headers = { ...options.headers, Accept: "text/event-stream" };
  yield* signals(await send(method, path, { ...options, headers }));
}

export interface RunFilter {
  agent?: string;
  status?: string;
  session?: string;
  text?: string;
  user?: string;
  /** Unix milliseconds. */
  from?: number;
  to?: number;
  after?: string;
  limit?: number;
}

export interface RunRequest {
  input: T.RunInput;
  session?: string;
  user?: string;
}

export const api = {
  agents: {
    list: (signal?: AbortSignal) => all<T.Agent>("/api/agents", "agents", signal),
    get: (agent: string, signal?: AbortSignal) => get<T.Agent>(`/api/agents/${id(agent)}`, signal),
    create: (graph: T.Graph) => post<T.Agent>("/api/agents", { graph }),
    /** `revision` is what the editor last saw: 409 when somebody saved meanwhile. */
    save: (agent: string, graph: T.Graph, revision: number, signal?: AbortSignal) =>
      call<T.Agent>("PUT", `/api/agents/${id(agent)}`, {
        body: { graph },
        headers: { "If-Match": `"${revision}"` },
        signal,
      }),
    delete: (agent: string) => call<void>("DELETE", `/api/agents/${id(agent)}`),
    revisions: (agent: string, signal?: AbortSignal) =>
      list<T.Revision>(`/api/agents/${id(agent)}/revisions`, "revisions", signal),
    revision: (agent: string, revision: number) => get<T.Agent>(`/api/agents/${id(agent)}/revisions/${revision}`),
    publish: (
      agent: string,
      body: { slug?: string; note?: string; access?: "private" | "link" | "public"; origins?: string[] },
    ) => post<T.Published>(`/api/agents/${id(agent)}/publish`, body),
    versions: (agent: string, signal?: AbortSignal) =>
      get<{ publication?: T.Publication; versions: T.Version[] }>(`/api/agents/${id(agent)}/versions`, signal),
    live: (agent: string, version: number, share?: number) =>
      post<T.Publication>(`/api/agents/${id(agent)}/live`, share === undefined ? { version } : { version, share }),
    /** Runs the saved draft; the answer's first event carries the run's id. */
    run: (agent: string, request: RunRequest, signal?: AbortSignal) =>
      stream("POST", `/api/agents/${id(agent)}/runs`, { body: request, signal }),
  },
  check: (graph: T.Graph, signal?: AbortSignal) => post<{ issues: T.Issue[] }>("/api/check", { graph }, { signal }),
  runs: {
    list: (filter: RunFilter = {}, signal?: AbortSignal) =>
      list<T.RunRow>(`/api/runs${query({ ...filter })}`, "runs", signal),
    get: (run: string, signal?: AbortSignal) =>
      get<Omit<T.RunRow, "error"> & T.RunResult>(`/api/runs/${id(run)}`, signal),
    /** The graph that a run goes by, as it was then. */
    graph: (run: string, signal?: AbortSignal) => get<{ graph: T.Graph }>(`/api/runs/${id(run)}/graph`, signal),
    /** Runs a graph that is not saved. */
    start: (
      request: RunRequest & {
        graph: T.Graph;
        pins?: Record<string, Record<string, unknown>>;
        range?: { to?: string; from?: string; only?: string };
      },
      signal?: AbortSignal,
    ) => stream("POST", "/api/runs", { body: request, signal }),
    /** Stored events from the start (or after `lastSeq`), then live ones until the run ends or waits. */
    follow: (run: string, lastSeq?: number, signal?: AbortSignal) =>
      stream("GET", `/api/runs/${id(run)}/events`, {
        headers: lastSeq === undefined ? {} : { "Last-Event-ID": String(lastSeq) },
        signal,
      }),
    cancel: (run: string) => post<T.RunResult>(`/api/runs/${id(run)}/cancel`),
    answer: (run: string, answers: T.WaitAnswer[]) => post<T.RunResult>(`/api/runs/${id(run)}/answer`, { answers }),
    fork: (run: string, node: string, outputs?: Record<string, unknown>) =>
      post<T.RunResult>(`/api/runs/${id(run)}/fork`, outputs ? { node, outputs } : { node }),
    rate: (run: string, score: number, comment?: string) =>
      post<void>(`/api/runs/${id(run)}/rating`, { score, comment }),
    delete: (run: string) => call<void>("DELETE", `/api/runs/${id(run)}`),
  },
  sessions: {
    list: (filter: { agent?: string; after?: string; limit?: number } = {}, signal?: AbortSignal) =>
      list<T.SessionRow>(`/api/sessions${query(filter)}`, "sessions", signal),
    get: (session: string, signal?: AbortSignal) => get<T.Session>(`/api/sessions/${id(session)}`, signal),
    delete: (session: string) => call<void>("DELETE", `/api/sessions/${id(session)}`),
  },
  models: {
    list: (signal?: AbortSignal) =>
      get<{ providers: T.Provider[]; models: T.ModelCard[]; embedder?: string }>("/api/models", signal),
    save: (provider: T.Provider) => post<T.Provider>("/api/models", provider),
    /** Replaces all but the id: what is absent is taken away. */
    update: ({ id: provider, apiKey, models, profile, fallback, ...rest }: T.Provider) =>
      call<T.Provider>("PATCH", `/api/models/${id(provider)}`, {
        body: {
          ...rest,
          apiKey: apiKey ?? null,
          models: models ?? null,
          profile: profile ?? null,
          fallback: fallback ?? null,
        },
      }),
    delete: (provider: string) => call<void>("DELETE", `/api/models/${id(provider)}`),
    test: (provider: string, signal?: AbortSignal) =>
      post<T.ProviderTest>(`/api/models/${id(provider)}/test`, {}, { signal }),
  },
  secrets: {
    list: (signal?: AbortSignal) => list<T.SecretName>("/api/secrets", "secrets", signal),
    set: (name: string, value: string) => call<void>("PUT", `/api/secrets/${id(name)}`, { body: { value } }),
    delete: (name: string) => call<void>("DELETE", `/api/secrets/${id(name)}`),
  },
  tools: {
    list: (signal?: AbortSignal) => list<T.ToolCard>("/api/tools?limit=10000", "tools", signal),
    save: (tool: T.CustomTool) => post<T.ToolCard>("/api/tools", tool),
    delete: (name: string) => call<void>("DELETE", `/api/tools/${id(name)}`),
    custom: (name: string, signal?: AbortSignal) => get<T.CustomTool>(`/api/tools/${id(name)}`, signal),
    configure: (name: string, change: { effect?: string; repeatable?: boolean }) =>
      call<T.ToolCard>("PATCH", `/api/tools/${id(name)}`, { body: change }),
    import: (source: { openapi?: unknown; template?: unknown; name?: string; server?: string }) =>
      post<T.ImportReport>("/api/tools/import", source),
    call: (name: string, args: unknown, signal?: AbortSignal) =>
      post<{ content: string; value?: unknown; error?: boolean; files?: unknown[] }>(
        "/api/tools/call",
        { name, arguments: args },
        { signal },
      ),
  },
  mcp: {
    list: (signal?: AbortSignal) => list<T.McpServer>("/api/mcp-servers", "servers", signal),
    add: async (body: unknown) => (await post<{ servers: T.McpServer[] }>("/api/mcp-servers", body)).servers,
    /** `seen`: the card's, so that what starts is what was shown. */
    approve: (name: string, seen: string) => post<T.McpServer>(`/api/mcp-servers/${id(name)}/approve`, { seen }),
    tools: (name: string, signal?: AbortSignal) =>
      list<T.ToolCard>(`/api/mcp-servers/${id(name)}/tools`, "tools", signal),
    delete: (name: string) => call<void>("DELETE", `/api/mcp-servers/${id(name)}`),
  },
  knowledge: {
    list: (signal?: AbortSignal) => list<T.KnowledgeCard>("/api/knowledge", "knowledge", signal),
    create: (body: { name: string; embedder?: string }) => post<T.KnowledgeCard>("/api/knowledge", body),
    get: (name: string, signal?: AbortSignal) => get<T.KnowledgeCard>(`/api/knowledge/${id(name)}`, signal),
    delete: (name: string) => call<void>("DELETE", `/api/knowledge/${id(name)}`),
    documents: (name: string, signal?: AbortSignal) =>
      all<T.KnowledgeDocument>(`/api/knowledge/${id(name)}/documents`, "documents", signal),
    document: (name: string, document: string, signal?: AbortSignal) =>
      get<T.KnowledgeDocument & { text: string; truncated?: boolean }>(
        `/api/knowledge/${id(name)}/documents/${id(document)}`,
        signal,
      ),
    upload: (name: string, form: FormData, signal?: AbortSignal) =>
      post<unknown>(`/api/knowledge/${id(name)}/documents`, form, { signal }),
    addText: (name: string, body: { text: string; title: string } | { url: string }) =>
      post<unknown>(`/api/knowledge/${id(name)}/documents`, body),
    deleteDocument: (name: string, document: string) =>
      call<void>("DELETE", `/api/knowledge/${id(name)}/documents/${id(document)}`),
    /** Makes the index anew; with `embedder` (null: none) another way. */
    reindex: (name: string, change: { embedder?: string | null } = {}) =>
      post<{ task: string }>(`/api/knowledge/${id(name)}/reindex`, change),
    exportUrl: (name: string) => `/api/knowledge/${id(name)}/export`,
    search: (name: string, q: string, options: { limit?: number; mode?: string } = {}, signal?: AbortSignal) =>
      get<{ hits: T.Hit[] }>(`/api/knowledge/${id(name)}/search${query({ q, ...options })}`, signal),
  },
  tasks: {
    list: (signal?: AbortSignal) => list<T.Task>("/api/tasks", "tasks", signal),
    get: (task: string, signal?: AbortSignal) => get<T.Task>(`/api/tasks/${id(task)}`, signal),
    cancel: (task: string) => post<T.Task>(`/api/tasks/${id(task)}/cancel`),
  },
  keys: {
    list: (signal?: AbortSignal) => list<T.AgentKey>("/api/keys", "keys", signal),
    create: (body: { name: string; agents: string[] | "*"; rights?: string[]; expiresAt?: number }) =>
      post<{ id: string; key: string }>("/api/keys", body),
    delete: (key: string) => call<void>("DELETE", `/api/keys/${id(key)}`),
  },
  /** Sums by day (UTC) and agent, over the last `days`. */
  usage: (range: { days: number; agent?: string }, signal?: AbortSignal) =>
    list<T.UsageRow>(`/api/usage${query(range)}`, "usage", signal),
  settings: {
    get: (signal?: AbortSignal) => get<T.ServerSettings>("/api/settings", signal),
    change: (change: Partial<T.ServerSettings>) => call<T.ServerSettings>("PATCH", "/api/settings", { body: change }),
  },
  templates: {
    list: (signal?: AbortSignal) => list<T.Template>("/api/templates", "templates", signal),
    /** The first call makes the agent; each next one (with `agent`) brings more of what it needs. */
    use: (
      template: string,
      choices: { agent?: string; language?: "en" | "zh"; folder?: string; approve?: Record<string, string> },
    ) => post<T.UsedTemplate>(`/api/templates/${id(template)}/use`, choices),
  },
  files: {
    upload: (file: File) => {
      const form = new FormData();
      form.set("file", file);
      return post<{ id: string; mediaType: string; name: string; bytes: number }>("/api/files", form);
    },
    url: (file: string) => `/api/files/${id(file)}`,
  },
};
