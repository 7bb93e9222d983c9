/**
 * Decodes text: UTF-8, UTF-16 with a byte order mark, or GB18030. Invisible characters that could hide words are
 * removed.
 */
import { PatchbayError } from "../../../runtime/error.ts";

/** Throws `unsupported_media_type` for bytes that are not text. Line ends become `\n`. */
export function decodeText(bytes: Uint8Array, title: string): string {
  return clean(decode(bytes, title));
}

function decode(bytes: Uint8Array, title: string): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder("utf-16le").decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder("utf-16be").decode(bytes);
  if (bytes.subarray(0, 65_536).includes(0)) throw notText(title);
  for (const encoding of ["utf-8", "gb18030"])
    try {
      return new TextDecoder(encoding, { fatal: true }).decode(bytes);
    } catch {
      // The next encoding, or none.
    }
  throw notText(title);
}

/** Control characters, direction overrides and Unicode tags are invisible to a person, but a model reads them. */
const HIDDEN =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  /[\u0000-\u0008\u000b\u000e-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufeff]|[\u{e0000}-\u{e007f}]/gu;

function clean(text: string): string {
  return text.replaceAll(/\r\n?/g, "\n").replaceAll(HIDDEN, "");
}

function notText(title: string): PatchbayError {
  return new PatchbayError(
    "unsupported_media_type",
    `"${title}" is not text that can be read (UTF-8, UTF-16 or GB18030): save it as UTF-8, or export it as Markdown, text, HTML, CSV or JSON.`,
  );
}
