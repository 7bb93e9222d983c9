/** Servers with two published agents and a mock model, for benchmarks. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../server/testing/free-port.ts";
import { type Program, start } from "./processes.ts";

export const TOKEN = "bench-token-0123456789abcdef";
/** The body of a call. */
export const MESSAGE = JSON.stringify({ input: { message: "What is 2 + 3? Answer in one sentence." } });

export interface Servers {
  /** Base URL of the mock model. */
  model: string;
  /** Starts a script; stops it at the end. */
  keep(script: string, args?: string[], env?: Record<string, string>, flags?: string[]): Promise<Program>;
  /** Starts a server with its own data folder; stops it at the end. */
  server(name: string, args?: string[], env?: Record<string, string>, flags?: string[]): Promise<Program>;
}

/** Starts a mock model, and stops all programs when `work` ends. */
export async function withServers<T>(work: (servers: Servers) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "patchbay-bench-"));
  const programs: Program[] = [];
  const keep: Servers["keep"] = async (...program) => {
    const started = await start(...program);
    programs.push(started);
    return started;
  };
  try {
    const port = await freePort();
    await keep("server/testing/mock-model.ts", ["--port", String(port)]);
    const model = `http://127.0.0.1:${port}/v1`;
    const shared = {
      PORT: "0",
      PATCHBAY_TOKEN: TOKEN,
      OPENAI_BASE_URL: model,
      OPENAI_API_KEY: "none",
      PATCHBAY_DEFAULT_MODEL: "openai/mock",
    };
    return await work({
      model,
      keep,
      server: (name, args = [], env = {}, flags = []) =>
        keep(
          "server/start.mjs",
          ["--no-editor", ...args],
          { ...shared, PATCHBAY_DATA: join(folder, name), ...env },
          flags,
        ),
    });
  } finally {
    for (const program of programs.reverse()) await program.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Publishes the agents `plain` and `tool`; resolves with a key that may call them. */
export async function publishAgents(origin: string): Promise<string> {
  const post = async (path: string, body: unknown) => {
    const response = await fetch(origin + path, {
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const value = (await response.json()) as { id: string; key: string };
    if (!response.ok) throw new Error(`${path} returned ${response.status}: ${JSON.stringify(value)}`);
    return value;
  };
  const ask = { id: "ask", type: "input", version: 1, config: {} };
  const brain = { id: "brain", type: "llm", version: 1, config: {} };
  const kit = { id: "kit", type: "tool", version: 1, config: { tools: ["builtin/calculator"] } };
  const reply = { id: "reply", type: "output", version: 1, config: {} };
  const edges = [
    { from: "ask.message", to: "brain.message" },
    { from: "brain.text", to: "reply.reply" },
  ];
  const agents = {
    plain: { nodes: [ask, brain, reply], edges },
    tool: { nodes: [ask, kit, brain, reply], edges: [...edges, { from: "kit.tools", to: "brain.tools" }] },
  };
  for (const [slug, graph] of Object.entries(agents)) {
    const { id } = await post("/api/agents", { graph: { format: "patchbay/1", name: slug, ...graph } });
    await post(`/api/agents/${id}/publish`, { slug });
  }
  return (await post("/api/keys", { name: "bench", agents: "*" })).key;
}
