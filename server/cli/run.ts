/** `patchbay run`: runs an agent file. The reply goes to standard output, everything else to standard error. */
import { text } from "node:stream/consumers";
import { PatchbayError } from "../../runtime/error.ts";
import type { RunItem, Wait, WaitDecision } from "../../runtime/event.ts";
import type { Graph } from "../../runtime/graph.ts";
import type { RunResult } from "../contract/run.ts";
import { graphOf, readAgentFile } from "./agent-file.ts";
import { type Client, errorOf, serverEvents } from "./client.ts";
import { askLine, type Io } from "./io.ts";

export interface RunOptions {
  message?: string;
  input?: Record<string, string>;
  stream?: boolean;
  json?: boolean;
  session?: string;
  user?: string;
  /** Decision on all approvals, instead of asking on the terminal. */
  approve?: "all" | "none";
}

/** Returns the exit code: 0 done, 1 failed or cancelled, 3 waits for a person. */
export async function runFile(client: Client, path: string, options: RunOptions, io: Io): Promise<number> {
  const graph = graphOf(readAgentFile(path));
  const message = options.message ?? (io.stdin.isTTY || path === "-" ? undefined : (await text(io.stdin)).trim());
  if (!message) throw new PatchbayError("bad_request", 'The message is missing. Use --message "…", or standard input.');
  const body = {
    graph,
    input: { ...(options.input && (await inputOf(graph, options.input))), message },
    ...(options.session !== undefined && { session: options.session }),
    ...(options.user !== undefined && { user: options.user }),
  };
  let result = options.stream
    ? await streamed(client, "POST", "/api/runs", body, options, io)
    : await client.call<RunResult>("POST", "/api/runs", body);
  while (result.waits?.length) {
    const decisions = await decide(result.waits, options, io);
    if (!decisions) break;
    const path = `/api/runs/${result.id}/answer`;
    result = options.stream
      ? await streamed(client, "POST", path, { answers: decisions }, options, io)
      : await client.call<RunResult>("POST", path, { answers: decisions });
  }
  if (options.json) io.out(`${JSON.stringify(result, null, 2)}\n`);
  else if (!options.stream && result.output) io.out(`${asText(result.output.reply)}\n`);
  if (result.error) io.err(`${result.error.code}: ${result.error.message}\n`);
  if (result.waits?.length) {
    for (const wait of result.waits) io.err(`Waits for a person: ${describe(wait)}\n`);
    io.err(`Run ${result.id} is waiting. Decide in the Inbox of the editor, or run again with --approve all.\n`);
    return 3;
  }
  return result.status === "done" ? 0 : 1;
}

/**
 * The values of `-i`. A value of a field that is not a text is JSON. Rejects with `bad_request` for invalid JSON.
 */
async function inputOf(graph: Graph, given: Record<string, string>): Promise<Record<string, unknown>> {
  const [{ inputFields }, { loadNodeTypes }, { parseEnv }] = await Promise.all([
    import("../../runtime/agent-ports.ts"),
    import("../node-types/load.ts"),
    import("../process/env.ts"),
  ]);
  const fields = inputFields(graph, (await loadNodeTypes(parseEnv(process.env).nodesDir)).table);
  const input: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(given)) {
    const kind = name === "files" ? "files" : (fields.find((field) => field.name === name)?.kind ?? "text");
    input[name] = kind === "text" ? value : jsonOf(name, value, kind);
  }
  return input;
}

function jsonOf(name: string, value: string, kind: string): unknown {
  try {
    return JSON.parse(value);
  } catch (cause) {
    // A field of kind `any` takes a text without quotes too.
    if (kind === "any") return value;
    throw new PatchbayError(
      "bad_request",
      `--input ${name} must be JSON, because the field is of kind "${kind}" (${(cause as Error).message}). Example: -i '${name}=${EXAMPLES[kind] ?? '{"id": 7}'}'`,
      { cause },
    );
  }
}

const EXAMPLES: Record<string, string> = {
  files: '["file_…"]',
  documents: '[{"title": "…", "text": "…"}]',
  messages: '[{"role": "user", "content": "…"}]',
};

/** Writes the reply as it arrives, and a line per tool call. Resolves with the run's state at the end of the stream. */
async function streamed(
  client: Client,
  method: string,
  path: string,
  body: unknown,
  options: RunOptions,
  io: Io,
): Promise<RunResult> {
  const response = await client.send(method, path, body, { accept: "text/event-stream" });
  if (!response.ok) throw await errorOf(response);
  let run: string | undefined;
  let shown = "";
  let writing: string | undefined;
  for await (const { data } of serverEvents(response)) {
    const item = JSON.parse(data) as RunItem;
    run ??= item.run;
    if (item.type === "delta") {
      if (!item.answer || item.kind !== "text" || options.json) continue;
      // Text that begins again replaces what was shown, which a terminal cannot take back.
      if (item.offset === 0 && writing === item.node) io.out("\n\n");
      writing = item.node;
      shown += item.text;
      io.out(item.text);
    } else if (item.type === "message") writing = undefined;
    else if (item.type === "tool-start")
      io.err(`→ ${item.tool ?? item.call.name} ${JSON.stringify(item.call.arguments ?? {})}\n`);
    else if (item.type === "tool-end") io.err(`${item.result.error ? "✗" : "✓"} ${item.tool ?? ""} (${item.ms} ms)\n`);
    else if (item.type === "run-end" && !options.json) io.out(shown === "" ? `${asText(item.output.reply)}\n` : "\n");
  }
  if (run === undefined) throw new PatchbayError("connection_lost", "The stream ended before the run started.");
  return await client.call<RunResult>("GET", `/api/runs/${run}`);
}

async function decide(waits: Wait[], options: RunOptions, io: Io): Promise<WaitDecision[] | undefined> {
  if (waits.some((wait) => wait.kind === "uncertain")) return undefined;
  if (options.approve !== undefined)
    return waits.map(({ wait }) => ({ wait, choice: options.approve === "all" ? "approve" : "reject" }));
  if (!io.stdin.isTTY) return undefined;
  const decisions: WaitDecision[] = [];
  for (const wait of waits) {
    const input = await askLine(io, `${describe(wait)}\nApprove? [y/N] `, io.stderr);
    // The end of the input decides nothing: the run stays as it is.
    if (input === undefined) return undefined;
    decisions.push({ wait: wait.wait, choice: /^(?:y|yes|是|好)$/i.test(input.trim()) ? "approve" : "reject" });
  }
  return decisions;
}

function describe(wait: Wait): string {
  return wait.call ? `${wait.question} ${wait.call.tool} ${JSON.stringify(wait.call.arguments)}` : wait.question;
}

function asText(reply: unknown): string {
  return typeof reply === "string" ? reply : JSON.stringify(reply ?? null, null, 2);
}
