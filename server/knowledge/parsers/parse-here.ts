/** Parses a document and cuts it into passages, on this thread. */
import { type Chunk, chunkText } from "../../../runtime/retrieval/chunk.ts";
import { charsetOf } from "./charset.ts";
import { parserFor } from "./index.ts";
import type { Parsed } from "./parser.ts";

export interface ParseInput {
  title: string;
  /** With the charset, if it is known. */
  mediaType: string;
  bytes: Uint8Array;
  /** False: only the text is wanted. */
  cut: boolean;
}

export type ParsedDocument = Parsed & { chunks: Chunk[] };

export function parseHere({ title, mediaType, bytes, cut }: ParseInput): ParsedDocument {
  const parsed = parserFor(title, mediaType).parse(bytes, title, charsetOf(mediaType));
  return { ...parsed, chunks: cut ? [...chunkText(parsed.text, { format: parsed.format })] : [] };
}
