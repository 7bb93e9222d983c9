/**
 * Converts the result of an MCP tool into a tool result: text and JSON for the model, media as artifacts. Each part is
 * read on its own: a part that cannot be read is named in the text, and the others arrive.
 */
import type { FileRef } from "../../runtime/message.ts";
import type { JsonSchema, ToolResult } from "../../runtime/tool.ts";
import type { Files } from "../stores/files.ts";
import { cleanText, cutText } from "../tools/clean-text.ts";
import { extensionOf, fileResult } from "../tools/result.ts";
import { schemaMismatch } from "../tools/schema-check.ts";

const MAX_PARTS = 200;
const DATA_URL = /^data:([\w.+-]+\/[\w.+-]+)?((?:;[\w.+-]+=[^;,]*)*);base64,/i;
const MEDIA_TYPE = /^[\w.+-]{1,64}\/[\w.+-]{1,64}(?:\s*;.{0,100})?$/;

interface ResultOptions {
  tool: string;
  files: Files;
  /** The schema of the structured value, if the server gave one. */
  outputSchema?: unknown;
}

/** Never throws for what a server sent. The result has `error` when the server says so, or when no part of it can be read. */
export async function toolResult(given: unknown, { tool, files, outputSchema }: ResultOptions): Promise<ToolResult> {
  if (!isObject(given)) return { content: unreadable("the result", "it is not an object"), error: true };
  const lines: string[] = [];
  const refs: FileRef[] = [];
  let readable = 0;
  const name = tool.replaceAll(/[^\w.-]/g, "_");
  const parts = readParts(given);
  for (const [index, part] of parts.slice(0, MAX_PARTS).entries()) {
    const read = readPart(part);
    if ("problem" in read) lines.push(unreadable(`part ${index + 1}`, read.problem));
    else {
      readable++;
      if ("text" in read) lines.push(read.text);
      else {
        const { mediaType, bytes } = read;
        const { ref, line } = await fileResult({ mediaType, name: `${name}.${extensionOf(mediaType)}`, bytes }, files);
        refs.push(ref);
        lines.push(line);
      }
    }
  }
  if (parts.length > MAX_PARTS) lines.push(`[cut: ${parts.length - MAX_PARTS} more parts]`);
  const result: ToolResult = { content: "" };
  const { structuredContent } = given;
  if (structuredContent !== undefined && structuredContent !== null) {
    const mismatch = isObject(outputSchema) ? schemaMismatch(outputSchema as JsonSchema, structuredContent) : undefined;
    if (mismatch && given.isError !== true)
      lines.push(unreadable("the structured value", `it does not match the tool's output schema: ${mismatch}`));
    else {
      readable++;
      result.value = structuredContent;
      if (!lines.length) lines.push(JSON.stringify(structuredContent));
    }
  }
  result.content = lines.join("\n") || "Done; the tool gave no text.";
  if (refs.length) result.files = refs;
  if (given.isError === true || (lines.length > 0 && readable === 0)) result.error = true;
  return result;
}

/** The parts of `content`. A text or a single part instead of a list counts as a list of one. */
function readParts({ content, toolResult: old }: Record<string, unknown>): unknown[] {
  if (Array.isArray(content)) return content;
  if (content !== undefined && content !== null) return [content];
  // Before 2024-11-05 a result was one value of any kind.
  return old === undefined || old === null ? [] : [typeof old === "string" ? old : JSON.stringify(old)];
}

type Part = { text: string } | { mediaType: string; bytes: Uint8Array } | { problem: string };

function readPart(part: unknown): Part {
  if (typeof part === "string") return { text: part };
  if (!isObject(part)) return { problem: "it is not an object" };
  switch (part.type) {
    case "text":
      return typeof part.text === "string" ? { text: part.text } : { problem: "its text is missing" };
    case "image":
    case "audio":
      return readMedia(part.data, part.mimeType, part.type === "image" ? "image/png" : "audio/wav");
    case "resource_link": {
      const title = [part.title, part.name].find((one) => typeof one === "string" && one !== "");
      if (typeof part.uri !== "string") return { problem: "its link has no address" };
      return { text: title === undefined ? part.uri : `${title}: ${part.uri}` };
    }
    case "resource": {
      const { resource } = part;
      if (!isObject(resource)) return { problem: "its resource is missing" };
      if (typeof resource.text === "string") return { text: resource.text };
      return readMedia(resource.blob, resource.mimeType, "application/octet-stream");
    }
    default:
      // Parts of later versions of the protocol, or of a server's own: the text in them is for the model.
      return typeof part.text === "string"
        ? { text: part.text }
        : { problem: `its type ${cutText(JSON.stringify(part.type ?? null), 60)} is not known` };
  }
}

function readMedia(data: unknown, type: unknown, fallback: string): Part {
  if (typeof data !== "string" || data === "") return { problem: "its data is missing" };
  const prefix = DATA_URL.exec(data.slice(0, 300));
  const given = [type, prefix?.[1]].find((one) => typeof one === "string" && MEDIA_TYPE.test(one));
  const mediaType = (given as string | undefined) ?? fallback;
  const bytes = decodeBase64(prefix ? data.slice(prefix[0].length) : data);
  return bytes ? { mediaType, bytes } : { problem: `its data (${mediaType}) is not base64` };
}

/** Base64 in either alphabet, with or without padding and line breaks. Undefined for anything else, and for no bytes. */
function decodeBase64(data: string): Uint8Array | undefined {
  const text = data.replaceAll(/\s+/g, "").replace(/={1,2}$/, "");
  if (!/^[A-Za-z0-9+/_-]+$/.test(text) || text.length % 4 === 1) return undefined;
  return Buffer.from(text, "base64");
}

function unreadable(what: string, why: string): string {
  return `[${what} cannot be read: ${cleanText(why)}]`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
