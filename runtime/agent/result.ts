/** Prepares tool results for the model: caps them, and adds the ids of their files. */
import type { Host } from "../host.ts";
import type { ToolCall, ToolMessage } from "../message.ts";
import { cutMarker } from "../prompt/cut.ts";
import type { ToolResult } from "../tool.ts";

/** A larger result is stored as an artifact. */
const MAX_RESULT_BYTES = 256 * 1024;
/** The excerpt of a larger result for the model. */
const EXCERPT_CHARACTERS = 32 * 1024;

/**
 * Prepares a new result for the model and the log. A result that is too large is stored as an artifact and keeps its
 * beginning with a marker. Files of the result are listed with ids that later calls can pass as arguments.
 */
export async function shapeResult(result: ToolResult, tool: string, host: Host): Promise<ToolResult> {
  const written =
    result.content === "" && result.value !== undefined ? { ...result, content: JSON.stringify(result.value) } : result;
  const capped = await capResult(written, tool, host);
  let { content } = capped;
  for (const file of capped.files ?? [])
    if (!content.includes(file.id)) content += `\n[${file.name}: artifact://${file.id}]`;
  return content === capped.content ? capped : { ...capped, content: content.trimStart() };
}

async function capResult(result: ToolResult, tool: string, host: Host): Promise<ToolResult> {
  // A UTF-16 unit takes at most three bytes of UTF-8.
  if (result.content.length * 3 <= MAX_RESULT_BYTES) return result;
  const bytes = new TextEncoder().encode(result.content);
  if (bytes.length <= MAX_RESULT_BYTES) return result;
  const json = /^\s*[[{]/.test(result.content);
  const name = `${tool.split("/").at(-1)}-result.${json ? "json" : "txt"}`;
  const file = await host.artifact.put({ mediaType: json ? "application/json" : "text/plain", name, bytes });
  const kept = result.content.slice(0, EXCERPT_CHARACTERS).toWellFormed();
  return {
    content: `${kept}\n${cutMarker(result.content.length - kept.length)}\n[The whole result (${bytes.length} bytes) is artifact://${file.id}]`,
    files: [...(result.files ?? []), file],
    ...(result.error ? { error: true } : {}),
  };
}

/** A result as a message. */
export function toolMessage(call: ToolCall, result: ToolResult): ToolMessage {
  const message: ToolMessage = {
    role: "tool",
    call: call.id,
    name: call.name,
    content: result.content || "(no output)",
  };
  if (result.error) message.error = true;
  if (result.files?.length) message.files = result.files;
  return message;
}
