/**
 * Searches the offered tools for a question: by words, and by meaning when an embedder is set. Indexes are cached by
 * the tools' content, vectors by each tool's text.
 */
import { createHash } from "node:crypto";
import { BoundedMap } from "../../runtime/bounded-map.ts";
import { fuseRanks } from "../../runtime/retrieval/fuse.ts";
import { ToolIndex, toolText } from "../../runtime/retrieval/tool-index.ts";
import type { RankedTool, ToolOffer, ToolSpec } from "../../runtime/tool.ts";
import type { Models } from "../models/service.ts";
import type { Records } from "../stores/records.ts";

const KEPT_INDEXES = 16;
/** Up to this many missing vectors are made while the question waits; more are made in the background. */
const INLINE_VECTORS = 128;
const BATCH = 64;
/** Time after a failure during which the embedder is not called, and search is by words only. */
const COOL_DOWN_MS = 30_000;
const QUERY_TIMEOUT_MS = 5_000;
/** Length of each ranking before fusion. */
const DEPTH = 50;
const VECTOR = "tool-vector";

export type ToolSearch = (
  query: string,
  offered: ToolOffer[],
  limit: number,
  signal: AbortSignal,
) => Promise<RankedTool[]>;

interface SearchDeps {
  models: Pick<Models, "embed" | "embedder">;
  records: Records;
  now(): number;
}

interface Held {
  index: ToolIndex<ToolSpec>;
  /** One row of unit length per tool; absent until every tool has its vector. */
  matrix?: { embedder: string; rows: Float32Array; width: number };
}

/** Best first, each with its rank in every search. When the embedder fails, the search is by words only. */
export function createToolSearch(deps: SearchDeps): ToolSearch {
  const indexes = new BoundedMap<string, Held>(KEPT_INDEXES);
  const vectors = new Map<string, Float32Array>();
  const filling = new Set<string>();
  let coolUntil = 0;

  function heldFor(offered: readonly ToolSpec[]): Held {
    const key = contentKey(offered);
    const held = indexes.get(key) ?? { index: new ToolIndex<ToolSpec>(offered) };
    indexes.set(key, held); // moves it to the end, so that it is evicted last
    return held;
  }

  /** The tools without a vector in memory or in the store. */
  async function missingVectors(
    tools: readonly ToolSpec[],
    embedder: string,
  ): Promise<{ key: string; text: string }[]> {
    const missing = new Map<string, string>();
    for (const tool of tools) {
      const { key, text } = vectorKey(tool, embedder);
      if (vectors.has(key) || missing.has(key)) continue;
      const stored = await deps.records.get<{ vector: string }>(VECTOR, key);
      if (stored) vectors.set(key, fromBase64(stored.body.vector));
      else missing.set(key, text);
    }
    return [...missing].map(([key, text]) => ({ key, text }));
  }

  async function makeVectors(missing: { key: string; text: string }[], signal: AbortSignal): Promise<void> {
    for (let at = 0; at < missing.length; at += BATCH) {
      const batch = missing.slice(at, at + BATCH);
      const made = await deps.models.embed(
        batch.map((each) => each.text),
        signal,
      );
      for (const [i, { key }] of batch.entries()) {
        const vector = unit(made[i]!);
        vectors.set(key, vector);
        await deps.records.put(VECTOR, key, { vector: toBase64(vector) });
      }
    }
  }

  async function matrixFor(held: Held, embedder: string, signal: AbortSignal): Promise<Held["matrix"]> {
    if (held.matrix?.embedder === embedder) return held.matrix;
    const { tools } = held.index;
    const missing = await missingVectors(tools, embedder);
    if (missing.length > INLINE_VECTORS) {
      if (!filling.has(embedder)) {
        filling.add(embedder);
        void makeVectors(missing, new AbortController().signal)
          .catch(() => {
            coolUntil = deps.now() + COOL_DOWN_MS;
          })
          .finally(() => filling.delete(embedder));
      }
      return undefined;
    }
    await makeVectors(missing, signal);
    const first = tools[0] && vectors.get(vectorKey(tools[0], embedder).key);
    if (!first) return undefined;
    const rows = new Float32Array(tools.length * first.length);
    for (const [i, tool] of tools.entries()) rows.set(vectors.get(vectorKey(tool, embedder).key)!, i * first.length);
    held.matrix = { embedder, rows, width: first.length };
    return held.matrix;
  }

  async function byMeaning(
    query: string,
    held: Held,
    limit: number,
    signal: AbortSignal,
  ): Promise<ToolSpec[] | undefined> {
    if (deps.now() < coolUntil || !query.trim()) return undefined;
    const embedder = await deps.models.embedder();
    if (!embedder) return undefined;
    try {
      const matrix = await matrixFor(held, embedder, signal);
      if (!matrix) return undefined;
      const [asked] = await deps.models.embed(
        [query.slice(0, 8000)],
        AbortSignal.any([signal, AbortSignal.timeout(QUERY_TIMEOUT_MS)]),
      );
      return nearestRows(matrix, unit(asked!), limit).map((row) => held.index.tools[row]!);
    } catch {
      signal.throwIfAborted();
      coolUntil = deps.now() + COOL_DOWN_MS;
      return undefined;
    }
  }

  return async (query, offered, limit, signal) => {
    signal.throwIfAborted();
    if (!offered.length || limit < 1) return [];
    const held = heldFor(offered);
    const depth = Math.max(limit, DEPTH);
    const words = held.index.search(query, depth);
    const meaning = await byMeaning(query, held, depth, signal);
    const now = new Map(offered.map((tool) => [tool.name, tool]));
    if (!meaning)
      return words
        .slice(0, limit)
        .map(({ tool, score }, i) => ({ tool: now.get(tool.name)!, score, ranks: { words: i + 1 } }));
    return fuseRanks({ words: words.map((hit) => hit.tool), meaning }, (tool) => tool.name)
      .slice(0, limit)
      .map(({ item, score, ranks }) => ({ tool: now.get(item.name)!, score, ranks }));
  };
}

/** A number for each schema object: the same object has the same content, and it lives as long as its tool. */
const schemaIds = new WeakMap<object, number>();
let nextSchemaId = 1;
const keys = new WeakMap<readonly ToolSpec[], string>();

function contentKey(tools: readonly ToolSpec[]): string {
  const known = keys.get(tools);
  if (known !== undefined) return known;
  let text = "";
  for (const { name, summary, parameters } of tools) {
    const id = schemaIds.get(parameters) ?? nextSchemaId++;
    schemaIds.set(parameters, id);
    text += `${name}\n${summary}\n${id}\n`;
  }
  const key = createHash("sha256").update(text).digest("base64");
  keys.set(tools, key);
  return key;
}

const vectorKeys = new WeakMap<object, { embedder: string; key: string; text: string }>();

function vectorKey(tool: ToolSpec, embedder: string): { key: string; text: string } {
  const known = vectorKeys.get(tool);
  if (known?.embedder === embedder) return known;
  const text = toolText(tool);
  const made = { embedder, text, key: createHash("sha256").update(`${embedder}\n${text}`).digest("hex") };
  vectorKeys.set(tool, made);
  return made;
}

function nearestRows(
  { rows, width }: { rows: Float32Array; width: number },
  asked: Float32Array,
  limit: number,
): number[] {
  const count = rows.length / width;
  const scores = new Float32Array(count);
  for (let row = 0, at = 0; row < count; row++) {
    let dot = 0;
    for (let i = 0; i < width; i++) dot += rows[at++]! * asked[i]!;
    scores[row] = dot;
  }
  return Array.from(scores.keys())
    .sort((a, b) => scores[b]! - scores[a]!)
    .slice(0, limit);
}

function unit(vector: readonly number[]): Float32Array {
  const result = Float32Array.from(vector);
  let sum = 0;
  for (const x of result) sum += x * x;
  const length = Math.sqrt(sum) || 1;
  for (let i = 0; i < result.length; i++) result[i]! /= length;
  return result;
}

function toBase64(vector: Float32Array): string {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString("base64");
}

function fromBase64(text: string): Float32Array {
  return new Float32Array(new Uint8Array(Buffer.from(text, "base64")).buffer);
}
