/** Citation markers held back until they are known to be true: `[7]` with four documents never shows. */

/** `[1]`, `[1, 3]`, `【2】`: what may still become a marker, and a whole one. */
const BEGINNING = /^[[【]\s*(?:\d{1,3}\s*(?:[,，、]\s*\d{0,3}\s*)*)?$/;
const WHOLE = /^[[【]\s*(\d{1,3}(?:\s*[,，、]\s*\d{1,3})*)\s*[\]】]$/;

const MAX_MARKER = 40;

export class Citations {
  /** How many documents there are; with none, brackets mean nothing and pass. */
  readonly #documents: number;
  readonly cited = new Set<number>();
  /** White space and the beginning of a marker behind it. */
  #space = "";
  #held = "";
  #ticks = 0;
  /** Length of the run of backticks that opened the code we are in; 0 outside. Code cites nothing. */
  #code = 0;

  constructor(documents: number) {
    this.#documents = documents;
  }

  /** Takes the next bit of text, cut anywhere, and gives what may be shown of all so far. */
  push(text: string): string {
    if (this.#documents === 0) return text;
    // Most bits hold nothing to look at.
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

  /** The text is over. */
  end(): string {
    const rest = this.#space + this.#held;
    this.#space = this.#held = "";
    return rest;
  }

  #take(character: string): string {
    if (this.#held) {
      this.#held += character;
      const whole = WHOLE.exec(this.#held);
      if (whole) return this.#marker(whole[1]!);
      if (BEGINNING.test(this.#held) && this.#held.length < MAX_MARKER) return "";
      // It was none; its last character may begin something else.
      this.#held = this.#held.slice(0, -character.length);
      return this.#release() + this.#take(character);
    }
    if (character === "`") this.#ticks++;
    else if (this.#ticks > 0) {
      this.#code = this.#code === 0 ? this.#ticks : this.#code === this.#ticks ? 0 : this.#code;
      this.#ticks = 0;
    }
    // Code within a line ends with the line at the latest.
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
    // With a false marker goes the space before it.
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
