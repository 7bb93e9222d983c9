/** Faults that no caller can catch: what they end, and that the server and everyone else go on. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { ServerProcess } from "../bench/crash/process.ts";
import { scripted } from "./mcp/testing/test-services.ts";
import { FaultHandler } from "./process/uncaught.ts";
import { freePort } from "./testing/free-port.ts";
import { type MockModel, startMockModel } from "./testing/mock-model.ts";
import { chat, graphOf } from "./testing/test-app.ts";

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

const folder = mkdtempSync(join(tmpdir(), "patchbay-uncaught-"));
const TOKEN = "a-token-for-this-test-only";
const headers = { authorization: `Bearer ${TOKEN}` };
const planted = join(folder, "planted.txt");

/** A node type of the operator whose code throws where nothing can catch it. */
const BREAKS = `export default ({ defineNode, z, valueText }) =>
  defineNode({
    type: "breaks", version: 1, title: "Breaks", summary: "Throws", group: "act", icon: "text",
    config: z.strictObject({ how: z.enum(["timer", "rejection", "emitter"]).default("timer") }),
    ports: () => ({ inputs: [{ id: "text", kind: "text" }], outputs: [{ id: "out", kind: "text" }] }),
    form: { how: { widget: "text", label: "How", help: "How it throws." } },
    preview: () => [], certainOutputs: "all", harmless: true,
    words: { zh: { title: "x", summary: "x", fields: { how: { label: "x", help: "x" } }, ports: { text: "x", out: "x" } } },
    async run({ config }) {
      const fault = new Error("a fault with a cause", { cause: new Error("the cause") });
      if (config.how === "timer") setTimeout(() => { throw fault; }, 1);
      if (config.how === "rejection") void (async () => { throw fault; })();
      if (config.how === "emitter") {
        const { EventEmitter } = await import("node:events");
        setTimeout(() => new EventEmitter().emit("error", fault), 1);
      }
      return new Promise(() => {});
    },
  });
`;

let server: ServerProcess;
let mock: MockModel;
const call = (method: string, path: string, body?: unknown) =>
  fetch(server.origin + path, {
    method,
    headers: { ...headers, ...(body !== undefined && { "content-type": "application/json" }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
const json = async (method: string, path: string, body?: unknown) => {
  const response = await call(method, path, body);
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text ? JSON.parse(text) : undefined;
};
const faults = async () => {
  const text = await (await call("GET", "/metrics")).text();
  return ["exception", "rejection"].map((kind) =>
    Number(new RegExp(`patchbay_faults_total\\{kind="${kind}"\\} (\\d+)`).exec(text)![1]),
  );
};

beforeAll(async () => {
  mkdirSync(join(folder, "nodes"));
  writeFileSync(join(folder, "nodes", "breaks.mjs"), BREAKS);
  writeFileSync(planted, "");
  mock = await startMockModel({ chunkMs: 10, text: "one two three four five six seven" });
  const preload = fileURLToPath(new URL("./testing/plant-faults.mjs", import.meta.url));
  server = new ServerProcess("uncaught", await freePort(), {
    PATCHBAY_DATA: join(folder, "data"),
    PATCHBAY_TOKEN: TOKEN,
    PATCHBAY_NODES: join(folder, "nodes"),
    OPENAI_BASE_URL: mock.url,
    PATCHBAY_DEFAULT_MODEL: "openai/mock",
    PLANTED_FAULTS: planted,
    NODE_OPTIONS: `--import ${preload}`,
  });
  await server.start();
});
afterAll(async () => {
  await server?.kill();
  await mock?.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("a fault in the code of a run", () => {
  const breaks = (how: string) =>
    graphOf({ ask: ["input"], node: ["breaks", { how }], reply: ["output"] }, [
      "ask.message node.text",
      "node.out reply.reply",
    ]);

  it.each(["timer", "rejection", "emitter"])(
    "%s: it fails this run, is logged and counted, and ends no other",
    async (how) => {
      const before = await faults();
      const other = json("POST", "/api/runs", { graph: chat(), input: { message: "hello" } });
      const broken = await json("POST", "/api/runs", { graph: breaks(how), input: { message: "x" } });
      expect(broken).toMatchObject({
        status: "failed",
        error: { code: "internal", message: expect.stringContaining("log") },
      });
      expect(await other).toMatchObject({ status: "done" });
      const [exceptions, rejections] = await faults();
      expect([exceptions! - before[0]!, rejections! - before[1]!]).toEqual(how === "rejection" ? [0, 1] : [1, 0]);
      const line = server.errors.split("\n").findLast((each) => each.includes("a fault with a cause"))!;
      expect(JSON.parse(line)).toMatchObject({
        level: "error",
        fault: how === "rejection" ? "rejection" : "exception",
        run: broken.id,
        err: { stack: expect.stringContaining("the cause") },
      });
    },
  );
});

describe("a throw in every event handler of every kind of connection", () => {
  let remote: Server;
  let remoteUrl = "";
  beforeAll(async () => {
    remote = createServer(async (request, response) => {
      let text = "";
      for await (const part of request) text += part;
      if (request.method !== "POST") return void response.writeHead(405).end();
      const { id, method } = JSON.parse(text);
      if (id === undefined) return void response.writeHead(202).end();
      const results: Record<string, object> = {
        initialize: {
          protocolVersion: "2025-11-25",
          capabilities: { tools: {} },
          serverInfo: { name: "r", version: "1" },
        },
        "tools/list": { tools: [{ name: "far", inputSchema: { type: "object" } }] },
        "tools/call": { content: [{ type: "text", text: "far away" }] },
      };
      if (!results[method]) {
        response.writeHead(200, { "content-type": "application/json" });
        response.end(JSON.stringify({ jsonrpc: "2.0", id, error: { code: -32601, message: "no" } }));
        return;
      }
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end(`event: message\ndata: ${JSON.stringify({ jsonrpc: "2.0", id, result: results[method] })}\n\n`);
    });
    await new Promise<void>((done) => remote.listen(0, "127.0.0.1", done));
    remoteUrl = `http://127.0.0.1:${(remote.address() as AddressInfo).port}/mcp`;
  });
  afterAll(() => {
    remote.closeAllConnections();
    remote.close();
  });

  const use = async (name: string, settings: object, tool: string) => {
    const { servers } = await json("POST", "/api/mcp-servers", { name, ...settings });
    const card = await json("POST", `/api/mcp-servers/${name}/approve`, { seen: servers[0].seen });
    if (card.status !== "ready") throw new Error(card.message);
    const result = await json("POST", "/api/tools/call", { name: `mcp/${name}/${tool}`, arguments: {} });
    await json("DELETE", `/api/mcp-servers/${name}`);
    return result.content as string;
  };
  /** Sends the head of a request and a part of its body, then resets the connection. */
  const cutOff = (head: string[], part: string) =>
    new Promise<void>((done) => {
      const { port, host } = new URL(server.origin);
      const socket = connect(Number(port), "127.0.0.1", () =>
        socket.write([...head, `Host: ${host}`, `Authorization: Bearer ${TOKEN}`, "", part].join("\r\n"), () => {
          setTimeout(() => {
            socket.resetAndDestroy();
            done();
          }, 20);
        }),
      );
      socket.on("error", () => done());
    });
  const good = { name: "good", inputSchema: { type: "object" } };
  const upload = () => {
    const form = new FormData();
    form.append("file", new File(["y".repeat(300_000)], "whole.txt", { type: "text/plain" }));
    return fetch(`${server.origin}/api/files`, { method: "POST", headers, body: form });
  };
  const code = { name: "code/twice", summary: "x", effect: "read", parameters: { type: "object", properties: {} } };

  let next = 0;
  /** Every kind of connection, used once. Each resolves with a value to compare. */
  const uses: Record<string, () => Promise<unknown>> = {
    "MCP over stdio": () => use(`s${next++}`, scripted({ list: { tools: [good] } }), "good"),
    "MCP over stdio that fails": async () => {
      const name = `f${next++}`;
      const { servers } = await json("POST", "/api/mcp-servers", { name, ...scripted({ list: "exit" }) });
      const card = await json("POST", `/api/mcp-servers/${name}/approve`, { seen: servers[0].seen });
      await json("DELETE", `/api/mcp-servers/${name}`);
      return card.status;
    },
    "MCP over HTTP": () => use(`h${next++}`, { url: remoteUrl }, "far"),
    "a model stream": async () =>
      (await json("POST", "/api/runs", { graph: chat(), input: { message: "hello" } })).status,
    "an SSE client that hangs up": async () => {
      const stop = new AbortController();
      const response = await fetch(`${server.origin}/api/runs`, {
        method: "POST",
        headers: { ...headers, "content-type": "application/json", accept: "text/event-stream" },
        body: JSON.stringify({ graph: chat(), input: { message: "hello" } }),
        signal: stop.signal,
      });
      await response.body!.getReader().read();
      stop.abort();
      return response.status;
    },
    "an upload": async () => (await upload()).status,
    "an upload that is cut": () =>
      cutOff(
        ["POST /api/files HTTP/1.1", "Content-Type: multipart/form-data; boundary=x", "Content-Length: 100000"],
        '--x\r\nContent-Disposition: form-data; name="file"; filename="half.txt"\r\n\r\nhalf',
      ),
    "a backup": async () => (await (await call("POST", "/api/backup", {})).arrayBuffer()).byteLength > 0,
    "a backup download that is cut": () =>
      cutOff(["POST /api/backup HTTP/1.1", "Content-Type: application/json", "Content-Length: 2"], "{}"),
    "the sandbox": async () => {
      await call("POST", "/api/tools", { ...code, code: { source: "return 42", timeoutMs: 5_000 } });
      return (await json("POST", "/api/tools/call", { name: code.name, arguments: {} })).content;
    },
    "a thread": async () => {
      const paths = Object.fromEntries(
        Array.from({ length: 400 }, (_, i) => [
          `/p${i}`,
          { get: { operationId: `get${i}`, summary: "x".repeat(200), responses: { 200: { description: "ok" } } } },
        ]),
      );
      const openapi = {
        openapi: "3.0.0",
        info: { title: "many", version: "1" },
        servers: [{ url: "https://x.test" }],
        paths,
      };
      return (await json("POST", "/api/tools/import", { openapi, name: "many" })).tools.length;
    },
    "a query on the reading thread": async () => (await call("GET", "/api/runs?text=hello")).status,
  };
  const right = {
    "MCP over stdio": "{}",
    "MCP over stdio that fails": "failed",
    "MCP over HTTP": "far away",
    "a model stream": "done",
    "an SSE client that hangs up": expect.any(Number),
    "an upload": 201,
    "an upload that is cut": undefined,
    "a backup": true,
    "a backup download that is cut": undefined,
    "the sandbox": "42",
    "a thread": 400,
    "a query on the reading thread": 200,
  };

  it("costs at most the work that it belongs to", async () => {
    const count = () => readFileSync(planted, "utf8").split("\n").length - 1;
    const result = async (name: string, ms: number) => {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise((resolve) => {
        timer = setTimeout(() => resolve("late"), ms);
      });
      const used = await Promise.race([uses[name]!().catch((error: Error) => error.message), late]);
      clearTimeout(timer);
      return [name, used] as const;
    };
    process.kill(server.pid!, "SIGUSR2");
    // Until a round brings no new fault. A use that waits for an event whose handler threw is given up.
    for (let before = -1, round = 0; count() > before && round < 6; round++) {
      before = count();
      await Promise.all(Object.keys(uses).map((name) => result(name, 4_000)));
      expect(server.isAlive, server.errors.slice(-2_000)).toBe(true);
    }
    process.kill(server.pid!, "SIGUSR2");
    const kinds = new Set(
      readFileSync(planted, "utf8")
        .split("\n")
        .map((line) => line.split(":")[0]),
    );
    for (const kind of ["ChildProcess", "Socket", "Worker", "ServerResponse", "IncomingMessage"])
      expect([...kinds], kind).toContain(kind);
    expect((await faults())[0]).toBeGreaterThan(10);
    // Then everything works as if there had been none.
    const results = [];
    for (const name of Object.keys(uses)) results.push(await result(name, 60_000));
    expect(Object.fromEntries(results)).toEqual(right);
  });

  it("a backup download that is cut at any moment ends nothing but itself", async () => {
    const before = await faults();
    for (let i = 0; i < 25; i++) await uses["a backup download that is cut"]!();
    expect(server.isAlive).toBe(true);
    expect(await uses["a backup"]!()).toBe(true);
    expect(await faults()).toEqual(before);
  });
});

describe("the handler", () => {
  const handler = (availableMemory = 1e9) => {
    const lines: { message: string; fields: object }[] = [];
    const exits: number[] = [];
    const made = new FaultHandler({
      report: (thrown, fields) => void lines.push({ message: (thrown as Error)?.message ?? String(thrown), fields }),
      exit: (code) => void exits.push(code),
      availableMemory: () => availableMemory,
    });
    return { made, lines, exits };
  };

  it("exits for an exception during the start, and not for one after it", () => {
    const { made, lines, exits } = handler();
    made.handle("exception", new Error("early"));
    expect(exits).toEqual([1]);
    const counted: string[] = [];
    made.started((kind) => void counted.push(kind));
    made.handle("exception", undefined);
    made.handle("rejection", "text");
    expect([exits, counted]).toEqual([[1], ["exception", "rejection"]]);
    expect(lines.map((line) => line.message)).toEqual(["early", "undefined", "text"]);
  });

  it("exits with a clear line when memory is exhausted, and not for one request that is too large", () => {
    const failed = new RangeError("Array buffer allocation failed");
    const short = handler(1_000_000);
    short.made.started(() => undefined);
    short.made.handle("exception", failed);
    expect(short.exits).toEqual([1]);
    expect(short.lines.at(-1)!.message).toContain("out of memory");
    const roomy = handler();
    roomy.made.started(() => undefined);
    roomy.made.handle("exception", failed);
    expect(roomy.exits).toEqual([]);
  });
});
