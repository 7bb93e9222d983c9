/**
 * Splits a text into passages for a prompt, each with its heading path, line and page. A passage never crosses a heading
 * or a page; tables repeat their head; code and list items stay whole while they fit.
 */
import { type Block, isItem, markdownBlocks, textBlocks } from "./blocks.ts";

export interface Chunk {
  text: string;
  /** The headings above it, outermost first: `Leave > Annual leave`. */
  heading?: string;
  /** Line of the source where it begins, from 1. */
  line: number;
  /** From 1; only in sources with form feeds between their pages. */
  page?: number;
}

export interface ChunkOptions {
  format: "markdown" | "text";
  /** By `roughTokens`. Only a repeated table head may exceed it. */
  maxTokens?: number;
}

const DEFAULT_MAX_TOKENS = 320;

/** Estimates tokens without a tokenizer: one per Chinese, Japanese or Korean character, one per four other characters. */
export function roughTokens(text: string): number {
  let quarters = 0;
  for (let i = 0; i < text.length; i++) quarters += text.charCodeAt(i) >= 0x2e80 ? 4 : 1;
  return Math.ceil(quarters / 4);
}

/** Yields passages in the order of the text; none is empty. HTML comments in Markdown are left out. */
export function* chunkText(source: string, options: ChunkOptions): Generator<Chunk> {
  const maxTokens = options.maxTokens ?? DEFAULT_MAX_TOKENS;
  let pending: Block[] = [];
  let size = 0;
  const flush = function* (): Generator<Chunk> {
    if (pending.length > 0) yield chunkOf(pending);
    pending = [];
    size = 0;
  };
  for (const block of options.format === "markdown" ? markdownBlocks(source) : textBlocks(source)) {
    const first = pending[0];
    if (first && (first.heading !== block.heading || first.page !== block.page)) yield* flush();
    for (const piece of pieces(block, maxTokens)) {
      const tokens = roughTokens(piece.text);
      if (size + tokens > maxTokens) yield* flush();
      pending.push(piece);
      size += tokens;
    }
  }
  yield* flush();
}

function chunkOf(blocks: Block[]): Chunk {
  const { line, heading, page } = blocks[0]!;
  const chunk: Chunk = { text: blocks.map((block) => block.text).join("\n\n"), line };
  if (heading) chunk.heading = heading;
  if (page !== undefined) chunk.page = page;
  return chunk;
}

/* ---- blocks that are too large ---- */

function* pieces(block: Block, maxTokens: number): Generator<Block> {
  if (roughTokens(block.text) <= maxTokens) {
    yield block;
    return;
  }
  const lines = block.text.split("\n");
  const head = block.kind === "table" && /^[\s|:-]+$/.test(lines[1] ?? "") ? `${lines[0]}\n${lines[1]}\n` : "";
  const budget = Math.max(1, maxTokens - (head && roughTokens(head) < maxTokens / 2 ? roughTokens(head) : 0));
  let gathered = "";
  let line = block.line;
  let next = block.line;
  for (const unit of units(block, head ? lines.slice(2) : lines)) {
    if (gathered && roughTokens(gathered) + roughTokens(unit.text) > budget) {
      yield { ...block, text: (head + gathered).trimEnd(), line };
      gathered = "";
    }
    if (!gathered) line = next + (head ? 2 : 0);
    // A piece does not begin with white space only, so its line is that of its first visible character.
    if (gathered || unit.text.trim()) gathered += unit.text;
    next += unit.lines;
  }
  if (gathered.trim()) yield { ...block, text: (head + gathered).trimEnd(), line };

  /** Units that stay whole if they fit: a line of a table or of code, a list item, a sentence. */
  function* units(of: Block, all: string[]): Generator<{ text: string; lines: number }> {
    const groups: string[] = [];
    for (const part of all) {
      if (of.kind === "list" && !isItem(part) && groups.length > 0) groups[groups.length - 1] += `\n${part}`;
      else groups.push(part);
    }
    for (const [index, group] of groups.entries()) {
      const text = index < groups.length - 1 ? `${group}\n` : group;
      const whole = of.kind !== "prose" && roughTokens(text) <= budget;
      for (const piece of whole ? [text] : sentences(text, budget))
        yield { text: piece, lines: piece.split("\n").length - 1 };
    }
  }
}

const SENTENCE_END = /[.!?]["'”’)\]]{0,3}\s+|[。！？；…][”’」』）]{0,3}|\n/gu;

/** Sentences with the white space after them; joined they are the text. A sentence over `maxTokens` is cut at a space, else anywhere. */
function* sentences(text: string, maxTokens: number): Generator<string> {
  let start = 0;
  for (const match of text.matchAll(SENTENCE_END)) {
    const end = match.index + match[0].length;
    yield* cut(text.slice(start, end), maxTokens);
    start = end;
  }
  if (start < text.length) yield* cut(text.slice(start), maxTokens);
}

function* cut(text: string, maxTokens: number): Generator<string> {
  let start = 0;
  while (start < text.length) {
    let end = start;
    let space = -1;
    let quarters = 0;
    while (end < text.length) {
      quarters += text.charCodeAt(end) >= 0x2e80 ? 4 : 1;
      if (quarters > maxTokens * 4) break;
      end++;
      if (text[end - 1] === " ") space = end;
    }
    if (end < text.length) {
      if (space > start + (end - start) / 2) end = space;
      else if (isLowSurrogate(text.charCodeAt(end)) && end > start + 1) end--;
      else if (isLowSurrogate(text.charCodeAt(end))) end++;
      if (end === start) end = start + 1;
    }
    yield text.slice(start, end);
    start = end;
  }
}

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff;
}
