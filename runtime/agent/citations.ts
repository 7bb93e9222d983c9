/** Holds back citation markers and removes false ones: `[7]` with four documents never shows. */

/** A possible start of a marker, and a whole one: `[1]`, `[1, 3]`, `【2】`. */
const BEGINNING = /^[[【]\s*(?:\d{1,3}\s*(?:[,，、]\s*\d{0,3}\s*)*)?$/;
const WHOLE = /^[[【]\s*(\d{1,3}(?:\s*[,，、]\s*\d{1,3})*)\s*[\]】]$/;

const MAX_MARKER = 40;

export class Citations {
  /** Number of documents. With none, brackets are plain text. */
  readonly #documents: number;
  readonly cited = new Set<number>();
  /** White space, and the start of a marker after it. */
  #space = "";
  #held = "";
  #ticks = 0;
  /** Number of backticks that opened the current code; 0 outside of code. Code has no citations. */
  #code = 0;

  constructor(documents: number) {
    this.#documents = documents;
  }

  /** Takes the next piece of text, cut anywhere. Returns the text that can be shown now. */
  push(text: string): string {
    if (this.#documents === 0) return text;
    // Most pieces have no bracket or backtick.
    if (this.#held === "" && this.#ticks === 0 && this.#code === 0 && !/[[【`]/.test(text)) {
      const end = text.replace(/ +$/, "").length;
      const out = end > 0 ? this.#release() + text.slice(0, end) : "";
      this.#space += text.slice(end);
      return out;
    }
    let out = "";
    for (const character of text) out += this.#take(character);
    return out;
  }

  /** Call at the end of the text. Returns the remaining text. */
  end(): string {
    return this.#release();
  }

  #take(character: string): string {
    if (this.#held) {
      this.#held += character;
      const whole = WHOLE.exec(this.#held);
      if (whole) return this.#marker(whole[1]!);
      if (BEGINNING.test(this.#held) && this.#held.length < MAX_MARKER) return "";
      // It is not a marker; its last character may begin another one.
      this.#held = this.#held.slice(0, -character.length);
      return this.#release() + this.#take(character);
    }
    if (character === "`") this.#ticks++;
    else if (this.#ticks > 0) {
      this.#code = this.#code === 0 ? this.#ticks : this.#code === this.#ticks ? 0 : this.#code;
      this.#ticks = 0;
    }
    // Inline code ends with its line.
    if (character === "\n" && this.#code > 0 && this.#code < 3) this.#code = 0;
    if (this.#code === 0 && (character === "[" || character === "【")) {
      this.#held = character;
      return "";
    }
    if (this.#code === 0 && character === " ") {
      this.#space += character;
      return "";
    }
    return this.#release() + character;
  }

  #marker(numbers: string): string {
    const open = this.#held[0]!;
    const close = this.#held.at(-1)!;
    this.#held = "";
    const known = numbers
      .split(/[,，、]/)
      .map(Number)
      .filter((number) => number >= 1 && number <= this.#documents);
    const space = this.#space;
    this.#space = "";
    // The space before a false marker is removed too.
    if (known.length === 0) return "";
    for (const number of known) this.cited.add(number);
    return `${space}${open}${known.join(", ")}${close}`;
  }

  #release(): string {
    const rest = this.#space + this.#held;
    this.#space = this.#held = "";
    return rest;
  }
}
