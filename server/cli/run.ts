/** `patchbay run`: one run of an agent file, its answer on standard output, everything else on standard error. */
import { createInterface } from "node:readline/promises";
import { text } from "node:stream/consumers";
import { PatchbayError } from "../../runtime/error.ts";
import type { RunItem, Wait, WaitDecision } from "../../runtime/event.ts";
import type { RunResult } from "../contract/run.ts";
import { graphOf, readAgentFile } from "./agent-file.ts";
import { type Client, errorOf, serverEvents } from "./client.ts";
import type { Io } from "./io.ts";

export interface RunOptions {
  message?: string;
  input?: Record<string, string>;
  stream?: boolean;
  json?: boolean;
  session?: string;
  user?: string;
  /** What to say to approvals where nobody sits at a terminal. */
  approve?: "all" | "none";
}

/** Exit codes: 0 done, 1 failed or cancelled, 3 waits for a person. */
export async function runFile(client: Client, path: string, options: RunOptions, io: Io): Promise<number> {
  const graph = graphOf(readAgentFile(path));
  const message = options.message ?? (io.stdin.isTTY || path === "-" ? undefined : (await text(io.stdin)).trim());
  if (!message)
    throw new PatchbayError("bad_request", 'There is no message: give it with --message "…", or on standard input.');
  const body = {
    graph,
    input: { ...options.input, message },
    ...(options.session !== undefined && { session: options.session }),
    ...(options.user !== undefined && { user: options.user }),
  };
  let result = options.stream
    ? await streamed(client, "POST", "/api/runs", body, options, io)
    : await client.call<RunResult>("POST", "/api/runs", body);
  while (result.waits?.length) {
    const answers = await ask(result.waits, options, io);
    if (!answers) break;
    result = await client.call<RunResult>("POST", `/api/runs/${result.id}/answer`, { answers });
    // The answer's stream ended with the wait; what comes after it is told as a whole.
    if (options.stream && !options.json && result.status === "done") io.out(`${asText(result.output?.reply)}\n`);
  }
  if (options.json) io.out(`${JSON.stringify(result, null, 2)}\n`);
  else if (!options.stream && result.output) io.out(`${asText(result.output.reply)}\n`);
  if (result.error) io.err(`${result.error.code}: ${result.error.message}\n`);
  if (result.waits?.length) {
    for (const wait of result.waits) io.err(`Waits for a person: ${describe(wait)}\n`);
    io.err(`Run ${result.id} is kept. Answer it in the editor, or run again with --approve all.\n`);
    return 3;
  }
  return result.status === "done" ? 0 : 1;
}

/** Writes the answer as it comes, and a line for each tool; resolves with how the run stands at the end of the stream. */
async function streamed(
  client: Client,
  method: string,
  path: string,
  body: unknown,
  options: RunOptions,
  io: Io,
): Promise<RunResult> {
  const answer = await client.send(method, path, body, { accept: "text/event-stream" });
  if (!answer.ok) throw await errorOf(answer);
  let run: string | undefined;
  let shown = "";
  for await (const { data } of serverEvents(answer)) {
    const item = JSON.parse(data) as RunItem;
    run ??= item.run;
    if (item.type === "delta") {
      if (!item.answer || item.kind !== "text" || options.json) continue;
      shown += item.text;
      io.out(item.text);
    } else if (item.type === "tool-start")
      io.err(`→ ${item.tool ?? item.call.name} ${JSON.stringify(item.call.arguments ?? {})}\n`);
    else if (item.type === "tool-end") io.err(`${item.result.error ? "✗" : "✓"} ${item.tool ?? ""} (${item.ms} ms)\n`);
    else if (item.type === "run-end" && !options.json) io.out(shown === "" ? `${asText(item.output.reply)}\n` : "\n");
  }
  if (run === undefined) throw new PatchbayError("connection_lost", "The stream ended before the run began.");
  return await client.call<RunResult>("GET", `/api/runs/${run}`);
}

async function ask(waits: Wait[], options: RunOptions, io: Io): Promise<WaitDecision[] | undefined> {
  if (waits.some((wait) => wait.kind === "uncertain")) return undefined;
  if (options.approve !== undefined)
    return waits.map(({ wait }) => ({ wait, choice: options.approve === "all" ? "approve" : "reject" }));
  if (!io.stdin.isTTY) return undefined;
  const terminal = createInterface({ input: io.stdin, output: io.stderr });
  try {
    const answers: WaitDecision[] = [];
    for (const wait of waits) {
      const said = await terminal.question(`${describe(wait)}\nGo ahead? [y/N] `);
      answers.push({ wait: wait.wait, choice: /^(?:y|yes|是|好)$/i.test(said.trim()) ? "approve" : "reject" });
    }
    return answers;
  } finally {
    terminal.close();
  }
}

function describe(wait: Wait): string {
  return wait.call ? `${wait.question} ${wait.call.tool} ${JSON.stringify(wait.call.arguments)}` : wait.question;
}

function asText(reply: unknown): string {
  return typeof reply === "string" ? reply : JSON.stringify(reply ?? null, null, 2);
}
