/** Parses a stream with calls and reasoning between tags. Holds back only the possible start of a tag. */
import type { ToolCall } from "../message.ts";
import type { CompletionParser, Emit } from "./format.ts";
import { MAX_CALL_CHARACTERS, readCalls, unreadable } from "./json.ts";
import { TrimmedOutput } from "./trimmed-output.ts";

export interface Tag {
  open: string;
  /** Absent: a mark without an end, which is removed. */
  close?: string;
  /**
   * The content. `rest`: nothing after it counts, because the model continues in another role. `recall`: it ends thoughts
   * that began without a tag, so all before it is reasoning. `text`: it is text itself.
   */
  kind: "call" | "reasoning" | "drop" | "rest" | "recall" | "text";
  /** Counts only before any text: later it is something that the answer speaks of. */
  leading?: boolean;
  /** Tags that count from here on as well. */
  next?: readonly Tag[];
  /** Reads the calls of a `call`; else they are JSON. */
  read?(body: string): ToolCall[];
}

export class TagParser implements CompletionParser {
  #tags: TagSet;
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
  /** The last character before `#held`. */
  #last = "";
  /** There were thoughts: a closing tag behind them is a stray one. */
  #thought = false;
  #ended = false;
  /** Closing tags whose opening tag was text: they are text too. */
  readonly #spoken = new Set<string>();

  /** `trim`: without white space at the edges of the text; default true. */
  constructor(tags: readonly Tag[], emit: Emit, options: { tools: boolean; trim?: boolean }) {
    this.#tags = tagSet(tags);
    this.#output = new TrimmedOutput(emit, options.trim ?? true);
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
    // Each one is found by a search of all that follows, so not for ever.
    for (let found = 0; this.#inside?.kind === "call" && this.#skipped >= 0 && found < MAX_BROKEN; found++) {
      this.#call(this.#held.slice(0, this.#skipped));
      this.#leave(this.#skipped + this.#inside.close!.length);
      this.push("");
    }
    this.#ended = true;
    this.push("");
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
    const output = this.#output;
    const held = this.#held;
    const search = output.shown ? this.#tags.later : this.#tags.all;
    const match = search.pattern.exec(held);
    if (!match) {
      this.#text(held.length - search.openingTail(held));
      return false;
    }
    // What is held may still become a longer tag that the found one is a part of.
    const tail = this.#ended || held.length - match.index >= search.longest ? 0 : search.openingTail(held);
    if (tail >= held.length - match.index) {
      this.#text(held.length - tail);
      return false;
    }
    const found = search.byOpen.get(match[0])!;
    this.#text(match.index);
    // Text before the tag may have made it one that only the answer speaks of.
    const said = found.leading ? output.shown : found.kind === "recall" && this.#isSpokenOf(found);
    if (said === undefined) return false;
    if (said && found.close !== undefined) this.#spoken.add(found.close);
    if (said || found.kind === "text") {
      this.#text(found.open.length);
      if (found.next && !said) this.#tags = tagSet([...this.#tags.tags, ...found.next]);
      return true;
    }
    this.#held = this.#held.slice(found.open.length);
    this.#last = "";
    if (found.next) this.#tags = tagSet([...this.#tags.tags, ...found.next]);
    if (found.kind === "rest") {
      this.#held = "";
      this.#inside = found;
      return false;
    }
    if (found.kind === "recall") this.#recall();
    else if (found.close !== undefined) this.#enter(found);
    return true;
  }

  /** Passes on the beginning of what is held as text. */
  #text(length: number): void {
    if (length === 0) return;
    this.#output.push("text", this.#held.slice(0, length));
    this.#last = this.#held[length - 1]!;
    this.#held = this.#held.slice(length);
  }

  /** Whether the answer speaks of the closing tag that is held: in quotes, or behind its opening tag. Undefined when more text is needed. */
  #isSpokenOf({ open }: Tag): boolean | undefined {
    if (this.#spoken.has(open)) return true;
    const quote = QUOTES[this.#last];
    if (quote === undefined) return false;
    const next = this.#held[open.length];
    return next === undefined && !this.#ended ? undefined : next === quote;
  }

  #recall(): void {
    if (!this.#thought && this.#output.shown) {
      this.#output.recall();
      // Calls among the thoughts were not meant.
      this.#calls.length = 0;
    }
    this.#thought = true;
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
    if (tag.kind === "reasoning") this.#thought = true;
    this.#inside = tag;
    this.#searched = 0;
    this.#skipped = -1;
    this.#quotes = { at: 0, inside: false };
  }

  #leave(end: number): void {
    this.#held = this.#held.slice(end);
    this.#last = "";
    this.#inside = undefined;
  }

  #call(body: string): void {
    const read = this.#inside?.read ?? readCalls;
    if (this.#hasTools)
      this.#calls.push(...(this.#oversized === undefined ? read(body) : [unreadable(this.#oversized)]));
    this.#oversized = undefined;
  }
}

/** Broken calls of one message that are told apart; the rest is one. */
const MAX_BROKEN = 20;

/** Closing quotes by opening ones. A closing tag right between the two is quoted. */
const QUOTES: Record<string, string> = { "`": "`", '"': '"', "'": "'", "“": "”", "‘": "’", "「": "」", "『": "』" };

/** Tags, and one pattern for all of them: the text is searched once, however many there are. */
interface TagSet {
  tags: readonly Tag[];
  all: Search;
  /** Behind text. */
  later: Search;
}

interface Search {
  pattern: RegExp;
  byOpen: ReadonlyMap<string, Tag>;
  /** Characters of the longest tag. */
  longest: number;
  /** Length of the longest end of a text that begins one of the tags. */
  openingTail(text: string): number;
}

const tagSets = new WeakMap<readonly Tag[], TagSet>();

function tagSet(tags: readonly Tag[]): TagSet {
  let set = tagSets.get(tags);
  if (!set) {
    const closed = new Set(tags.filter((tag) => tag.kind === "recall").map((tag) => tag.open));
    const later = tags.filter((tag) => !tag.leading || (tag.close !== undefined && closed.has(tag.close)));
    set = { tags, all: searchOf(tags), later: searchOf(later) };
    tagSets.set(tags, set);
  }
  return set;
}

function searchOf(tags: readonly Tag[]): Search {
  const byOpen = new Map<string, Tag>();
  for (const tag of tags) byOpen.set(tag.open, tag);
  // At one place the longest counts.
  const opens = [...byOpen.keys()].sort((a, b) => b.length - a.length);
  const longest = opens[0]?.length ?? 0;
  const first = new Set(opens.map((open) => open[0]));
  return {
    pattern: new RegExp(opens.map((open) => open.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&")).join("|") || "(?!)"),
    byOpen,
    longest,
    openingTail(text) {
      for (let at = Math.max(0, text.length - longest + 1); at < text.length; at++) {
        if (!first.has(text[at])) continue;
        const end = text.slice(at);
        if (opens.some((open) => open.length > end.length && open.startsWith(end))) return end.length;
      }
      return 0;
    },
  };
}

/** Length of the longest end of `text` that is a proper prefix of `word`. */
function tail(text: string, word: string): number {
  for (let length = Math.min(word.length - 1, text.length); length > 0; length--)
    if (word.startsWith(text.slice(-length))) return length;
  return 0;
}
