/**
 * A scripted model server with OpenAI's chat completions API, for tests, benchmarks and manual use. By default it calls
 * the first offered tool once for each user message, then replies; a `reply` function scripts other behaviour.
 *
 * As a program: `node server/testing/mock-model.ts [--port 4999] [--chunk-ms 20] [--text "…"] [--no-tools]`
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { parseArgs } from "node:util";

export interface MockRequest {
  model: string;
  messages: { role: string; content?: unknown; tool_calls?: unknown[]; tool_call_id?: string }[];
  stream?: boolean;
  stream_options?: { include_usage?: boolean };
  tools?: {
    type: string;
    function: { name: string; parameters?: { properties?: Record<string, { type?: string }>; required?: string[] } };
  }[];
  response_format?: { type: string };
}

export interface MockReply {
  text?: string;
  reasoning?: string;
  calls?: { id?: string; name: string; arguments: unknown }[];
  /** Default: `stop`, or `tool_calls` when there are calls. */
  finish?: string;
  usage?: { prompt_tokens: number; completion_tokens: number };
  /** Responds with this status and OpenAI's error format instead. */
  status?: number;
  /** The error's message, with `status`. */
  message?: string;
}

export interface MockOptions {
  /** 0: any free port. */
  port?: number;
  host?: string;
  /** Milliseconds before each piece of a streamed response; 0 sends it at once. */
  chunkMs?: number;
  /** Milliseconds before the response begins, streamed or not. */
  delayMs?: number;
  /** Awaited before the n-th piece of a streamed response (0: the first), so that a test controls the stream. */
  hold?(piece: number): Promise<void> | undefined;
  /** Text of the default reply. */
  text?: string;
  /** False: offered tools are not called. */
  tools?: boolean;
  models?: string[];
  reply?(request: MockRequest): MockReply | undefined;
}

export interface MockModel {
  /** Base URL to give to a provider, `http://127.0.0.1:<port>/v1`. */
  url: string;
  port: number;
  /** Chat requests received so far, oldest first; at most the last 100 are kept. */
  requests: MockRequest[];
  /** Number of chat requests, and of those that the client closed before their end. */
  counts: { chat: number; closedEarly: number };
  close(): Promise<void>;
}

const KEPT_REQUESTS = 100;
const DIMENSIONS = 64;

/** Starts the server; resolves when it listens. */
export async function startMockModel(options: MockOptions = {}): Promise<MockModel> {
  const requests: MockRequest[] = [];
  const counts = { chat: 0, closedEarly: 0 };
  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      if (!response.headersSent) sendError(response, 400, error instanceof Error ? error.message : String(error));
      else response.destroy();
    });
  });
  // Keep-alive connections of a load generator must outlive its pauses.
  server.keepAliveTimeout = 60_000;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? "/";
    if (path.endsWith("/models")) return sendModels(response, options.models ?? ["mock", "mock-embed"]);
    const body = JSON.parse(await readBody(request)) as MockRequest & { input?: string | string[] };
    if (path.endsWith("/embeddings")) return sendEmbeddings(response, body.input ?? [], body.model);
    if (!path.endsWith("/chat/completions")) return sendError(response, 404, `There is no ${path} here.`);
    counts.chat += 1;
    requests.push(body);
    if (requests.length > KEPT_REQUESTS) requests.shift();
    response.once("close", () => {
      if (!response.writableFinished) counts.closedEarly += 1;
    });
    const reply = options.reply?.(body) ?? defaultReply(body, options);
    if (options.delayMs) await pause(options.delayMs, response);
    if (reply.status) return sendError(response, reply.status, reply.message ?? "Scripted failure.");
    if (body.stream) await sendStream(response, body, reply, options);
    else sendWhole(response, body, reply);
  }

  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, options.host ?? "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    port,
    requests,
    counts,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Calls the first offered tool once for each user message, then replies with its result. */
function defaultReply(request: MockRequest, options: MockOptions): MockReply {
  const last = request.messages.at(-1);
  if (last?.role === "tool") return { text: `The tool answered: ${textOf(last.content)}` };
  const tool = options.tools === false ? undefined : request.tools?.[0]?.function;
  if (tool) return { calls: [{ name: tool.name, arguments: argumentsFor(tool.parameters, textOf(last?.content)) }] };
  return { text: options.text ?? "This is the scripted answer of the mock model." };
}

function argumentsFor(
  parameters: { properties?: Record<string, { type?: string }>; required?: string[] } | undefined,
  message: string,
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const name of parameters?.required ?? []) {
    const type = parameters?.properties?.[name]?.type;
    if (type === "number" || type === "integer") values[name] = Number(/-?\d+(\.\d+)?/.exec(message)?.[0] ?? 1);
    else if (type === "boolean") values[name] = true;
    else if (type === "array") values[name] = [];
    else if (type === "object") values[name] = {};
    else values[name] = message;
  }
  return values;
}

function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((part: { text?: unknown }) => (typeof part?.text === "string" ? part.text : "")).join("");
}

function toolCallsOf(
  reply: MockReply,
): { id: string; type: "function"; function: { name: string; arguments: string } }[] {
  return (reply.calls ?? []).map((call, index) => ({
    id: call.id ?? `call_${index}`,
    type: "function",
    function: {
      name: call.name,
      arguments: typeof call.arguments === "string" ? call.arguments : JSON.stringify(call.arguments),
    },
  }));
}

function usageOf(request: MockRequest, reply: MockReply): Record<string, number> {
  const usage = reply.usage ?? { prompt_tokens: 10 * request.messages.length, completion_tokens: 12 };
  return { ...usage, total_tokens: usage.prompt_tokens + usage.completion_tokens };
}

const finishOf = (reply: MockReply): string => reply.finish ?? (reply.calls?.length ? "tool_calls" : "stop");

function sendWhole(response: ServerResponse, request: MockRequest, reply: MockReply): void {
  const calls = toolCallsOf(reply);
  const message: Record<string, unknown> = { role: "assistant", content: reply.text ?? null };
  if (reply.reasoning) message.reasoning_content = reply.reasoning;
  if (calls.length) message.tool_calls = calls;
  sendJson(response, 200, {
    id: "chatcmpl-mock",
    object: "chat.completion",
    created: 0,
    model: request.model,
    choices: [{ index: 0, message, finish_reason: finishOf(reply) }],
    usage: usageOf(request, reply),
  });
}

async function sendStream(
  response: ServerResponse,
  request: MockRequest,
  reply: MockReply,
  { chunkMs = 0, hold }: MockOptions,
): Promise<void> {
  const head = { id: "chatcmpl-mock", object: "chat.completion.chunk", created: 0, model: request.model };
  const chunk = (delta: unknown, finish: string | null = null): string =>
    `data: ${JSON.stringify({ ...head, choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
  const pieces = [chunk({ role: "assistant", content: "" })];
  for (const piece of split(reply.reasoning ?? "")) pieces.push(chunk({ reasoning_content: piece }));
  for (const piece of split(reply.text ?? "")) pieces.push(chunk({ content: piece }));
  toolCallsOf(reply).forEach((call, index) => {
    pieces.push(chunk({ tool_calls: [{ index, ...call, function: { name: call.function.name, arguments: "" } }] }));
    for (const piece of split(call.function.arguments)) {
      pieces.push(chunk({ tool_calls: [{ index, function: { arguments: piece } }] }));
    }
  });
  pieces.push(chunk({}, finishOf(reply)));
  if (request.stream_options?.include_usage) {
    pieces.push(`data: ${JSON.stringify({ ...head, choices: [], usage: usageOf(request, reply) })}\n\n`);
  }
  pieces.push("data: [DONE]\n\n");
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
  if (chunkMs === 0 && !hold) {
    response.end(pieces.join(""));
    return;
  }
  for (const [index, piece] of pieces.entries()) {
    await pause(chunkMs, response);
    await hold?.(index);
    if (response.destroyed) return;
    response.write(piece);
  }
  response.end();
}

/** Splits a text into pieces of about a word. */
function split(text: string): string[] {
  return text.match(/[\s\S]{1,8}/g) ?? [];
}

function sendModels(response: ServerResponse, models: string[]): void {
  sendJson(response, 200, { object: "list", data: models.map((id) => ({ id, object: "model", owned_by: "mock" })) });
}

/** Vectors by hashed words: similar texts have similar vectors, and the same text always has the same vector. */
function sendEmbeddings(response: ServerResponse, input: string | string[], model: string): void {
  const texts = Array.isArray(input) ? input : [input];
  const data = texts.map((text, index) => ({ object: "embedding", index, embedding: embedding(text) }));
  sendJson(response, 200, {
    object: "list",
    data,
    model,
    usage: { prompt_tokens: texts.length, total_tokens: texts.length },
  });
}

function embedding(text: string): number[] {
  const vector = new Array<number>(DIMENSIONS).fill(0);
  for (const word of text.toLowerCase().match(/[\p{Script=Han}]|[\p{L}\p{N}]+/gu) ?? []) {
    let hash = 7;
    for (const character of word) hash = (Math.imul(hash, 31) + character.codePointAt(0)!) | 0;
    vector[Math.abs(hash) % DIMENSIONS]! += 1;
  }
  const length = Math.hypot(...vector) || 1;
  return vector.map((value) => value / length);
}

function sendError(response: ServerResponse, status: number, message: string): void {
  sendJson(response, status, { error: { message, type: "mock_error", code: null, param: null } });
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
  response.end(text);
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

/** Waits, or returns at once when the client goes away. */
function pause(ms: number, response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    response.once("close", done);
    function done(): void {
      clearTimeout(timer);
      response.off("close", done);
      resolve();
    }
  });
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      port: { type: "string", default: "4999" },
      "chunk-ms": { type: "string", default: "0" },
      "delay-ms": { type: "string", default: "0" },
      text: { type: "string" },
      "no-tools": { type: "boolean", default: false },
    },
  });
  const mock = await startMockModel({
    port: Number(values.port),
    chunkMs: Number(values["chunk-ms"]),
    delayMs: Number(values["delay-ms"]),
    text: values.text,
    tools: !values["no-tools"],
  });
  console.log(`Mock model: ${mock.url}`);
}
