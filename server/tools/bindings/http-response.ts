/** Converts an HTTP response into a tool result: text and JSON for the model, everything else as an artifact. */
import { PatchbayError } from "../../../runtime/error.ts";
import type { ToolResult } from "../../../runtime/tool.ts";
import type { OutputRule } from "../../contract/custom-tool.ts";
import { type BinaryResponse, decode } from "../../net/safe-fetch.ts";
import { cutText } from "../clean-text.ts";
import { getPath } from "../json-path.ts";
import { extensionOf, fileResult } from "../result.ts";
import type { BindingDeps } from "./binding.ts";

const MAX_FILE = 20 * 1024 * 1024;

/** A status of 400 or more is a failed call; the model reads the response. */
export async function answerResult(
  answer: BinaryResponse,
  name: string,
  deps: Pick<BindingDeps, "net" | "files">,
  signal: AbortSignal,
  output: OutputRule = {},
): Promise<ToolResult> {
  const type = (answer.headers["content-type"] ?? "").toLowerCase();
  const failed = answer.status >= 400;
  if (!isText(type, answer.bytes)) {
    if (failed) return { content: `HTTP ${answer.status} (${type || "no text"}).`, error: true };
    if (answer.truncated)
      throw new PatchbayError(
        "too_large",
        `The answer is a file over ${answer.bytes.byteLength} bytes, more than a tool may read.`,
      );
    return storeFile(answer.bytes, output.mediaType ?? (type.split(";")[0] || "application/octet-stream"), name, deps);
  }
  const text = decode(answer.bytes, type);
  if (failed) return { content: `HTTP ${answer.status}: ${cutText(text, 4000) || "(empty answer)"}`, error: true };
  const body = answer.truncated ? `${text}\n[cut: the answer is larger than what is read]` : text;
  const value = parseJson(text);
  if (!output.pick && !output.file)
    return value === undefined ? { content: body || `HTTP ${answer.status}, empty.` } : { content: body, value };

  const picked = output.pick ? getPath(value, output.pick) : value;
  if (picked === undefined || picked === null)
    return { content: `The answer has nothing at "${output.pick}": ${cutText(text, 2000)}`, error: true };
  if (!output.file) return { content: typeof picked === "string" ? picked : JSON.stringify(picked), value: picked };
  if (typeof picked !== "string") return { content: `The value at "${output.pick}" is not text.`, error: true };
  if (output.file === "base64") {
    const [, declared, data] = /^data:([\w./+-]+);base64,(.*)$/s.exec(picked) ?? [undefined, undefined, picked];
    const bytes = Buffer.from(data!, "base64");
    if (!bytes.length) return { content: `The value at "${output.pick}" is not base64.`, error: true };
    return storeFile(bytes, output.mediaType ?? declared ?? "application/octet-stream", name, deps);
  }
  const file = await deps.net.download({ method: "GET", url: picked, headers: {} }, signal, MAX_FILE);
  if (file.status >= 400 || file.truncated)
    return {
      content: `The file at ${picked} could not be read (HTTP ${file.status}${file.truncated ? ", too large" : ""}).`,
      error: true,
    };
  const mediaType = file.headers["content-type"]?.split(";")[0];
  return storeFile(file.bytes, mediaType || output.mediaType || "application/octet-stream", name, deps);
}

async function storeFile(
  bytes: Uint8Array,
  mediaType: string,
  tool: string,
  deps: Pick<BindingDeps, "files">,
): Promise<ToolResult> {
  const name = `${tool.split("/").at(-1)}.${extensionOf(mediaType)}`;
  const { ref, line } = await fileResult({ mediaType, name, bytes }, deps.files);
  return { content: line, value: { artifact: ref.id, mediaType, name }, files: [ref] };
}

function isText(type: string, bytes: Uint8Array): boolean {
  if (/^text\/|json|xml|javascript|yaml|csv|x-www-form-urlencoded/.test(type)) return true;
  if (type && !type.startsWith("application/octet-stream")) return false;
  return !bytes.subarray(0, 1024).includes(0);
}

function parseJson(text: string): unknown {
  if (!/^\s*[[{"\d\-tfn]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not JSON: the text alone is the result
  }
}
