/**
 * An MCP server over stdio that sends what a test wrote, valid or not: `node scripted-server.ts SCRIPT`, where SCRIPT is
 * the JSON text of a `Script` or the path of a file with it (read again for each list).
 */
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

export interface Script {
  /** What each list is answered with: a result, an error, or an end of the process. */
  list?: { tools?: unknown; nextCursor?: unknown; error?: { code: number; message: string } } | "exit" | "hang";
  /** Results by tool, or a fault: "hang", "flood", "endless". A tool without one returns its arguments as text. */
  calls?: Record<string, unknown>;
  /** Progress notifications that each call sends first, if it was given a token; then it hangs if there is no result. */
  progress?: { everyMs: number; times: number; params?: object };
  /** Written to stderr at the start. */
  stderr?: string;
  version?: string;
}

const given = process.argv[2] ?? "{}";
const read = (): Script => JSON.parse(given.startsWith("{") ? given : readFileSync(given, "utf8"));
const send = (message: object) => process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);

const { stderr, version = "1" } = read();
if (stderr !== undefined) process.stderr.write(stderr);

createInterface({ input: process.stdin })
  .on("line", (line) => take(JSON.parse(line)))
  .on("close", () => process.exit(0));

type Params = { name?: string; arguments?: unknown; _meta?: { progressToken?: unknown } };
function take({ id, method, params }: { id?: number; method?: string; params?: Params }): void {
  const script = read();
  switch (method) {
    case "initialize":
      send({
        id,
        result: {
          protocolVersion: "2025-11-25",
          capabilities: { tools: { listChanged: true } },
          serverInfo: { name: "scripted", version },
        },
      });
      return;
    case "tools/list": {
      const { list = { tools: [] } } = script;
      if (list === "exit") process.exit(1);
      if (list !== "hang") send({ id, ...(list.error ? { error: list.error } : { result: list }) });
      return;
    }
    case "tools/call":
      void call(script, id!, params ?? {});
      return;
    default:
      if (id !== undefined && method) send({ id, error: { code: -32601, message: "Method not found" } });
  }
}

async function call({ calls = {}, progress }: Script, id: number, params: Params): Promise<void> {
  const progressToken = params._meta?.progressToken;
  for (let step = 1; step <= (progress?.times ?? 0); step++) {
    await new Promise((done) => setTimeout(done, progress!.everyMs));
    if (progressToken !== undefined)
      send({
        method: "notifications/progress",
        params: { progressToken, progress: step, total: progress!.times, ...progress!.params },
      });
  }
  const name = params.name ?? "";
  if (calls[name] === "hang") return;
  const noise = () => send({ method: "notifications/message", params: { level: "info", data: "noise" } });
  if (calls[name] === "flood") for (let i = 0; i < 12_000; i++) noise();
  if (calls[name] === "endless") {
    setInterval(() => {
      for (let i = 0; i < 500; i++) noise();
    }, 0);
    return;
  }
  const result = typeof calls[name] === "object" ? calls[name] : undefined;
  send({ id, result: result ?? { content: [{ type: "text", text: JSON.stringify(params.arguments ?? {}) }] } });
}
