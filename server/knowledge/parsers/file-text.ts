/** The text of an uploaded file, for a model. */
import { PatchbayError } from "../../../runtime/error.ts";
import type { FileRef } from "../../../runtime/message.ts";
import { charsetOf } from "./charset.ts";
import { decodeText } from "./decode.ts";
import { parserFor } from "./index.ts";
import { parseDocument } from "./parse.ts";

/** More text does not fit into any prompt. */
const MAX_BYTES = 8 * 1024 * 1024;

/**
 * Undefined for a kind of file that has no text. Rejects with `unsupported_media_type` or `bad_request` for a damaged file, and
 * `too_large`.
 */
export async function fileText({ name, mediaType }: FileRef, bytes: Uint8Array): Promise<string | undefined> {
  const parser = (() => {
    try {
      return parserFor(name, mediaType);
    } catch (error) {
      if (error instanceof PatchbayError && error.code === "unsupported_media_type") return undefined;
      throw error;
    }
  })();
  if (!parser) return undefined;
  if (bytes.length > MAX_BYTES)
    throw new PatchbayError(
      "too_large",
      `"${name}" is too large for a model (${Math.ceil(bytes.length / 1024 / 1024)} MiB; at most ${MAX_BYTES / 1024 / 1024} MiB): put it into knowledge.`,
    );
  if (parser.isSource) return decodeText(bytes, name, { charset: charsetOf(mediaType) }).text;
  return (await parseDocument({ title: name, mediaType, bytes, cut: false })).text;
}
