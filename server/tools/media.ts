/** Artifacts as arguments: `artifact://<id>` of an image, a sound or another binary file. */
import { PatchbayError } from "../../runtime/error.ts";
import type { FileRef } from "../../runtime/message.ts";
import type { Files } from "../stores/files.ts";

const REFERENCE = /^artifact:\/\/([\w.-]{1,128})$/;
const MAX_BYTES = 20 * 1024 * 1024;

/** The file that a value refers to, or undefined. Rejects with `not_found` or `too_large`. */
export async function mediaOf(value: unknown, files: Files): Promise<{ ref: FileRef; bytes: Uint8Array } | undefined> {
  const id = typeof value === "string" && value.length < 160 ? REFERENCE.exec(value)?.[1] : undefined;
  if (id === undefined) return undefined;
  const { ref, bytes } = await files.get(id);
  if (bytes.byteLength > MAX_BYTES)
    throw new PatchbayError(
      "too_large",
      `${ref.name} is larger than the ${MAX_BYTES / 1024 / 1024} MiB that can be sent to a tool.`,
    );
  return { ref, bytes };
}

/** The arguments with each artifact reference replaced by a `data:` URL. */
export async function withMedia(args: Record<string, unknown>, files: Files): Promise<Record<string, unknown>> {
  let changed: Record<string, unknown> | undefined;
  for (const [name, value] of Object.entries(args)) {
    const media = await mediaOf(value, files);
    if (!media) continue;
    changed ??= { ...args };
    changed[name] = `data:${media.ref.mediaType};base64,${Buffer.from(media.bytes).toString("base64")}`;
  }
  return changed ?? args;
}
