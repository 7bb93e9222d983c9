/** Turns a file's bytes into passages in the index: parse, chunk, embed (with an embedder), write in batches. */
import { errorData } from "../../runtime/error.ts";
import type { Chunk } from "../../runtime/retrieval/chunk.ts";
import { TERMS_VERSION } from "../../runtime/retrieval/terms.ts";
import type { WorkerLimits } from "../lib/run-in-worker.ts";
import type { Models } from "../models/service.ts";
import { parseDocument } from "./parsers/parse.ts";
import type { Passage, PassageTable } from "./passage-table.ts";

/** Raise it when the same bytes give other passages: indexes of another version are rebuilt. */
export const PASSAGES_VERSION = `2.${TERMS_VERSION}`;
/** A document of up to this many passages is replaced in one commit. */
const BATCH = 512;
const EMBED_BATCH = 32;

export interface Source {
  id: string;
  title: string;
  mediaType: string;
  sha256: string;
  bytes: Uint8Array;
}

export interface Ingested {
  chunks: number;
  /** Why the document has no vectors although its knowledge has an embedder, or what may be wrong in its text. */
  warning?: string;
}

/**
 * Rejects when the bytes cannot be parsed, the index cannot be written, or the signal aborts; the earlier passages then
 * stay. When the embedder fails, the document is indexed without vectors.
 *
 * `write` runs each write; it throws when the document was changed or removed in the meantime.
 */
export async function ingest(
  source: Source,
  table: PassageTable,
  options: {
    models: Pick<Models, "embed">;
    embedder?: string;
    limits?: WorkerLimits;
    signal: AbortSignal;
    progress(done: number, total: number): void;
    write(work: () => Promise<void>): Promise<void>;
  },
): Promise<Ingested> {
  const { chunks, ...parsed } = await parseDocument({ ...source, cut: true }, options.signal, options.limits);
  const document = { id: source.id, version: `${source.sha256.slice(0, 16)}-${PASSAGES_VERSION}`, title: source.title };
  let embedder = options.embedder;
  let warning = parsed.warning;
  let number = 0;
  let characters = 0;

  const flush = async (chunks: Chunk[], last: boolean) => {
    options.signal.throwIfAborted();
    const vectors: number[][] = [];
    if (embedder)
      try {
        for (let i = 0; i < chunks.length; i += EMBED_BATCH) {
          const texts = chunks.slice(i, i + EMBED_BATCH).map((chunk) => spokenFor(source.title, chunk));
          vectors.push(...(await options.models.embed(texts, options.signal, embedder)));
        }
      } catch (error) {
        options.signal.throwIfAborted();
        warning = `${parsed.warning ? `${parsed.warning} ` : ""}Found by its words alone: the embedder ${embedder} failed (${errorData(error).message}). Reindex the knowledge when it is back.`;
        embedder = undefined;
        vectors.length = 0;
      }
    const passages = chunks.map((chunk, index): Passage => {
      const { line, ...rest } = chunk;
      return { ...rest, number: number + index, ...(parsed.lines && { line }), vector: vectors[index] };
    });
    await options.write(() => table.write(document, passages, last));
    number += chunks.length;
    characters += chunks.reduce((sum, chunk) => sum + chunk.text.length, 0);
    options.progress(last ? parsed.text.length : Math.min(characters, parsed.text.length), parsed.text.length);
  };

  let pending: Chunk[] = [];
  for (const chunk of chunks) {
    if (pending.length === BATCH) {
      await flush(pending, false);
      pending = [];
    }
    pending.push(chunk);
  }
  await flush(pending, true);
  return { chunks: number, ...(warning !== undefined && { warning }) };
}

/** The text to embed: a passage with its title and heading, so that "15 days" is about annual leave. */
function spokenFor(title: string, chunk: Chunk): string {
  return [title, chunk.heading, chunk.text].filter(Boolean).join("\n");
}
