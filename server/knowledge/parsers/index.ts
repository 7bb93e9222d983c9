/** The one list of parsers. To read another kind of file: write its parser beside these and add it here. */
import { extname } from "node:path";
import { PatchbayError } from "../../../runtime/error.ts";
import { csv } from "./csv.ts";
import { html } from "./html.ts";
import { json } from "./json.ts";
import { markdown } from "./markdown.ts";
import type { Parser } from "./parser.ts";
import { text } from "./text.ts";

export const PARSERS: Parser[] = [markdown, text, html, csv, json];

/** Binary formats, refused at once by extension. */
const BINARY = new Set(
  (
    ".7z .avi .bin .bmp .bz2 .class .dll .dmg .doc .docx .epub .exe .flac .gif .gz .heic .ico .iso .jar .jpeg .jpg .key .m4a .mkv .mov " +
    ".mp3 .mp4 .numbers .odp .ods .odt .ogg .pages .parquet .pdf .png .ppt .pptx .psd .rar .so .sqlite .tar .tif .tiff .ttf .wasm .wav " +
    ".webm .webp .woff .woff2 .xls .xlsx .xz .zip .zst"
  ).split(" "),
);

/**
 * The parser for a file by its extension, else by its media type; a file with neither is read as text. Throws
 * `unsupported_media_type` for a known binary format.
 */
export function parserFor(title: string, mediaType?: string): Parser {
  const extension = extname(title).toLowerCase();
  const type = mediaType?.replace(/;.*$/s, "").trim().toLowerCase();
  const byName = PARSERS.find((parser) => parser.extensions.includes(extension));
  if (byName) return byName;
  if (BINARY.has(extension)) throw unsupported(title, extension);
  const byType = PARSERS.find((parser) => type !== undefined && parser.mediaTypes.includes(type));
  if (byType) return byType;
  if (
    type &&
    !type.startsWith("text/") &&
    type !== "application/octet-stream" &&
    !/[+/](?:xml|yaml|toml|javascript)$/.test(type)
  )
    throw unsupported(title, type);
  return text;
}

function unsupported(title: string, kind: string): PatchbayError {
  return new PatchbayError(
    "unsupported_media_type",
    `"${title}" (${kind}) cannot be read into knowledge. What can: ${PARSERS.map((parser) => parser.name).join(", ")}; export it as one of these.`,
  );
}
