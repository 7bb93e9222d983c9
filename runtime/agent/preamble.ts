/**
 * Passes text on while it streams. A step that calls a tool often begins with an announcement ("Let me look that up"),
 * which is not part of the reply. Such a beginning is held back until it is clear whether the step calls a tool.
 */
export class Preamble {
  readonly #pass: (text: string, isReply: boolean) => void;
  readonly #quiet: boolean;
  #hold: boolean;
  #held = "";
  shown = false;

  /** `quiet`: passes nothing on. `hold`: the step may call tools. */
  constructor(pass: (text: string, isReply: boolean) => void, options: { quiet: boolean; hold: boolean }) {
    this.#pass = pass;
    this.#quiet = options.quiet;
    this.#hold = options.hold;
  }

  push(text: string): void {
    if (this.#quiet || text === "") return;
    if (!this.#hold) {
      this.#emit(text, true);
      return;
    }
    this.#held += text;
    if (this.#held.length > MAX_HELD || (this.#held.length >= MIN_HELD && !ANNOUNCES.test(this.#held))) {
      this.#hold = false;
      this.#emit(this.#held, true);
      this.#held = "";
    }
  }

  /** The text so far is not part of the reply. Returns true when some of it was passed on. */
  recall(hold: boolean): boolean {
    const { shown } = this;
    this.#hold = hold;
    this.#held = "";
    this.shown = false;
    return shown;
  }

  /** Call at the end of the step. `isReply`: the step called no tool. */
  end(isReply: boolean): void {
    if (this.#held) this.#emit(this.#held, isReply);
    this.#held = "";
  }

  #emit(text: string, isReply: boolean): void {
    this.shown = true;
    this.#pass(text, isReply);
  }
}

/** Characters needed to recognize an announcement, and the longest announcement. */
const MIN_HELD = 24;
const MAX_HELD = 240;
const ANNOUNCES =
  /^(?:(?:sure|ok(?:ay)?|certainly|of course|great|alright|got it|yes|好的?|当然|没问题|明白了?|收到)[,，!！.。:：]?\s*)?(?:(?:first|now|next)[, ]+)?(?:let me|let['’]s|i['’]?ll|i will|i['’]m (?:going|now)|i am (?:going|now)|i need to|i should|i can|to (?:answer|do|find)|让我|让我们|我来|我先|我会|我将|我需要|我帮|我这就|正在|现在|首先|接下来|请?稍等|为了)/i;
