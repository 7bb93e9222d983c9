/** The files of a multipart body. */
import type { Context } from "hono";
import { PatchbayError } from "../../runtime/error.ts";
import { LIMITS, tooLarge } from "./intake.ts";

export interface Upload {
  name: string;
  mediaType: string;
  bytes: Uint8Array;
}

const MAX_FILES = 1000;
/** Limit of the whole body: one file of the maximum size, and the other fields. */
const MAX_BODY = LIMITS.upload + LIMITS.json;
/** Files and other fields of one body: each part costs the parser time, also an empty one. */
const MAX_PARTS = MAX_FILES + 100;
/** Bytes of all bodies that are being read and parsed, which takes several times as much memory. */
const MAX_CONCURRENT = 2 * MAX_BODY;
let reading = 0;

/**
 * Rejects with `unsupported_media_type` for another content type, `bad_request` without a file, and `too_large` for a file
 * or a body over its limit.
 */
export async function uploads(c: Context): Promise<{ files: Upload[]; fields: Record<string, string> }> {
  const form = await readForm(c);
  const files: Upload[] = [];
  const fields: Record<string, string> = Object.create(null);
  for (const [name, value] of form.entries()) {
    if (typeof value === "string") {
      fields[name] = value;
      continue;
    }
    if (value.size > LIMITS.upload) throw tooLarge(LIMITS.upload);
    if (files.length === MAX_FILES)
      throw new PatchbayError(
        "too_large",
        `More than ${MAX_FILES} files in one request; send them in several requests.`,
      );
    files.push({ name: value.name, mediaType: value.type, bytes: new Uint8Array(await value.arrayBuffer()) });
  }
  if (files.length === 0) throw new PatchbayError("bad_request", "The form has no file.");
  return { files, fields };
}

async function readForm(c: Context): Promise<FormData> {
  const type = c.req.header("content-type") ?? "";
  if (!/^multipart\/form-data\s*;/i.test(type))
    throw new PatchbayError("unsupported_media_type", "Send files as multipart/form-data.");
  const length = c.req.header("content-length");
  if (Number(length) > MAX_BODY) throw tooLarge(LIMITS.upload);
  let size = 0;
  try {
    const chunks: Uint8Array[] = [];
    if (c.req.raw.body)
      for await (const chunk of c.req.raw.body) {
        size += chunk.byteLength;
        reading += chunk.byteLength;
        if (size > MAX_BODY) throw tooLarge(LIMITS.upload);
        if (reading > MAX_CONCURRENT && reading > size)
          throw new PatchbayError("rate_limited", "Too many uploads at once; send this one again in a moment.", {
            retryAfter: 5,
          });
        chunks.push(chunk);
      }
    const bytes = Buffer.concat(chunks);
    if (hasTooManyParts(bytes, type))
      throw new PatchbayError("too_large", `The form has more than ${MAX_PARTS} parts; send several requests.`);
    return await new Response(bytes, { headers: { "content-type": type } }).formData();
  } catch (cause) {
    if (cause instanceof PatchbayError) throw cause;
    throw new PatchbayError("bad_request", "The body is not a valid multipart form.", { cause });
  } finally {
    reading -= size;
  }
}

function hasTooManyParts(bytes: Buffer, type: string): boolean {
  const boundary = /;\s*boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(type);
  if (!boundary) return false;
  const line = Buffer.from(`--${boundary[1] ?? boundary[2]}`);
  let parts = 0;
  // The last boundary ends the form.
  for (let at = bytes.indexOf(line); at >= 0; at = bytes.indexOf(line, at + line.length))
    if (++parts > MAX_PARTS + 1) return true;
  return false;
}

/** Rejects as `uploads` does, and with `bad_request` for more than one file. */
export async function upload(c: Context): Promise<Upload> {
  const { files } = await uploads(c);
  if (files.length > 1) throw new PatchbayError("bad_request", "Send one file at a time.");
  return files[0]!;
}
