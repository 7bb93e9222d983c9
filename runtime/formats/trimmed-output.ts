/** Gives text out without the white space at its edges, so that what surrounds a call leaves no hole. */
import type { Emit } from "./format.ts";

export class TrimmedOutput {
  readonly #emit: Emit;
  #begun = { text: false, reasoning: false };
  #space = { text: "", reasoning: "" };

  constructor(emit: Emit) {
    this.#emit = emit;
  }

  /** White space is held until something visible follows. */
  push(kind: "text" | "reasoning", text: string): void {
    const end = text.trimEnd().length;
    if (end === 0) {
      if (this.#begun[kind]) this.#space[kind] += text;
      return;
    }
    const shown = this.#begun[kind] ? this.#space[kind] + text.slice(0, end) : text.slice(0, end).trimStart();
    this.#begun[kind] = true;
    this.#space[kind] = text.slice(end);
    this.#emit(kind, shown);
  }

  /** Whether any text was given out. */
  get shown(): boolean {
    return this.#begun.text;
  }
}
