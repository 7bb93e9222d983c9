/** Tools and MCP servers over HTTP, as the editor and programs see them. */
import { Hono } from "hono";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { errorResponse } from "../http/errors.ts";
import type { AppEnv } from "../http/guard.ts";
import { openTestServices, rough, type TestServices } from "../mcp/testing/test-services.ts";
import { createToolbox } from "../tools/toolbox.ts";
import { mcpServerRoutes } from "./mcp-servers.ts";
import { toolRoutes } from "./tools.ts";

let world: TestServices;
let app: Hono<AppEnv>;

beforeAll(async () => {
  world = await openTestServices();
  const toolbox = createToolbox({
    ...world,
    now: () => Date.now(),
    evaluate: async (_, input) => input,
    models: {
      resolve: async () => Promise.reject(new Error("none")),
      chat: async function* () {},
      embed: async () => [],
      embedder: async () => undefined,
    },
  });
  app = new Hono<AppEnv>();
  app.onError((thrown) => errorResponse(thrown, () => undefined));
  app
    .route("/api/tools", toolRoutes({ toolbox }))
    .route("/api/mcp-servers", mcpServerRoutes({ mcp: world.mcp, env: {} }));
});
afterAll(() => world.close());

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at key by key
async function ask(method: string, path: string, body?: unknown): Promise<{ status: number; body: any }> {
  const answer = await app.request(path, {
    method,
    ...(body !== undefined && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text ? JSON.parse(text) : undefined };
}

describe("/api/tools", () => {
  it("lists, searches and pages", async () => {
    const names = (await ask("GET", "/api/tools")).body.tools.map((tool: { name: string }) => tool.name);
    expect(names).toEqual([...names].sort());
    expect(names).toContain("builtin/calculator");
    const page = (await ask("GET", `/api/tools?limit=2&after=${encodeURIComponent(names[0])}`)).body.tools;
    expect(page.map((tool: { name: string }) => tool.name)).toEqual(names.slice(1, 3));
    expect((await ask("GET", "/api/tools?q=时间")).body.tools[0].name).toBe("builtin/clock");
    expect((await ask("GET", "/api/tools?binding=http")).body.tools).toEqual([]);
    expect((await ask("GET", "/api/tools?limit=0")).status).toBe(400);
  });

  it("makes, reads, changes, calls and deletes a tool", async () => {
    const tool = {
      name: "code/double",
      summary: "Doubles.",
      parameters: { type: "object", properties: { n: { type: "number" } }, required: ["n"] },
      code: { source: "input" },
    };
    expect(await ask("POST", "/api/tools", tool)).toMatchObject({
      status: 201,
      body: { name: "code/double", binding: "code", effect: "outside" },
    });
    expect(await ask("POST", "/api/tools", tool)).toMatchObject({ status: 409, body: { error: { code: "conflict" } } });
    expect((await ask("GET", "/api/tools/code/double")).body).toMatchObject({
      code: { source: "input" },
      summary: "Doubles.",
    });
    expect((await ask("PATCH", "/api/tools/code/double", { effect: "read", summary: "Twice." })).body).toMatchObject({
      effect: "read",
      summary: "Twice.",
    });
    expect((await ask("PATCH", "/api/tools/code/double", { code: { source: "" } })).status).toBe(400);
    expect((await ask("POST", "/api/tools/call", { name: "code/double", arguments: { n: 2 } })).body).toMatchObject({
      value: { n: 2 },
    });
    expect((await ask("POST", "/api/tools/call", { name: "code/double", arguments: {} })).body).toMatchObject({
      error: true,
    });
    expect((await ask("DELETE", "/api/tools/code/double")).status).toBe(204);
    expect((await ask("DELETE", "/api/tools/code/double")).status).toBe(404);
    expect((await ask("GET", "/api/tools/code/double")).status).toBe(404);
  });

  it("an invalid tool is refused with its path", async () => {
    expect(
      (await ask("POST", "/api/tools", { name: "http/x", summary: "x", http: { method: "FETCH", url: "https://x/" } }))
        .body.error,
    ).toMatchObject({ code: "bad_request", path: "/http/method" });
    expect(
      (
        await ask("POST", "/api/tools", {
          name: "http/x",
          summary: "x",
          http: { method: "GET", url: "https://{{host}}/" },
        })
      ).status,
    ).toBe(400);
    expect((await ask("POST", "/api/tools", { name: "builtin/x", summary: "x" })).status).toBe(400);
  });

  it("built-in and imported tools cannot be edited", async () => {
    expect((await ask("PATCH", "/api/tools/builtin/clock", { effect: "write" })).status).toBe(400);
    expect((await ask("DELETE", "/api/tools/builtin/clock")).status).toBe(404);
    const document = {
      openapi: "3.1.0",
      info: { title: "Mini" },
      servers: [{ url: "https://mini.example" }],
      paths: { "/a": { get: { operationId: "a" } }, "/b": { post: { operationId: "b" } } },
    };
    const imported = await ask("POST", "/api/tools/import", { openapi: document });
    expect(imported).toMatchObject({
      status: 200,
      body: {
        tools: [{ name: "openapi/mini/a" }, { name: "openapi/mini/b" }],
        report: [{ operation: "GET /a", result: "imported" }, {}],
      },
    });
    expect((await ask("PATCH", "/api/tools/openapi/mini/b", { effect: "read", repeatable: true })).body).toMatchObject({
      effect: "read",
      repeatable: true,
    });
    expect((await ask("PATCH", "/api/tools/openapi/mini/b", { summary: "x" })).body.error).toMatchObject({
      path: "/summary",
    });
    expect((await ask("DELETE", "/api/tools/openapi/mini/*")).status).toBe(204);
    expect((await ask("POST", "/api/tools/import", {})).status).toBe(400);
  });

  it("lists the templates and imports one by its id", async () => {
    const { templates } = (await ask("GET", "/api/tools/templates")).body;
    expect(templates.length).toBeGreaterThan(10);
    expect((await ask("POST", "/api/tools/import", { template: "exchange-rate" })).body.tools).toMatchObject([
      { name: "http/exchange_rate" },
    ]);
    expect((await ask("POST", "/api/tools/import", { template: "none-such" })).status).toBe(404);
    const servers = { mcpServers: { files: { command: "npx" } } };
    expect((await ask("POST", "/api/tools/import", { template: servers })).body.error.message).toContain(
      "POST /api/mcp-servers",
    );
  });
});

describe("/api/mcp-servers", () => {
  it("adds, shows, approves, lists, changes and deletes", async () => {
    const added = await ask("POST", "/api/mcp-servers", {
      mcpServers: { Rough: { ...rough("ok"), env: { TOKEN: "t0ps3cret" } } },
    });
    expect(added).toMatchObject({
      status: 201,
      body: { servers: [{ name: "rough", status: "needs-approval", envNames: ["TOKEN"] }] },
    });
    expect((await ask("POST", "/api/mcp-servers", { name: "rough", command: "x" })).status).toBe(409);
    expect((await ask("POST", "/api/mcp-servers/rough/approve", { seen: "other" })).status).toBe(409);
    const { seen } = added.body.servers[0];
    expect((await ask("POST", "/api/mcp-servers/rough/approve", { seen })).body).toMatchObject({
      status: "ready",
      tools: 12,
    });
    expect((await ask("GET", "/api/mcp-servers/rough/tools")).body.tools[0]).toMatchObject({
      name: "mcp/rough/echo",
      effect: "outside",
    });
    expect((await ask("POST", "/api/tools/call", { name: "mcp/rough/echo", arguments: { text: "hi" } })).body).toEqual({
      content: "hi",
    });
    expect((await ask("PATCH", "/api/mcp-servers/rough", { effects: { "*": "read" } })).body.status).toBe("stopped");
    expect((await ask("PATCH", "/api/mcp-servers/rough", { env: { LD_PRELOAD: "x" } })).body.error.message).toContain(
      "LD_PRELOAD",
    );
    expect((await ask("PATCH", "/api/mcp-servers/rough", { acceptHints: true })).body.hints).toMatchObject({
      accepted: true,
    });
    const limits = { startMs: 20_000, callMs: 30_000, callTotalMs: 90_000 };
    expect((await ask("PATCH", "/api/mcp-servers/rough", { limits })).body).toMatchObject({
      limits,
      status: "stopped",
    });
    expect((await ask("PATCH", "/api/mcp-servers/rough", { limits: { callMs: 1 } })).status).toBe(400);
    const moved = await ask("PATCH", "/api/mcp-servers/rough", { command: "other", env: { HOME: "/tmp/x" } });
    expect(moved.body).toMatchObject({
      status: "needs-approval",
      env: [{ name: "HOME", value: "/tmp/x", unknown: true }],
    });
    const refused = await ask("POST", "/api/mcp-servers/rough/approve", { seen: moved.body.seen });
    expect(refused).toMatchObject({ status: 400, body: { error: { path: "/confirmEnv" } } });
    const confirmEnv = ["HOME"];
    expect(
      (await ask("POST", "/api/mcp-servers/rough/approve", { seen: moved.body.seen, confirmEnv })).body.status,
    ).toBe("failed");
    expect(JSON.stringify((await ask("GET", "/api/mcp-servers")).body)).not.toContain("t0ps3cret");
    expect((await ask("DELETE", "/api/mcp-servers/rough")).status).toBe(204);
    for (const [method, path] of [
      ["GET", ""],
      ["DELETE", ""],
      ["POST", "/approve"],
      ["GET", "/tools"],
      ["PATCH", ""],
    ] as const)
      expect(
        (await ask(method, `/api/mcp-servers/rough${path}`, method === "GET" ? undefined : {})).status,
        method + path,
      ).toBe(404);
  });
});
