/** Parses a stream with calls and reasoning between tags. Holds back only the possible start of a tag. */
import type { ToolCall } from "../message.ts";
import type { CompletionParser, Emit } from "./format.ts";
import { MAX_CALL_CHARACTERS, readCalls, unreadable } from "./json.ts";
import { TrimmedOutput } from "./trimmed-output.ts";

export interface Tag {
  open: string;
  /** Absent: a mark without an end, which is removed. */
  close?: string;
  /** The content. `rest`: nothing after it counts, because the model continues in another role. */
  kind: "call" | "reasoning" | "drop" | "rest";
  /** Counts only before any text: later, the text mentions the tag. */
  leading?: boolean;
}

/** Reasoning of open models, when their server does not remove it. */
export const THINK: readonly Tag[] = [
  { open: "<think>", close: "</think>", kind: "reasoning", leading: true },
  { open: "</think>", kind: "drop" },
];

export class TagParser implements CompletionParser {
  readonly #tags: readonly Tag[];
  readonly #output: TrimmedOutput;
  readonly #hasTools: boolean;
  readonly #calls: ToolCall[] = [];
  #inside: Tag | undefined;
  /** Text not yet decided: outside of tags the possible start of a tag, inside a call its body. */
  #held = "";
  /** Where in `#held` the search for a closing tag goes on. */
  #searched = 0;
  /** Position of the first closing tag that was taken for a part of a string; -1 without one. */
  #skipped = -1;
  #quotes = { at: 0, inside: false };
  /** The end of `#held`, one character shorter than the closing tag. */
  #recent = "";
  /** The beginning of a call that is over the limit. */
  #oversized: string | undefined;

  constructor(tags: readonly Tag[], emit: Emit, options: { tools: boolean }) {
    this.#tags = tags;
    this.#output = new TrimmedOutput(emit);
    this.#hasTools = options.tools;
  }

  push(text: string): void {
    if (this.#inside?.kind === "rest") return;
    this.#held += text;
    if (this.#inside?.kind === "call" && !this.#mayClose(this.#inside.close!, text)) return;
    for (;;) if (!(this.#inside ? this.#readInside(this.#inside) : this.#readOutside())) return;
  }

  /**
   * Searches only the end of a call, so that a long one is not searched again with each piece. Of a call above the
   * limit only the beginning is kept.
   */
  #mayClose(close: string, text: string): boolean {
    const recent = this.#recent + text;
    this.#recent = recent.slice(1 - close.length);
    if (recent.includes(close)) return true;
    if (this.#held.length > MAX_CALL_CHARACTERS) {
      this.#oversized ??= this.#held.slice(0, MAX_CALL_CHARACTERS);
      this.#held = this.#recent;
      this.#searched = 0;
      this.#skipped = -1;
      this.#quotes = { at: 0, inside: false };
    }
    return false;
  }

  end(): ToolCall[] {
    // The string never ended, so the tag inside it was the end of a broken call after all.
    while (this.#inside?.kind === "call" && this.#skipped >= 0) {
      this.#call(this.#held.slice(0, this.#skipped));
      this.#leave(this.#skipped + this.#inside.close!.length);
      this.push("");
    }
    const tag = this.#inside;
    // A call without its closing tag (a stop word removed it) counts.
    if (tag?.kind === "call") this.#call(this.#held);
    else if (tag?.kind === "reasoning") this.#output.push("reasoning", this.#held);
    else if (!tag) this.#output.push("text", this.#held);
    this.#held = "";
    return this.#calls;
  }

  /** False when more text is needed. */
  #readOutside(): boolean {
    let at = -1;
    let found: Tag | undefined;
    for (const tag of this.#tags) {
      const index = this.#held.indexOf(tag.open);
      if (index >= 0 && (at < 0 || index < at || (index === at && tag.open.length > found!.open.length))) {
        at = index;
        found = tag;
      }
    }
    if (!found) {
      const safe = this.#held.length - openingTail(this.#held, this.#tags);
      this.#output.push("text", this.#held.slice(0, safe));
      this.#held = this.#held.slice(safe);
      return false;
    }
    this.#output.push("text", this.#held.slice(0, at));
    this.#held = this.#held.slice(at + found.open.length);
    if (found.leading && this.#output.shown) {
      this.#output.push("text", found.open);
      return true;
    }
    if (found.kind === "rest") {
      this.#held = "";
      this.#inside = found;
      return false;
    }
    if (found.close !== undefined) this.#enter(found);
    return true;
  }

  #readInside(tag: Tag): boolean {
    const close = tag.close!;
    if (tag.kind === "call") {
      let at = this.#held.indexOf(close, this.#searched);
      // A closing tag inside a string of the arguments does not close.
      while (at >= 0 && this.#inString(at)) {
        if (this.#skipped < 0) this.#skipped = at;
        this.#searched = at + close.length;
        at = this.#held.indexOf(close, this.#searched);
      }
      if (at < 0) {
        this.#searched = Math.max(this.#searched, this.#held.length - close.length + 1);
        this.#recent = this.#held.slice(1 - close.length);
        return false;
      }
      this.#call(this.#held.slice(0, at));
      this.#leave(at + close.length);
      return true;
    }
    const at = this.#held.indexOf(close);
    if (at < 0) {
      const safe = this.#held.length - tail(this.#held, close);
      if (tag.kind === "reasoning") this.#output.push("reasoning", this.#held.slice(0, safe));
      this.#held = this.#held.slice(safe);
      return false;
    }
    if (tag.kind === "reasoning") this.#output.push("reasoning", this.#held.slice(0, at));
    this.#leave(at + close.length);
    return true;
  }

  /** Whether the arguments are within an open string at `end`. Continues where the last call stopped. */
  #inString(end: number): boolean {
    for (; this.#quotes.at < end; this.#quotes.at++) {
      const character = this.#held[this.#quotes.at];
      if (this.#quotes.inside && character === "\\") this.#quotes.at++;
      else if (character === '"') this.#quotes.inside = !this.#quotes.inside;
    }
    return this.#quotes.inside;
  }

  #enter(tag: Tag): void {
    this.#inside = tag;
    this.#searched = 0;
    this.#skipped = -1;
    this.#quotes = { at: 0, inside: false };
  }

  #leave(end: number): void {
    this.#held = this.#held.slice(end);
    this.#inside = undefined;
  }

  #call(body: string): void {
    if (this.#hasTools)
      this.#calls.push(...(this.#oversized === undefined ? readCalls(body) : [unreadable(this.#oversized)]));
    this.#oversized = undefined;
  }
}

/** Length of the longest end of `text` with which one of the tags begins. */
function openingTail(text: string, tags: readonly Tag[]): number {
  let longest = 0;
  for (const tag of tags) longest = Math.max(longest, tail(text, tag.open));
  return longest;
}

/** Length of the longest end of `text` that is a proper prefix of `word`. */
function tail(text: string, word: string): number {
  for (let length = Math.min(word.length - 1, text.length); length > 0; length--)
    if (word.startsWith(text.slice(-length))) return length;
  return 0;
}
