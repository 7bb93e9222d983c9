/** Streamable HTTP: both eras, and hostile servers. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { openTestServices, type TestServices } from "./testing/test-services.ts";

let services: TestServices;
let server: Server;
let trap: Server;
let base = "";
let trapped = 0;
let answer: (
  request: IncomingMessage,
  response: ServerResponse,
  message: { id?: number; method?: string; params?: { name?: string } },
) => void | Promise<void>;
const never = new AbortController().signal;
const listen = (made: Server) =>
  new Promise<string>((done) =>
    made.listen(0, "127.0.0.1", () => done(`http://127.0.0.1:${(made.address() as AddressInfo).port}`)),
  );

beforeAll(async () => {
  services = await openTestServices({ startMs: 3000, callMs: 2000 });
  trap = createServer((_, response) => {
    trapped++;
    response.end("{}");
  });
  server = createServer(async (request, response) => {
    let text = "";
    for await (const part of request) text += part;
    await answer(request, response, text ? JSON.parse(text) : {});
  });
  base = await listen(server);
});
afterEach(async () => {
  for (const { name } of await services.mcp.cards()) await services.mcp.delete(name);
  expect(trapped).toBe(0);
});
afterAll(async () => {
  await services.close();
  for (const each of [server, trap]) {
    each.closeAllConnections();
    each.close();
  }
});

const approve = async (headers?: object) => {
  const [card] = await services.mcp.add({ name: "h", url: `${base}/mcp`, headers });
  return services.mcp.approve("h", card!.seen);
};
const call = (tool: string, args = {}) => services.mcp.call("h", tool, args, { idempotencyKey: "k" }, never);
const json = (response: ServerResponse, body: object) =>
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ jsonrpc: "2.0", ...body }));

/** A handler of the old era; `onCall` answers calls of the tool. */
function old(onCall: (request: IncomingMessage, response: ServerResponse, id: number) => void) {
  return (request: IncomingMessage, response: ServerResponse, { id, method }: { id?: number; method?: string }) => {
    if (request.method !== "POST") response.writeHead(405).end();
    else if (method === "initialize")
      json(response, {
        id,
        result: {
          protocolVersion: "2025-11-25",
          capabilities: { tools: {} },
          serverInfo: { name: "old", version: "1" },
        },
      });
    else if (method === "tools/list")
      json(response, { id, result: { tools: [{ name: "do", inputSchema: { type: "object" } }] } });
    else if (method === "tools/call") onCall(request, response, id!);
    else if (id === undefined) response.writeHead(202).end();
    else json(response, { id, error: { code: -32601, message: "Method not found" } });
  };
}

it("speaks the era of 2026-07-28 with a server that has no sessions", async () => {
  const seen: unknown[] = [];
  const handler = createMcpHandler(() => {
    const mcp = new McpServer({ name: "modern", version: "1" });
    mcp.registerTool("add", { inputSchema: z.object({ a: z.number() }) }, async ({ a }) => ({
      content: [{ type: "text", text: String(a + 1) }],
    }));
    return mcp;
  });
  answer = async (request, response, message) => {
    seen.push([request.headers["mcp-session-id"], request.headers.authorization]);
    const made = await handler.fetch(
      new Request(`${base}/mcp`, {
        method: request.method,
        headers: request.headers as Record<string, string>,
        body: request.method === "POST" ? JSON.stringify(message) : undefined,
      }),
    );
    response.writeHead(made.status, Object.fromEntries(made.headers));
    for await (const chunk of made.body ?? []) response.write(chunk);
    response.end();
  };
  expect((await approve({ Authorization: "Bearer abcdef" })).message).toBeUndefined();
  expect((await call("add", { a: 41 })).content).toBe("42");
  expect((await services.records.get<{ era: string }>("mcp-server", "h"))!.body.era).toBe("modern");
  expect(seen.every((each) => JSON.stringify(each) === JSON.stringify([undefined, "Bearer abcdef"]))).toBe(true);
});

it("a redirect to another address is not followed, and no header goes there", async () => {
  const other = await listen(trap);
  answer = (_, response) => {
    response.writeHead(302, { location: `${other}/mcp` }).end();
  };
  expect((await approve({ Authorization: "Bearer abcdef" })).status).toBe("failed");
  answer = (_, response) => {
    response.writeHead(307, { location: "http://169.254.169.254/" }).end();
  };
  await expect(call("do")).rejects.toMatchObject({ code: "mcp_start_failed" });
});

it("a 401 that points its sign-in at a private address asks for a sign-in and goes nowhere", async () => {
  const { port } = trap.address() as AddressInfo;
  answer = (_, response) => {
    response.writeHead(401, { "www-authenticate": `Bearer resource_metadata="http://127.0.0.1:${port}/meta"` }).end();
  };
  expect(await approve()).toMatchObject({ status: "needs-sign-in", message: expect.stringContaining("sign-in") });
});

it("a response cut in the middle leaves the outcome unknown", async () => {
  answer = old((request, response, id) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(`event: message\ndata: {"jsonrpc":"2.0","id":${id},"resu`, () => request.socket.destroy());
  });
  await approve();
  await expect(call("do")).rejects.toMatchObject({ code: "connection_lost" });
});

it("HTTP status 500 is reported as a failure, 403 as a required sign-in", async () => {
  let status = 500;
  answer = old((_, response) => {
    response.writeHead(status).end("no");
  });
  await approve();
  await expect(call("do")).rejects.toMatchObject({ code: "mcp_failed", message: expect.stringContaining("HTTP 500") });
  status = 403;
  await expect(call("do")).rejects.toThrow("sign-in");
  expect((await services.mcp.cards())[0]!.status).toBe("needs-sign-in");
});

it("a message without end is cut at 10 MB", async () => {
  answer = old((_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write("data: ");
    const fill = () => {
      while (response.write("x".repeat(1 << 20)));
      response.once("drain", fill);
    };
    response.on("error", () => undefined);
    fill();
  });
  await approve();
  const before = process.memoryUsage().rss;
  await expect(call("do")).rejects.toMatchObject({
    code: "connection_lost",
  });
  expect(process.memoryUsage().rss - before).toBeLessThan(200e6);
});

it("a page that is not an MCP server is reported as such", async () => {
  answer = (_, response) => {
    response.writeHead(200, { "content-type": "text/html" }).end("<h1>hello</h1>");
  };
  expect(await approve()).toMatchObject({ status: "failed", message: expect.stringContaining("could not be started") });
});

it("an abort closes the request", async () => {
  let closed: () => void;
  const gone = new Promise<void>((done) => (closed = done));
  const stop = new AbortController();
  answer = old((_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" }).write(": wait\n\n");
    response.on("close", () => closed());
    stop.abort(new Error("stopped"));
  });
  await approve();
  const pending = services.mcp.call("h", "do", {}, { idempotencyKey: "k" }, stop.signal);
  await expect(pending).rejects.toThrow("stopped");
  await services.mcp.close();
  await gone;
  await services.reopen();
});
