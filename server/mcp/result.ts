/** What an MCP tool gave back, as a tool result: text and JSON for the model, media as artifacts. */
import type { CallToolResult } from "@modelcontextprotocol/client";
import type { FileRef } from "../../runtime/message.ts";
import type { ToolResult } from "../../runtime/tool.ts";
import type { Files } from "../stores/files.ts";
import { extensionOf, fileResult } from "../tools/result.ts";

const MAX_PARTS = 200;

/** Never throws over what a server sent: a part that cannot be read is named in the text, and the result is an error. */
export async function toolResult(answer: CallToolResult, tool: string, files: Files): Promise<ToolResult> {
  const lines: string[] = [];
  const refs: FileRef[] = [];
  let broken = false;
  const media = async (data: string, mediaType: string) => {
    const bytes = decodeBase64(data);
    if (!bytes) {
      broken = true;
      lines.push(`[${mediaType}: its data is not base64]`);
      return;
    }
    const { ref, line } = await fileResult(
      { mediaType, name: `${tool.replaceAll(/[^\w.-]/g, "_")}.${extensionOf(mediaType)}`, bytes },
      files,
    );
    refs.push(ref);
    lines.push(line);
  };
  for (const part of answer.content.slice(0, MAX_PARTS)) {
    if (part.type === "text") lines.push(part.text);
    else if (part.type === "image" || part.type === "audio") await media(part.data, part.mimeType);
    else if (part.type === "resource_link") lines.push(`${part.title ?? part.name}: ${part.uri}`);
    else if (part.type === "resource") {
      if ("text" in part.resource) lines.push(part.resource.text);
      else await media(part.resource.blob, part.resource.mimeType ?? "application/octet-stream");
    }
  }
  if (answer.content.length > MAX_PARTS) lines.push(`[cut: ${answer.content.length - MAX_PARTS} more parts]`);
  const result: ToolResult = { content: lines.join("\n") };
  if (answer.structuredContent !== undefined) {
    result.value = answer.structuredContent;
    if (!lines.length) result.content = JSON.stringify(answer.structuredContent);
  }
  if (!result.content) result.content = "Done; the tool gave no text.";
  if (refs.length) result.files = refs;
  if (answer.isError || broken) result.error = true;
  return result;
}

function decodeBase64(data: string): Uint8Array | undefined {
  if (data.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(data)) return undefined;
  const bytes = Buffer.from(data, "base64");
  return bytes.length ? bytes : undefined;
}
