/** A published agent as an MCP tool: its definition and its call. */
import type { CallToolResult, Tool } from "@modelcontextprotocol/server";
import { PatchbayError } from "../../../runtime/error.ts";
import type { Field } from "../../../runtime/field.ts";
import type { Graph } from "../../../runtime/graph.ts";
import type { CallerKey } from "../../keys/service.ts";
import { awaitCall, type HostedServices, replyText, startCall, waitSentence } from "../agent-call.ts";
import { citationsOf, sourceLines } from "../citations.ts";
import { inputsOf } from "../inputs.ts";
import { hostedError, hostedResult } from "../view.ts";

/** The tool name is the slug. Arguments are the agent's inputs, and `session` to continue a conversation. */
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
  /** Aborts when the call is cancelled or the caller disconnects. Cancels the run. */
  signal: AbortSignal;
  /** Called during the run, with an increasing number. */
  progress?(done: number): void;
}

/** Runs the agent. A failed or waiting run is returned as a result, for the calling model to read. */
export async function callAgentTool(
  services: HostedServices,
  given: Record<string, unknown>,
  context: ToolCallContext,
): Promise<CallToolResult> {
  const { message = "", session, ...fields } = given;
  if (typeof message !== "string") return failed("At /message: must be a string.");
  if (session !== undefined && (typeof session !== "string" || session === "" || session.length > 200)) {
    return failed("At /session: must be a string of 1 to 200 characters.");
  }
  const { slug, version, key, signal, progress } = context;
  let run: Awaited<ReturnType<typeof startCall>>;
  try {
    run = await startCall(services, { target: { slug, version }, key, message, fields, session });
  } catch (error) {
    if (error instanceof PatchbayError) return failed(hostedError(error).message);
    throw error;
  }
  const ended = new AbortController();
  if (progress) void reportProgress(services, run, progress, ended.signal);
  try {
    const result = hostedResult(await awaitCall(services, run, signal, false));
    const _meta = { "patchbay/run": run.id, "patchbay/status": result.status };
    if (result.status === "done") {
      const reply = result.output?.reply;
      const { sources } = citationsOf(result);
      const structured = typeof reply === "object" && reply !== null && !Array.isArray(reply);
      return {
        content: [
          { type: "text", text: replyText(result) },
          ...(sources.length > 0 ? [{ type: "text" as const, text: `Sources:\n${sourceLines(sources)}` }] : []),
        ],
        ...(structured && { structuredContent: reply as Record<string, unknown> }),
        _meta: { ..._meta, ...(sources.length > 0 && { "patchbay/sources": sources }) },
      };
    }
    if (result.waits) {
      const text = `${waitSentence(result.waits, message)}\n(run ${run.id})`;
      return { content: [{ type: "text", text }], _meta: { ..._meta, "patchbay/waits": result.waits } };
    }
    return { ...failed(result.error?.message ?? "The run was cancelled."), _meta };
  } finally {
    ended.abort();
  }
}

/** Counts finished model messages and tool results; their contents are not sent. */
async function reportProgress(
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
    // Progress is optional. The result of the call reports the error.
  }
}

function failed(text: string): CallToolResult {
  return { content: [{ type: "text", text }], isError: true };
}
