/**
 * What may stand between `{{` and `}}`: a path (`name`, `name.key[0]`), or a value with filters. Anything else is text.
 * Liquid reads such expressions the same way; what it cannot read whole, it shortens without a word, so it is asked
 * only about what is accepted here.
 */

/** Letters of any script, digits, `_`, `-` and the joiners that some scripts need inside a word. */
const NAME = /[\p{ID_Start}_](?:[\p{ID_Continue}\u200c\u200d]|-(?!\}\}))*/uy;
const KEY = /(?:[\p{ID_Continue}\u200c\u200d]|-(?!\}\}))+/uy;
/** What Liquid skips. */
const BLANK = /[\t-\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*/y;
const STRING = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'/sy;
const NUMBER = /[+-]?\d+(?:\.\d+)?(?![\p{ID_Continue}\u200c\u200d]|-(?!\}\}))/uy;
const FILTER = /[A-Za-z_]\w*/y;
/** A name followed by a colon: a named argument. */
const ARGUMENT = /[A-Za-z_]\w*(?=\s*:)/y;
const LITERALS = new Set(["true", "false", "nil", "null", "empty", "blank"]);
const OPERATORS = new Set(["and", "or", "not", "contains"]);
const MAX_NESTING = 8;

export const MAX_NAME = 64;

/** A name that is taken from outside, at its offset; `key`: what is read of it. */
export interface TemplateUse {
  name: string;
  at: number;
  key?: string | number;
}

export interface TemplateOutput {
  /** Behind the closing braces. */
  end: number;
  uses: TemplateUse[];
  filters: string[];
}

/** The output that begins at offset `at`, where `{{` stands; undefined when that is text. Linear in its length. */
export function readOutput(source: string, at: number): TemplateOutput | undefined {
  const reader = new Reader(source, at + 2);
  reader.skip("-");
  reader.take(BLANK);
  const value = reader.value(0);
  if (value === undefined) return undefined;
  while (reader.take(BLANK) !== undefined && reader.skip("|")) if (!reader.filter()) return undefined;
  if (value === "constant" && reader.filters.length === 0) return undefined;
  if (!source.startsWith("-}}}", reader.at)) reader.skip("-");
  if (!reader.skip("}}")) return undefined;
  return { end: reader.at, uses: reader.uses, filters: reader.filters };
}

class Reader {
  readonly uses: TemplateUse[] = [];
  readonly filters: string[] = [];
  readonly #source: string;
  at: number;

  constructor(source: string, at: number) {
    this.#source = source;
    this.at = at;
  }

  take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.#source)?.[0];
    if (found !== undefined) this.at += found.length;
    return found;
  }

  skip(text: string): boolean {
    if (!this.#source.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }

  value(nesting: number): "constant" | "path" | undefined {
    if (this.take(STRING) !== undefined || this.take(NUMBER) !== undefined) return "constant";
    if (this.skip("(")) return this.#range(nesting) ? "constant" : undefined;
    const at = this.at;
    const name = this.take(NAME);
    if (name === undefined || OPERATORS.has(name)) return undefined;
    if (LITERALS.has(name)) return "constant";
    const use: TemplateUse = { name, at };
    this.uses.push(use);
    return this.#keys(use, nesting) ? "path" : undefined;
  }

  filter(): boolean {
    this.take(BLANK);
    const name = this.take(FILTER);
    if (name === undefined) return false;
    this.filters.push(name);
    this.take(BLANK);
    if (!this.skip(":")) return true;
    do {
      this.take(BLANK);
      if (this.take(ARGUMENT) !== undefined) {
        this.take(BLANK);
        this.skip(":");
        this.take(BLANK);
      }
      if (this.value(0) === undefined) return false;
      this.take(BLANK);
    } while (this.skip(","));
    return true;
  }

  #keys(use: TemplateUse, nesting: number): boolean {
    for (let first = true; ; first = false) {
      let key: string | number | undefined;
      if (this.skip(".")) {
        key = this.take(KEY);
        if (key === undefined) return false;
      } else if (this.skip("[")) {
        if (nesting >= MAX_NESTING) return false;
        this.take(BLANK);
        const from = this.at;
        if (this.value(nesting + 1) === undefined) return false;
        key = constant(this.#source.slice(from, this.at));
        this.take(BLANK);
        if (!this.skip("]")) return false;
      } else return true;
      if (first && key !== undefined) use.key = key;
    }
  }

  #range(nesting: number): boolean {
    if (nesting >= MAX_NESTING) return false;
    return this.#bound(nesting) && this.skip("..") && this.#bound(nesting) && this.skip(")");
  }

  #bound(nesting: number): boolean {
    this.take(BLANK);
    const found = this.take(/[+-]?\d+/y) !== undefined || this.value(nesting + 1) === "path";
    this.take(BLANK);
    return found;
  }
}

/** The key that a string or a number in brackets names; undefined for a path. */
function constant(text: string): string | number | undefined {
  if (/^["']/.test(text)) return text.slice(1, -1);
  return /^[+-]?\d+$/.test(text) ? Number(text) : undefined;
}

const MISNAMED = /\{\{-?\s*(\d(?:[\p{ID_Continue}-]|\u200c|\u200d)*)(?:\.[^\s{}]*)?\s*-?\}\}/uy;

/** The name at offset `at`, where `{{` stands, of what looks like a variable and begins like none: `{{2nd}}`. */
export function misnamed(source: string, at: number): string | undefined {
  MISNAMED.lastIndex = at;
  const name = MISNAMED.exec(source)?.[1];
  return name !== undefined && /\p{L}/u.test(name) ? name : undefined;
}

/** What is quoted of a text that begins with `{{`: up to its `}}`, on one line, at most 40 characters. */
export function quoted(source: string, at: number): string {
  const piece = source.slice(at, at + 200).split("\n", 1)[0]!;
  const end = piece.indexOf("}}");
  const whole = end < 0 ? piece : piece.slice(0, /^\}\}+/.exec(piece.slice(end))![0].length + end);
  const characters = [...whole];
  return characters.length > 40 ? `${characters.slice(0, 39).join("")}…` : whole;
}
