/** The files of a multipart body. */
import type { Context } from "hono";
import { PatchbayError } from "../../runtime/error.ts";
import { LIMITS, readBytes, tooLarge } from "./intake.ts";

export interface Upload {
  name: string;
  mediaType: string;
  bytes: Uint8Array;
}

const MAX_FILES = 1000;
/** Limit of the whole body: one file of the maximum size, and the other fields. */
const MAX_BODY = LIMITS.upload + LIMITS.json;

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
  try {
    if (length !== undefined) return await c.req.formData();
    const bytes = await readBytes(c.req.raw.body, MAX_BODY);
    return await new Response(bytes as BodyInit, { headers: { "content-type": type } }).formData();
  } catch (cause) {
    if (cause instanceof PatchbayError) throw cause;
    throw new PatchbayError("bad_request", "The body is not a valid multipart form.", { cause });
  }
}

/** Rejects as `uploads` does, and with `bad_request` for more than one file. */
export async function upload(c: Context): Promise<Upload> {
  const { files } = await uploads(c);
  if (files.length > 1) throw new PatchbayError("bad_request", "Send one file at a time.");
  return files[0]!;
}
