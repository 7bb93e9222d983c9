/** Emits text without white space at its edges, so that a removed call leaves no gap. */
import type { Emit } from "./format.ts";

export class TrimmedOutput {
  readonly #emit: Emit;
  readonly #trim: boolean;
  #begun = { text: false, reasoning: false };
  #space = { text: "", reasoning: "" };

  /** Without `trim` only the white space between reasoning and text is left out. */
  constructor(emit: Emit, trim = true) {
    this.#emit = emit;
    this.#trim = trim;
  }

  /** White space is held back until visible text follows. */
  push(kind: "text" | "reasoning", text: string): void {
    if (!this.#trim) {
      this.#pass(kind, text);
      return;
    }
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

  /** All text so far was reasoning. */
  recall(): void {
    this.#begun = { text: false, reasoning: true };
    this.#space = { text: "", reasoning: "" };
    this.#emit("recall", "");
  }

  /** Whether any text was emitted. */
  get shown(): boolean {
    return this.#begun.text;
  }

  #pass(kind: "text" | "reasoning", text: string): void {
    let given = text;
    if (kind === "text" && !this.#begun.text) {
      given = this.#begun.reasoning ? text.trimStart() : this.#space.text + text;
      this.#space.text = given.trim() === "" ? given : "";
      if (this.#space.text !== "") return;
    }
    if (given === "") return;
    this.#begun[kind] = true;
    this.#emit(kind, given);
  }
}
