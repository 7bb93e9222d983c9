/**
 * A model server for tests that sends any bytes, valid or not. It uses a raw socket, because an HTTP server refuses to
 * send invalid responses.
 */
import type { AddressInfo } from "node:net";
import { createServer, type Socket } from "node:net";

export interface FaultRequest {
  /** Counted from 1. */
  number: number;
  path: string;
  headers: Record<string, string>;
  body: string;
}

/** Writes the whole response to the socket. */
export type Fault = (socket: Socket, request: FaultRequest) => void;

export interface FaultServer {
  url: string;
  requests: FaultRequest[];
  /** Resolves when the client has closed the given number of connections. */
  closed(count: number): Promise<void>;
  close(): Promise<void>;
}

/** Responds to the n-th request with the n-th fault, and to all later ones with the last. */
export async function startFaultServer(...faults: Fault[]): Promise<FaultServer> {
  const requests: FaultRequest[] = [];
  const sockets = new Set<Socket>();
  let closedCount = 0;
  const waiting: { count: number; resolve: () => void }[] = [];
  const server = createServer((socket) => {
    sockets.add(socket);
    let received = Buffer.alloc(0);
    socket.on("data", (chunk) => {
      received = Buffer.concat([received, chunk]);
      for (let request = take(); request; request = take()) {
        requests.push(request);
        faults[Math.min(request.number, faults.length) - 1]!(socket, request);
      }
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      sockets.delete(socket);
      closedCount += 1;
      for (const one of waiting) if (closedCount >= one.count) one.resolve();
    });

    /** Takes one whole request from the received bytes. */
    function take(): FaultRequest | undefined {
      const end = received.indexOf("\r\n\r\n");
      if (end < 0) return undefined;
      const [first, ...lines] = received.subarray(0, end).toString("latin1").split("\r\n");
      const headers = Object.fromEntries(
        lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
      );
      const length = Number(headers["content-length"] ?? 0);
      if (received.length < end + 4 + length) return undefined;
      const body = received.subarray(end + 4, end + 4 + length).toString("utf8");
      received = received.subarray(end + 4 + length);
      return { number: requests.length + 1, path: first!.split(" ")[1]!, headers, body };
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    closed: (count) =>
      closedCount >= count ? Promise.resolve() : new Promise((resolve) => waiting.push({ count, resolve })),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** A whole response with a length; the connection stays open. */
export function respond(status: number, body: string, headers: Record<string, string> = {}): Fault {
  return (socket) => {
    const lines = Object.entries({
      "content-type": "application/json",
      "content-length": String(Buffer.byteLength(body)),
      ...headers,
    });
    socket.write(
      `HTTP/1.1 ${status} X\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${body}`,
    );
  };
}

/** OpenAI's error shape. */
export function respondError(status: number, message: string, headers: Record<string, string> = {}): Fault {
  return respond(status, JSON.stringify({ error: { message, type: "x", code: null } }), headers);
}

/** Refuses with status 400 what a strict server refuses, and answers anything else. */
export function refuse(rule: (body: Record<string, never>) => boolean, message: string, otherwise: Fault): Fault {
  return (socket, request) =>
    (rule(JSON.parse(request.body)) ? respondError(400, message) : otherwise)(socket, request);
}

export const STREAM_HEAD = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";

/** Opens a stream, writes the pieces unchanged, then ends, resets or hangs. */
export function stream(pieces: (string | Buffer)[], then: "end" | "reset" | "hang" = "end"): Fault {
  return (socket) => {
    socket.write(STREAM_HEAD);
    for (const piece of pieces) socket.write(piece);
    if (then === "end") socket.end();
    // A reset may overtake the write before it, and the client must read the pieces first.
    if (then === "reset") setTimeout(() => socket.resetAndDestroy(), 30);
  };
}

/** A chunk of the chat completions stream. */
export function chunk(delta: unknown, finish: string | null = null, more: Record<string, unknown> = {}): string {
  return `data: ${JSON.stringify({ id: "x", choices: [{ index: 0, delta, finish_reason: finish }], ...more })}\n\n`;
}

export const DONE = "data: [DONE]\n\n";

/** A valid streamed completion. */
export function completion(text: string): Fault {
  return stream([chunk({ role: "assistant", content: "" }), chunk({ content: text }), chunk({}, "stop"), DONE]);
}
