/** Tool results on their way to the model: capped, and with the ids of what they made. */
import type { Host } from "../host.ts";
import type { ToolCall, ToolMessage } from "../message.ts";
import { cutMarker } from "../prompt/cut.ts";
import type { ToolResult } from "../tool.ts";

/** The most of a result that goes to the model; the whole of a larger one is an artifact. */
const MAX_RESULT_BYTES = 256 * 1024;
/** As much of a larger one the model still reads: enough to see what it is. */
const EXCERPT_CHARACTERS = 32 * 1024;

/**
 * Makes a fresh result fit for the model, and so for the log: one that is too large is stored as an artifact and keeps
 * its beginning, with a marker that names it; files that it made are named with ids that later calls can pass as arguments.
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
  // No character takes more than three bytes of UTF-8.
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

/** A result as the model reads it. */
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
