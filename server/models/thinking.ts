/**
 * Open models served without a reasoning parser write their reasoning between `<think>` and `</think>` at the start of
 * the text. This separates it, wherever the stream is cut.
 */
const OPEN = "<think>";
const CLOSE = "</think>";

export class ThinkSplitter {
  #state: "start" | "thinking" | "after" | "text" = "start";
  #held = "";

  /** Passes each piece to `text` or `reasoning`. The possible start of a tag is held back. */
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
    // The blank line between the two belongs to neither.
    this.#held = this.#held.trimStart();
    if (this.#held) this.#release(text);
  }

  /** Passes on what was held back. */
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

/** Length of the longest suffix of `text` that is a prefix of `tag`. */
function overlap(text: string, tag: string): number {
  for (let length = Math.min(tag.length - 1, text.length); length > 0; length--) {
    if (text.endsWith(tag.slice(0, length))) return length;
  }
  return 0;
}
