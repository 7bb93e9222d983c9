/**
 * An MCP server over stdio that breaks the protocol in many ways: `node rough-server.ts MODE [ARG]`. It writes messages by
 * hand, because a library would not let it write wrong ones.
 */
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const [mode = "ok", extra = ""] = process.argv.slice(2);
type Message = {
  id?: number | string;
  method?: string;
  params?: Record<string, unknown>;
  result?: unknown;
  error?: unknown;
};

const write = (line: string) => process.stdout.write(`${line}\n`);
const send = (message: object) => write(JSON.stringify({ jsonrpc: "2.0", ...message }));
const text = (value: string) => ({ content: [{ type: "text", text: value }] });
const object = (properties: object = {}) => ({ type: "object", properties });
/** Responses of the client to the requests of this server. */
const answers: Message[] = [];
const held: { id: number | string; value: string }[] = [];
let listed = 0;

if (mode === "exit1") {
  process.stderr.write(`boom: cannot open ${process.env.TOKEN ?? "nothing"}\n`);
  process.exit(1);
}
if (mode === "wrapper") {
  // as npx does: the command is a shell around the real server
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), "stubborn"], { stdio: "inherit" });
  writeFileSync(extra, `${process.pid} ${child.pid}`);
  process.on("SIGTERM", () => undefined);
  child.on("exit", (code) => process.exit(code ?? 1));
} else serve();

function serve(): void {
  if (mode === "banner" || mode === "banner-only") write("Welcome to the server!\n\n  ***  running on stdio  ***");
  if (mode === "stderr-flood") for (let i = 0; i < 200_000; i++) process.stderr.write(`log line ${i}\n`);
  if (mode === "stubborn") {
    process.on("SIGTERM", () => undefined);
    process.stdin.on("end", () => setInterval(() => undefined, 1000));
  }
  if (mode === "silent" || mode === "banner-only") {
    setInterval(() => undefined, 1000);
    return;
  }
  const lines = createInterface({ input: process.stdin });
  lines.on("line", (line) => take(JSON.parse(line)));
  if (mode !== "stubborn") lines.on("close", () => process.exit(0));
}

function take(message: Message): void {
  const { id, method, params } = message;
  if (method === undefined) {
    answers.push(message);
    return;
  }
  if (id === undefined) return;
  switch (method) {
    case "initialize":
      if (mode === "garbage") process.stdout.write('{"jsonrpc": "2.0", "id": 1, "res\n\u0000\u0001\u0002\n[1,2\n');
      send({
        id,
        result: {
          protocolVersion: mode === "unknown-version" ? "1999-01-01" : "2025-11-25",
          capabilities: { tools: { listChanged: true } },
          serverInfo: { name: "rough", version: mode === "upgraded" ? "2.0.0" : "1.0.0" },
        },
      });
      return;
    case "ping":
      send({ id, result: {} });
      return;
    case "tools/list":
      list(id, params);
      return;
    case "tools/call":
      call(id, String(params?.name), (params?.arguments ?? {}) as Record<string, unknown>);
      return;
    default:
      if (mode === "exits-on-unknown") process.exit(3);
      send({ id, error: { code: -32601, message: `Method not found: ${method}` } });
  }
}

function list(id: number | string, params: Record<string, unknown> | undefined): void {
  listed++;
  const tools: object[] = [
    "echo",
    "env",
    "crash",
    "hang",
    "block",
    "leave",
    "asks",
    "pid",
    "big",
    "reverse",
    "strange",
    "progress",
  ].map((name) => ({
    name,
    description: `The ${name} tool.`,
    inputSchema: object({ text: { type: "string" } }),
    // Hints have no effect before they are accepted.
    annotations: { readOnlyHint: true, idempotentHint: true },
  }));
  if (mode === "many") {
    const page = Number(params?.cursor ?? 0);
    const many = Array.from({ length: 500 }, (_, i) => ({ name: `t${page}-${i}`, inputSchema: object() }));
    send({ id, result: { tools: many, nextCursor: String(page + 1) } });
    return;
  }
  if (mode === "lists") {
    tools.push({ name: "echo", inputSchema: object() }, { name: "bad name!", inputSchema: object() });
    tools.push({ name: "long", description: "x".repeat(1_000_000), inputSchema: object() });
    tools.push({ name: "hidden", description: "nice\u202e\u0000\u{e0041}tool\u001b[31m", inputSchema: object() });
    const deep = (n: number): object => (n === 0 ? { type: "string" } : { type: "array", items: deep(n - 1) });
    const hostile: Record<string, unknown> = {
      remote: { $ref: extra },
      recursive: { $ref: "#/$defs/a" },
      "self-ref": { $ref: "#" },
      deep: deep(500),
      pattern: { type: "string", pattern: "^(a+)+$" },
      missing: { $ref: "#/$defs/nothing" },
    };
    for (const [name, part] of Object.entries(hostile))
      tools.push({
        name,
        inputSchema: { ...object({ part }), $defs: { a: { type: "array", items: { $ref: "#/$defs/a" } } } },
      });
    tools.push({
      name: "local-ref",
      inputSchema: { ...object({ part: { $ref: "#/$defs/s" } }), $defs: { s: { type: "string" } } },
    });
  }
  if ((mode === "flood" && listed > 1) || mode === "changed")
    tools.push({ name: "late", description: "New.", inputSchema: object() });
  send({ id, result: { tools } });
  if (mode === "flood" && listed === 1)
    for (let i = 0; i < 5_000; i++) send({ method: "notifications/tools/list_changed" });
}

function call(id: number | string, tool: string, args: Record<string, unknown>): void {
  const value = String(args.text ?? "");
  switch (tool) {
    case "echo":
      if (mode === "ids") {
        send({ id: 999_999, result: text("to no request") });
        send({ id: `x${id}`, result: text("to a text id") });
        send({ id, result: text(value) });
        send({ id, result: text("again") });
      } else if (mode === "both") send({ id, result: text("yes"), error: { code: 1, message: "no" } });
      else if (mode === "neither") send({ id });
      else send({ id, result: text(value) });
      return;
    case "env":
      send({
        id,
        result: text(
          JSON.stringify({ names: Object.keys(process.env).sort(), cwd: process.cwd(), token: process.env.TOKEN }),
        ),
      });
      return;
    case "pid":
      send({ id, result: text(String(process.pid)) });
      return;
    case "crash":
      process.stderr.write("segmentation fault\n");
      process.exit(139);
      return;
    case "leave":
      send({ id, result: text("bye") });
      setTimeout(() => process.exit(0), 5);
      return;
    case "hang":
      return;
    case "block":
      process.on("SIGTERM", () => undefined);
      for (;;);
    case "asks":
      send({ id: "s1", method: "sampling/createMessage", params: { messages: [], maxTokens: 1 } });
      send({ id: "s2", method: "elicitation/create", params: { message: "?", requestedSchema: object() } });
      send({ id: "s3", method: "roots/list" });
      setTimeout(() => send({ id, result: text(JSON.stringify(answers)) }), 50);
      return;
    case "big":
      if (value === "line") process.stdout.write("x".repeat(11 * 1024 * 1024));
      else if (value === "text") send({ id, result: text("y".repeat(400_000)) });
      return;
    case "reverse":
      held.push({ id, value });
      if (held.length === 50) for (const each of held.reverse()) send({ id: each.id, result: text(each.value) });
      return;
    case "strange":
      send({
        id,
        result: {
          content: [
            ...(value === "bad" ? [{ type: "image", data: "not base64!", mimeType: "image/png" }] : []),
            { type: "text", text: "a\u0000b\u001b[31mred\u202egnp" },
            { type: "image", data: Buffer.from("png").toString("base64"), mimeType: "image/png" },
          ],
          structuredContent: { n: 1 },
        },
      });
      return;
    case "progress":
      setInterval(() => send({ method: "notifications/progress", params: { progressToken: id, progress: 1 } }), 10);
      return;
    default:
      send({ id, error: { code: -32602, message: `Unknown tool: ${tool}` } });
  }
}
