/** A published agent as an MCP tool: its description, what it takes, and a call of it. */
import type { CallToolResult, Tool } from "@modelcontextprotocol/server";
import { PatchbayError } from "../../../runtime/error.ts";
import type { Field } from "../../../runtime/field.ts";
import type { Graph } from "../../../runtime/graph.ts";
import type { CallerKey } from "../../keys/service.ts";
import { awaitCall, type HostedServices, replyText, startCall, waitSentence } from "../agent-call.ts";
import { inputsOf } from "../inputs.ts";
import { hostedError, hostedResult } from "../view.ts";

/** The tool's name is the slug. It takes the agent's inputs; `session` goes on with a conversation. */
export function agentTool(slug: string, graph: Graph, fields: readonly Field[]): Tool {
  const { properties, required } = inputsOf(fields);
  properties.session ??= { type: "string", description: "Calls with the same value are turns of one conversation." };
  return {
    name: slug,
    title: graph.name,
    description: graph.description || graph.name,
    inputSchema: {
      type: "object",
      properties: properties as Tool["inputSchema"]["properties"],
      required,
      additionalProperties: false,
    },
  };
}

export interface ToolCallContext {
  slug: string;
  version?: number;
  key: CallerKey;
  /** Aborts when the call is cancelled or the caller went away: the run is then cancelled. */
  signal: AbortSignal;
  /** Called as the run goes on, with a number that only grows. */
  progress?(done: number): void;
}

/** Runs the agent. A run that fails or waits is a result, so that the model that called can read it. */
export async function callAgentTool(
  services: HostedServices,
  given: Record<string, unknown>,
  context: ToolCallContext,
): Promise<CallToolResult> {
  const { message = "", session, ...fields } = given;
  if (typeof message !== "string") return failed("At /message: must be a text.");
  if (session !== undefined && (typeof session !== "string" || session === "" || session.length > 200)) {
    return failed("At /session: must be a text of 1 to 200 characters.");
  }
  const { slug, version, key, signal, progress } = context;
  let run: Awaited<ReturnType<typeof startCall>>;
  try {
    run = await startCall(services, { target: { slug, version }, key, message, fields, session });
  } catch (error) {
    if (error instanceof PatchbayError) return failed(hostedError(error).message);
    throw error;
  }
  const stop = new AbortController();
  if (progress) void report(services, run, progress, stop.signal);
  try {
    const result = hostedResult(await awaitCall(services, run, signal, false));
    const _meta = { "patchbay/run": run.id, "patchbay/status": result.status };
    if (result.status === "done") {
      const reply = result.output?.reply;
      const structured = typeof reply === "object" && reply !== null && !Array.isArray(reply);
      return {
        content: [{ type: "text", text: replyText(result) }],
        ...(structured && { structuredContent: reply as Record<string, unknown> }),
        _meta,
      };
    }
    if (result.waits) {
      const text = `${waitSentence(result.waits, message)}\n(run ${run.id})`;
      return { content: [{ type: "text", text }], _meta: { ..._meta, "patchbay/waits": result.waits } };
    }
    return { ...failed(result.error?.message ?? "The run was cancelled."), _meta };
  } finally {
    stop.abort();
  }
}

/** A model's answer and a tool's result each count one; their contents stay inside. */
async function report(
  services: HostedServices,
  run: Awaited<ReturnType<typeof startCall>>,
  progress: (done: number) => void,
  signal: AbortSignal,
): Promise<void> {
  let done = 0;
  try {
    await run.accepted;
    for await (const item of services.runs.follow(run.id, { untilWait: true, deltas: false, signal })) {
      if (item.type === "message" || item.type === "tool-end") progress(++done);
    }
  } catch {
    // Progress is a courtesy: the call's own result tells what went wrong.
  }
}

function failed(text: string): CallToolResult {
  return { content: [{ type: "text", text }], isError: true };
}
