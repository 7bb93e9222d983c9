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

/** Rejects with `bad_request` where there is no file, `too_large` for one over `limit` bytes. */
export async function uploads(
  c: Context,
  limit = LIMITS.upload,
): Promise<{ files: Upload[]; fields: Record<string, string> }> {
  let form: FormData;
  try {
    form = await c.req.formData();
  } catch (cause) {
    throw new PatchbayError("bad_request", 'The body is no multipart form: send files as "multipart/form-data".', {
      cause,
    });
  }
  const files: Upload[] = [];
  const fields: Record<string, string> = Object.create(null);
  for (const [name, value] of form.entries()) {
    if (typeof value === "string") {
      fields[name] = value;
      continue;
    }
    if (value.size > limit) throw tooLarge(limit);
    if (files.length === MAX_FILES)
      throw new PatchbayError("too_large", `More than ${MAX_FILES} files came at once; send them in several parts.`);
    files.push({ name: value.name, mediaType: value.type, bytes: new Uint8Array(await value.arrayBuffer()) });
  }
  if (files.length === 0) throw new PatchbayError("bad_request", "There is no file in the form.");
  return { files, fields };
}
