/** The whole server on a free port, with a temporary data folder and a scripted model, for tests over HTTP. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildApp } from "../app.ts";
import { openAuth } from "../http/auth.ts";
import { openServices } from "../open-services.ts";
import { parseEnv } from "../process/env.ts";
import { listen } from "../process/listen.ts";
import type { Services } from "../services.ts";
import { type MockModel, type MockOptions, startMockModel } from "./mock-model.ts";

const TOKEN = "a-token-for-this-test-only";

export interface Served {
  origin: string;
  mock: MockModel;
  services: Services;
  /** Sends a request as the admin; rejects when the status is not 2xx. */
  admin<T>(method: string, path: string, body?: unknown): Promise<T>;
  /** Saves and publishes a graph; resolves with the agent's id and the version. */
  publish(graph: unknown, slug: string): Promise<{ id: string; version: number }>;
  key(agents?: string[] | "*", more?: Record<string, unknown>): Promise<{ id: string; key: string }>;
  close(): Promise<void>;
}

export async function serve(mockOptions: MockOptions = {}): Promise<Served> {
  const folder = mkdtempSync(join(tmpdir(), "patchbay-served-"));
  const mock = await startMockModel(mockOptions);
  const env = parseEnv({
    PATCHBAY_DATA: folder,
    PATCHBAY_TOKEN: TOKEN,
    PORT: "0",
    OPENAI_BASE_URL: mock.url,
    PATCHBAY_DEFAULT_MODEL: "openai/mock",
  });
  const opened = await openServices(env);
  await opened.start();
  const listening = await listen({
    env,
    app: (pages) => buildApp({ services: opened.services, auth: openAuth(env), ...pages }),
  });

  async function admin<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(listening.origin + path, {
      method,
      headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text ? JSON.parse(text) : undefined) as T;
  }

  return {
    origin: listening.origin,
    mock,
    services: opened.services,
    admin,
    async publish(graph, slug) {
      const { id } = await admin<{ id: string }>("POST", "/api/agents", { graph });
      const { version } = await admin<{ version: number }>("POST", `/api/agents/${id}/publish`, { slug });
      return { id, version };
    },
    key: (agents = "*", more = {}) => admin("POST", "/api/keys", { name: "test", agents, ...more }),
    async close() {
      await mock.close();
      await listening.stop(opened);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** input → llm → output, optionally with tools. */
export function chatGraph(
  options: { name?: string; tools?: string[]; approve?: Record<string, string>; settings?: object } = {},
) {
  const node = (id: string, type: string, config: object = {}) => ({ id, type, version: 1, config });
  const { tools, approve = {} } = options;
  return {
    format: "patchbay/1",
    name: options.name ?? "Chat",
    description: "Answers what it is asked.",
    settings: options.settings ?? {},
    nodes: [
      node("ask", "input"),
      node("brain", "llm"),
      ...(tools ? [node("kit", "tool", { tools, approve })] : []),
      node("reply", "output"),
    ],
    edges: [
      { from: "ask.message", to: "brain.message" },
      { from: "ask.files", to: "brain.files" },
      ...(tools ? [{ from: "kit.tools", to: "brain.tools" }] : []),
      { from: "brain.text", to: "reply.reply" },
    ],
  };
}
