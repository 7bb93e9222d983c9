/** The whole app without a socket, with a temporary data folder that survives a restart and a scripted model. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildApp } from "../app.ts";
import { type Auth, openAuth } from "../http/auth.ts";
import { type Opened, openServices } from "../open-services.ts";
import { type Env, parseEnv } from "../process/env.ts";
import type { Services } from "../services.ts";
import type { Logger } from "../telemetry/logger.ts";
import { type MockModel, type MockOptions, startMockModel } from "./mock-model.ts";

export const TOKEN = "a-token-for-this-test-only";

export interface CallOptions {
  body?: unknown;
  /** Bearer token. Default: the admin's; null: none. */
  token?: string | null;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

export interface TestApp {
  mock: MockModel;
  auth: Auth;
  env: Env;
  folder: string;
  readonly services: Services;
  request(method: string, path: string, options?: CallOptions): Promise<Response>;
  /** Resolves with the JSON of the response. Rejects when its status is not `status` (200). */
  json<T>(method: string, path: string, options?: CallOptions & { status?: number }): Promise<T>;
  /** Stops like a SIGTERM, and starts again on the same data. `crash`: running runs are interrupted. */
  restart(options?: { crash?: boolean }): Promise<void>;
  publish(graph: unknown, slug: string, more?: object): Promise<{ id: string; version: number }>;
  key(more?: object): Promise<{ id: string; key: string }>;
  close(): Promise<void>;
}

export interface TestAppOptions {
  env?: Record<string, string>;
  mock?: MockOptions;
  /** Default: warnings on standard error. */
  logger?: Logger;
  /** Fills the data folder before the services open on it. */
  prepare?(folder: string): Promise<void>;
}

export async function testApp(options: TestAppOptions = {}): Promise<TestApp> {
  const folder = mkdtempSync(join(tmpdir(), "patchbay-app-"));
  await options.prepare?.(folder);
  const mock = await startMockModel(options.mock);
  const env = parseEnv({
    PATCHBAY_DATA: folder,
    PATCHBAY_TOKEN: TOKEN,
    OPENAI_BASE_URL: mock.url,
    PATCHBAY_DEFAULT_MODEL: "openai/mock",
    ...options.env,
  });
  const auth = openAuth(env);
  let opened: Opened;
  let app: ReturnType<typeof buildApp>;
  const open = async () => {
    opened = await openServices(env, "all", options.logger);
    app = buildApp({
      services: opened.services,
      auth,
      pages: () => new Response("the editor"),
      chatPage: () => new Response("the chat page"),
    });
    await opened.start();
  };
  await open();

  const request: TestApp["request"] = async (method, path, { body, token = auth.token, headers = {}, signal } = {}) => {
    const raw = typeof body === "string" || body instanceof FormData || body instanceof ReadableStream;
    return app.request(`http://127.0.0.1:4400${path}`, {
      method,
      signal,
      headers: {
        host: "127.0.0.1:4400",
        ...(token !== null && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && !(body instanceof FormData) && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body: raw ? (body as BodyInit) : JSON.stringify(body) }),
      ...(body instanceof ReadableStream && { duplex: "half" }),
    } as RequestInit);
  };
  const json: TestApp["json"] = async (method, path, { status = 200, ...rest } = {}) => {
    const response = await request(method, path, rest);
    const text = await response.text();
    if (response.status !== status)
      throw new Error(`${method} ${path} returned ${response.status}, not ${status}: ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  };

  return {
    mock,
    auth,
    env,
    folder,
    get services() {
      return opened.services;
    },
    request,
    json,
    async restart({ crash = false } = {}) {
      if (crash) await opened.services.log.close();
      await opened.stop();
      await open();
    },
    async publish(graph, slug, more = {}) {
      const { id } = await json<{ id: string }>("POST", "/api/agents", { body: { graph }, status: 201 });
      const { version } = await json<{ version: number }>("POST", `/api/agents/${id}/publish`, {
        body: { slug, ...more },
      });
      return { id, version };
    },
    key: (more = {}) => json("POST", "/api/keys", { body: { name: "test", agents: "*", ...more }, status: 201 }),
    async close() {
      await opened.stop();
      await mock.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The messages of an SSE response. */
export async function* sseOf(response: Response): AsyncGenerator<{ id?: string; event: string; data: never }> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of response.body!) {
    rest += decoder.decode(chunk, { stream: true });
    for (let end = rest.indexOf("\n\n"); end >= 0; end = rest.indexOf("\n\n")) {
      const block = rest.slice(0, end);
      rest = rest.slice(end + 2);
      const fields = new Map(
        block.split("\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]),
      );
      const event = fields.get("event");
      if (event === undefined) continue;
      const id = fields.get("id");
      yield { ...(id !== undefined && { id }), event, data: JSON.parse(fields.get("data")!) as never };
    }
  }
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

const node = (id: string, type: string, config: object = {}) => ({ id, type, version: 1, config });

export function graphOf(nodes: Record<string, [type: string, config?: object]>, edges: string[], more: object = {}) {
  return {
    format: "patchbay/1",
    name: "Test agent",
    nodes: Object.entries(nodes).map(([id, [type, config]]) => node(id, type, config)),
    edges: edges.map((edge) => ({ from: edge.split(" ")[0], to: edge.split(" ")[1] })),
    ...more,
  };
}

/** ask → brain → reply, optionally with tools. */
export function chat(options: { tools?: string[]; approve?: object; name?: string } = {}) {
  return graphOf(
    {
      ask: ["input"],
      ...(options.tools && { kit: ["tool", { tools: options.tools, approve: options.approve ?? {} }] }),
      brain: ["llm"],
      reply: ["output"],
    },
    ["ask.message brain.message", "brain.text reply.reply", ...(options.tools ? ["kit.tools brain.tools"] : [])],
    options.name ? { name: options.name } : {},
  );
}

/** ask → approval → reply. */
export function approval(config: object = {}) {
  return graphOf({ ask: ["input"], gate: ["approval", { question: "Send it?", ...config }], reply: ["output"] }, [
    "ask.message gate.value",
    "gate.approved reply.reply",
  ]);
}

/** ask → reply, without a model. */
export const echo = graphOf({ ask: ["input"], reply: ["output"] }, ["ask.message reply.reply"], { name: "Echo" });
