/** Emits text without white space at its edges, so that a removed call leaves no gap. */
import type { Emit } from "./format.ts";

export class TrimmedOutput {
  readonly #emit: Emit;
  #begun = { text: false, reasoning: false };
  #space = { text: "", reasoning: "" };

  constructor(emit: Emit) {
    this.#emit = emit;
  }

  /** White space is held back until visible text follows. */
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

  /** Whether any text was emitted. */
  get shown(): boolean {
    return this.#begun.text;
  }
}
