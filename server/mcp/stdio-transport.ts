/**
 * The transport over stdin and stdout of a child process. Unlike the SDK's own, it ends the whole process group, limits
 * the length of a line, ignores a line that is not a message, and keeps the end of stderr.
 */
import {
  deserializeMessage,
  type JSONRPCMessage,
  serializeMessage,
  type Transport,
} from "@modelcontextprotocol/client";
import { type Command, type ProcessGroup, startGroup } from "./process-group.ts";
import { ReadRate } from "./read-rate.ts";

const MAX_LINE = 10 * 1024 * 1024;
const KEPT_STDERR = 4 * 1024;
const GRACE_MS = 1_000;

export class StdioTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;
  /** Number of lines on stdout that are not messages; the first is kept. */
  strayLines = 0;
  firstStray = "";
  /** How the command ended. Undefined while it runs. */
  exit: { code: number | null; signal: NodeJS.Signals | null; error?: Error } | undefined;
  /** The command ended before `close` or `kill` was called. */
  endedItself = false;
  readonly #command: Command;
  #group: ProcessGroup | undefined;
  #stderr = Buffer.alloc(0);
  #line: Buffer[] = [];
  #lineBytes = 0;
  readonly #rate = new ReadRate();
  /** `close` or `kill` was called. */
  #ending = false;
  #closed = false;
  #overflow = false;

  constructor(command: Command) {
    this.#command = command;
  }

  get pid(): number | undefined {
    return this.#group?.child.pid;
  }

  /** With `pid` the mark by which the SDK knows a child process: a slow one is then asked in the older era. */
  get stderr(): null {
    return null;
  }

  /** A line over the limit ended the connection. */
  get overflowed(): boolean {
    return this.#overflow;
  }

  /** The last 4 KB of stderr. */
  get stderrTail(): string {
    return this.#stderr.toString("utf8");
  }

  async start(): Promise<void> {
    const group = startGroup(this.#command);
    this.#group = group;
    group.child.stderr.on("data", (chunk: Buffer) => {
      const joined = chunk.length >= KEPT_STDERR ? chunk : Buffer.concat([this.#stderr, chunk]);
      this.#stderr = Buffer.from(joined.subarray(-KEPT_STDERR));
    });
    group.child.stdout.on("data", (chunk: Buffer) => this.#read(chunk));
    group.child.once("exit", (code, signal) => {
      this.exit = { code, signal };
      this.endedItself = !this.#ending;
    });
    group.child.on("error", (error) => {
      this.exit ??= { code: null, signal: null, error };
      this.endedItself ||= !this.#ending;
      this.#settle();
    });
    // When the command exits, stdout may still hold messages; "close" follows their end.
    group.child.once("close", () => this.#settle());
    await new Promise<void>((resolve, reject) => {
      group.child.once("spawn", resolve);
      group.child.once("error", reject);
    });
  }

  /** Waits for the command to end by itself, at most `ms`. */
  async whenEnded(ms: number): Promise<void> {
    if (this.exit || this.#ending || !this.#group) return;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    await Promise.race([this.#group.ended, late]);
    clearTimeout(timer);
  }

  send(message: JSONRPCMessage): Promise<void> {
    const stdin = this.#group?.child.stdin;
    if (!stdin?.writable) return Promise.reject(new Error("The server has ended."));
    return new Promise((resolve, reject) => {
      stdin.write(serializeMessage(message), (error) => (error ? reject(error) : resolve()));
    });
  }

  /** Ends the group. The server has a second to end by itself. */
  async close(): Promise<void> {
    this.#ending = true;
    await this.#group?.end(GRACE_MS);
    this.#settle();
  }

  /** Ends the group at once. */
  async kill(): Promise<void> {
    this.#ending = true;
    this.#group?.kill();
    await this.#group?.end(0);
    this.#settle();
  }

  #settle(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#line = [];
    this.onclose?.();
  }

  #read(chunk: Buffer): void {
    let from = 0;
    let lines = 0;
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      this.#line.push(chunk.subarray(from, at));
      const line = Buffer.concat(this.#line).toString("utf8");
      this.#line = [];
      this.#lineBytes = 0;
      from = at + 1;
      lines++;
      this.#take(line);
    }
    if (from < chunk.length) {
      this.#line.push(chunk.subarray(from));
      this.#lineBytes += chunk.length - from;
    }
    if (this.#lineBytes > MAX_LINE && !this.#overflow) {
      this.#overflow = true;
      this.#line = [];
      this.#group?.child.stdout.pause();
      this.onerror?.(new Error(`The server sent a line of more than ${MAX_LINE} bytes.`));
      void this.kill();
      return;
    }
    const waitMs = this.#rate.take(lines, chunk.length);
    if (waitMs > 0) {
      const stdout = this.#group!.child.stdout.pause();
      setTimeout(() => stdout.resume(), waitMs);
    }
  }

  #take(line: string): void {
    const text = line.trim();
    if (!text || this.#closed) return;
    let message: JSONRPCMessage;
    try {
      message = deserializeMessage(text);
    } catch {
      // A banner, a stray print or half a line is ignored, unless it has the id of one of our requests.
      if (this.strayLines++ === 0) this.firstStray = text.slice(0, 200);
      const id = responseId(text);
      if (id === undefined) return;
      message = {
        jsonrpc: "2.0",
        id,
        error: { code: -32603, message: "The response has neither a result nor an error, or has both." },
      };
    }
    try {
      this.onmessage?.(message);
    } catch (thrown) {
      this.onerror?.(thrown instanceof Error ? thrown : new Error(String(thrown)));
    }
  }
}

/** The id of the request that an invalid message answers. */
function responseId(text: string): string | number | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    const { id, method } = JSON.parse(text) as { id?: unknown; method?: unknown };
    return method === undefined && (typeof id === "string" || typeof id === "number") ? id : undefined;
  } catch {
    return undefined; // not JSON, so it has no id
  }
}
