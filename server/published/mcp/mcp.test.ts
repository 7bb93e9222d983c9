/** Agents as MCP tools, through the clients that people have: the new one in both eras, and the old one. */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { Client as OldClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as OldTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { MockReply, MockRequest } from "../../testing/mock-model.ts";
import { chatGraph, type Served, serve } from "../../testing/served.ts";

let served: Served;
let key: string;
let script: ((request: MockRequest) => MockReply | undefined) | undefined;

beforeAll(async () => {
  served = await serve({ reply: (request) => script?.(request) });
  await served.publish(chatGraph({ name: "Helper" }), "helper");
  await served.publish(withField(), "traveller");
  await served.publish(
    chatGraph({ tools: ["builtin/calculator"], approve: { "builtin/calculator": "ask" } }),
    "careful",
  );
  await served.publish(chatGraph(), "hidden");
  ({ key } = await served.key(["helper", "traveller", "careful"]));
});
afterAll(() => served.close());

function withField() {
  const graph = chatGraph({ name: "Traveller" });
  (graph.nodes[0] as { config: object }).config = { fields: [{ name: "city", kind: "text", required: true }] };
  return graph;
}

interface AnyClient {
  listTools(): Promise<{ tools: { name: string; description?: string; inputSchema: object }[] }>;
  callTool(
    params: { name: string; arguments: Record<string, unknown> },
    options?: { signal?: AbortSignal; onprogress?: (progress: { progress: number }) => void },
  ): Promise<{ content: { type: string; text?: string }[]; isError?: boolean; _meta?: Record<string, unknown> }>;
  getServerVersion(): { name: string; version: string } | undefined;
  close(): Promise<void>;
}

const identity = { name: "a-test", version: "1" };
const headers = (token: string) => ({ requestInit: { headers: { authorization: `Bearer ${token}` } } });

const clients: Record<string, (path: string, token?: string, origin?: string) => Promise<AnyClient>> = {
  async "2.x, modern era"(path, token = key, origin = served.origin) {
    const client = new Client(identity, { versionNegotiation: { mode: { pin: "2026-07-28" } } });
    await client.connect(new StreamableHTTPClientTransport(new URL(path, origin), headers(token)));
    expect(client.getNegotiatedProtocolVersion()).toBe("2026-07-28");
    return client as unknown as AnyClient;
  },
  async "2.x, older era"(path, token = key, origin = served.origin) {
    const client = new Client(identity, { versionNegotiation: { mode: "legacy" } });
    await client.connect(new StreamableHTTPClientTransport(new URL(path, origin), headers(token)));
    return client as unknown as AnyClient;
  },
  async "1.x"(path, token = key, origin = served.origin) {
    const client = new OldClient(identity);
    await client.connect(new OldTransport(new URL(path, origin), headers(token)));
    const old = client as unknown as AnyClient;
    // Between the two comes the result's schema.
    const callTool = client.callTool.bind(client);
    return Object.assign(old, {
      callTool: ((params, options) => callTool(params, undefined, options)) as AnyClient["callTool"],
    });
  },
};

describe.each(Object.entries(clients))("the client %s", (_name, connect) => {
  test("one agent: its tool, a call, a conversation", async () => {
    script = undefined;
    const client = await connect("/mcp/helper");
    expect(client.getServerVersion()).toMatchObject({ name: "helper", version: "1" });
    const { tools } = await client.listTools();
    expect(tools).toMatchObject([
      {
        name: "helper",
        description: "Answers what it is asked.",
        inputSchema: { required: ["message"], additionalProperties: false },
      },
    ]);
    const result = await client.callTool({ name: "helper", arguments: { message: "hello" } });
    expect(result).toMatchObject({
      content: [{ type: "text", text: "This is the scripted answer of the mock model." }],
    });
    expect(result.isError ?? false).toBe(false);
    expect(result._meta).toMatchObject({ "patchbay/status": "done" });
    const session = `s-${Math.random()}`;
    for (const message of ["one", "two"]) await client.callTool({ name: "helper", arguments: { message, session } });
    expect(
      served.mock.requests
        .at(-1)!
        .messages.filter((one) => one.role === "user")
        .map((one) => one.content),
    ).toEqual(["one", "two"]);
    await client.close();
  });

  test("all agents of the key, with their inputs; invalid arguments are a result for the model", async () => {
    const client = await connect("/mcp");
    const { tools } = await client.listTools();
    expect(tools.map((tool) => tool.name)).toEqual(["careful", "helper", "traveller"]);
    expect(tools[2]!.inputSchema).toMatchObject({
      properties: { city: { type: "string" } },
      required: ["message", "city"],
    });
    expect(await client.callTool({ name: "traveller", arguments: { message: "x", city: "Rome" } })).toMatchObject({
      content: [{ type: "text" }],
    });
    const wrong = await client.callTool({ name: "traveller", arguments: { message: "x" } });
    expect(wrong).toMatchObject({ isError: true, content: [{ text: expect.stringContaining("city") }] });
    const extra = await client.callTool({ name: "helper", arguments: { message: "x", graph: {} } });
    expect(extra).toMatchObject({ isError: true, content: [{ text: expect.stringContaining("graph") }] });
    const unknown = await client.callTool({ name: "hidden", arguments: { message: "x" } });
    expect(unknown).toMatchObject({ isError: true });
    await client.close();
  });

  test("a wait is returned as text, a failure without internal details", async () => {
    script = (request) =>
      request.tools
        ? { calls: [{ name: "calculator", arguments: { expression: "1+1" } }] }
        : { status: 401, message: "no http://inner.example" };
    const client = await connect("/mcp");
    const waiting = await client.callTool({ name: "careful", arguments: { message: "what is 1+1?" } });
    expect(waiting).toMatchObject({
      content: [{ text: expect.stringContaining("must approve") }],
      _meta: { "patchbay/status": "waiting" },
    });
    const failed = await client.callTool({ name: "helper", arguments: { message: "x" } });
    expect(failed.isError).toBe(true);
    expect(JSON.stringify(failed)).not.toContain("inner.example");
    await client.close();
    script = undefined;
  });

  test("progress is sent during the run", async () => {
    const slow = await serve({ delayMs: 60 });
    try {
      await slow.publish(chatGraph({ tools: ["builtin/clock"] }), "helper");
      const { key: own } = await slow.key();
      const client = await connect("/mcp/helper", own, slow.origin);
      const seen: number[] = [];
      await client.callTool(
        { name: "helper", arguments: { message: "what time is it?" } },
        { onprogress: ({ progress }) => void seen.push(progress) },
      );
      // The model's call for the tool, and the tool's result; the last answer comes with the result itself.
      expect(seen.slice(0, 2)).toEqual([1, 2]);
      await client.close();
    } finally {
      await slow.close();
    }
  });

  test("a call that is cancelled ends its run and the model's call", async () => {
    const slow = await serve({ chunkMs: 10, text: "word ".repeat(400) });
    try {
      await slow.publish(chatGraph(), "helper");
      const { key: own } = await slow.key();
      const client = await connect("/mcp/helper", own, slow.origin);
      const cancel = new AbortController();
      const call = client.callTool({ name: "helper", arguments: { message: "talk long" } }, { signal: cancel.signal });
      call.catch(() => {});
      await expect.poll(() => slow.mock.counts.chat).toBe(1);
      cancel.abort();
      await expect(call).rejects.toThrow();
      await expect.poll(() => slow.mock.counts.closedEarly).toBe(1);
      const last = async () =>
        (await slow.admin<{ runs: { status: string }[] }>("GET", "/api/runs?limit=1")).runs[0]?.status;
      await expect.poll(last).toBe("cancelled");
      await client.close();
    } finally {
      await slow.close();
    }
  });

  test("a wrong key and an agent of another key cannot connect", async () => {
    await expect(connect("/mcp/helper", "pb_wrong")).rejects.toThrow();
    await expect(connect("/mcp/hidden")).rejects.toThrow();
    await expect(connect("/mcp/nobody")).rejects.toThrow();
  });
});

describe("by hand", () => {
  const ask = (body: unknown, more: Record<string, string> = {}, path = "/mcp/helper") =>
    fetch(served.origin + path, {
      method: "POST",
      headers: {
        authorization: `Bearer ${key}`,
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        ...more,
      },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  const list = { jsonrpc: "2.0", id: 1, method: "tools/list", params: {} };

  test("another origin is refused, the server's own is allowed", async () => {
    expect((await ask(list, { origin: "https://evil.example" })).status).toBe(403);
    expect((await ask(list, { origin: served.origin })).status).toBe(200);
  });

  test("broken, too large and too deep bodies", async () => {
    expect((await ask("{oops")).status).toBe(400);
    expect((await ask("x", { "content-type": "text/plain" })).status).toBe(415);
    expect((await ask({ ...list, params: { pad: "x".repeat(1024 * 1024) } })).status).toBe(413);
    expect(
      (await ask(`{"jsonrpc":"2.0","id":1,"method":"tools/list","params":${"[".repeat(100)}${"]".repeat(100)}}`))
        .status,
    ).toBe(400);
  });

  test("without a key nothing is disclosed; other HTTP methods are refused", async () => {
    expect(
      (
        await fetch(`${served.origin}/mcp/helper`, {
          method: "POST",
          body: "{}",
          headers: { "content-type": "application/json" },
        })
      ).status,
    ).toBe(401);
    expect(
      (
        await fetch(`${served.origin}/mcp/helper`, {
          headers: { authorization: `Bearer ${key}`, accept: "text/event-stream" },
        })
      ).status,
    ).toBe(405);
  });

  test("a client cannot cancel another's call by guessing its id", async () => {
    const init = {
      jsonrpc: "2.0",
      id: 0,
      method: "initialize",
      params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: identity },
    };
    const sessions = await Promise.all([ask(init), ask(init)]);
    const [mine, other] = sessions.map((answer) => answer.headers.get("mcp-session-id")!);
    expect(mine).not.toBe(other);
    let release!: () => void;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    script = () => {
      release();
      return undefined;
    };
    const call = ask(
      { jsonrpc: "2.0", id: 7, method: "tools/call", params: { name: "helper", arguments: { message: "hello" } } },
      { "mcp-session-id": mine! },
    );
    await held;
    await ask(
      { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 7 } },
      { "mcp-session-id": other! },
    );
    expect(await (await call).text()).toContain("scripted answer");
    script = undefined;
  });
});
