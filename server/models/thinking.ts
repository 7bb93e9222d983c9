/**
 * Open models served without a reasoning parser write their thoughts into the text, between `<think>` and `</think>`
 * at its beginning. This splits them off, at any cut of the stream.
 */
const OPEN = "<think>";
const CLOSE = "</think>";

export class ThinkSplitter {
  #state: "start" | "thinking" | "after" | "text" = "start";
  #held = "";

  /** Gives each piece to `text` or to `reasoning`; what may be part of a tag is held back. */
  feed(piece: string, text: (piece: string) => void, reasoning: (piece: string) => void): void {
    if (this.#state === "text") {
      text(piece);
      return;
    }
    this.#held += piece;
    if (this.#state === "start") {
      const begin = this.#held.trimStart();
      if (begin.length < OPEN.length && OPEN.startsWith(begin)) return;
      if (!begin.startsWith(OPEN)) {
        this.#release(text);
        return;
      }
      this.#state = "thinking";
      this.#held = begin.slice(OPEN.length);
    }
    if (this.#state === "thinking") {
      const end = this.#held.indexOf(CLOSE);
      if (end < 0) {
        const safe = this.#held.length - overlap(this.#held, CLOSE);
        if (safe > 0) reasoning(this.#held.slice(0, safe));
        this.#held = this.#held.slice(safe);
        return;
      }
      if (end > 0) reasoning(this.#held.slice(0, end));
      this.#held = this.#held.slice(end + CLOSE.length);
      this.#state = "after";
    }
    // The blank line between the thoughts and the answer belongs to neither.
    this.#held = this.#held.trimStart();
    if (this.#held) this.#release(text);
  }

  /** Gives out what was held back. */
  end(text: (piece: string) => void, reasoning: (piece: string) => void): void {
    if (this.#held) (this.#state === "thinking" ? reasoning : text)(this.#held);
    this.#held = "";
  }

  #release(text: (piece: string) => void): void {
    this.#state = "text";
    const held = this.#held;
    this.#held = "";
    text(held);
  }
}

/** The length of the longest end of `text` that is a beginning of `tag`. */
function overlap(text: string, tag: string): number {
  for (let length = Math.min(tag.length - 1, text.length); length > 0; length--) {
    if (text.endsWith(tag.slice(0, length))) return length;
  }
  return 0;
}
