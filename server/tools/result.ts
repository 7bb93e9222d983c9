/**
 * The last step of every tool call: the result is cleaned, redacted and capped; files and overlong text become
 * artifacts.
 */
import { type ErrorData, errorData } from "../../runtime/error.ts";
import type { FileRef } from "../../runtime/message.ts";
import type { ToolResult } from "../../runtime/tool.ts";
import type { Secrets } from "../secrets/service.ts";
import type { Files } from "../stores/files.ts";
import { cleanText } from "./clean-text.ts";

/** In UTF-8 bytes. A larger result becomes an artifact. */
export const MAX_RESULT = 256 * 1024;
/** Characters of a larger result that the model still reads. */
const EXCERPT = 32 * 1024;

export interface ResultDeps {
  files: Files;
  secrets: Secrets;
}

export async function finishResult(result: ToolResult, deps: ResultDeps): Promise<ToolResult> {
  const content = deps.secrets.redact(cleanText(result.content), { encoded: true });
  const finished: ToolResult = { ...result, content };
  if (result.value !== null && typeof result.value === "object") finished.value = redactValue(result.value, deps);
  if (typeof result.value === "string") finished.value = content === result.content ? result.value : content;
  if (content.length > MAX_RESULT / 4 && Buffer.byteLength(content) > MAX_RESULT) {
    const isJson = result.value !== undefined && typeof result.value !== "string";
    const ref = await deps.files.put({
      mediaType: isJson ? "application/json" : "text/plain",
      name: isJson ? "result.json" : "result.txt",
      bytes: Buffer.from(content),
    });
    finished.content = `${headOf(content)}\n[cut: the whole result is ${ref.bytes} bytes, kept as artifact://${ref.id}]`;
    finished.files = [...(result.files ?? []), ref];
    delete finished.value;
  }
  return finished;
}

/** A failure as a result: the model reads the reason, and the run continues. */
export function failedResult(thrown: unknown): ToolResult {
  const error: ErrorData = errorData(thrown);
  return { content: error.message, value: { error: { code: error.code, message: error.message } }, error: true };
}

/** Stores bytes as an artifact, with the line that the model reads. */
export async function fileResult(
  file: { mediaType: string; name: string; bytes: Uint8Array },
  files: Files,
): Promise<{ ref: FileRef; line: string }> {
  const ref = await files.put(file);
  return { ref, line: `[${ref.mediaType}, ${ref.bytes} bytes, kept as artifact://${ref.id}]` };
}

export function extensionOf(mediaType: string): string {
  const subtype = mediaType.split(";")[0]!.split("/")[1] ?? "bin";
  const known: Record<string, string> = {
    jpeg: "jpg",
    mpeg: "mp3",
    "svg+xml": "svg",
    plain: "txt",
    "octet-stream": "bin",
    "x-wav": "wav",
  };
  return (known[subtype] ?? subtype).replaceAll(/[^a-z0-9]/gi, "").slice(0, 8) || "bin";
}

function redactValue(value: object, deps: ResultDeps): unknown {
  const text = JSON.stringify(value);
  const clean = deps.secrets.redact(text, { encoded: true });
  return clean === text ? value : JSON.parse(clean);
}

function headOf(content: string): string {
  return content.slice(0, EXCERPT).toWellFormed();
}
