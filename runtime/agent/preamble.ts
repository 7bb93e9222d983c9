/**
 * Passes an answer's text on while it streams. A step that may still call a tool often begins with a word about it
 * ("Let me look that up"), which is no part of the answer: such a beginning is held for a while, so that what is passed
 * on as the answer is the last step's text.
 */
export class Preamble {
  readonly #pass: (text: string, answer: boolean) => void;
  readonly #quiet: boolean;
  #hold: boolean;
  #held = "";
  shown = false;

  /** `quiet`: nothing is passed on. `hold`: the step may call tools. */
  constructor(pass: (text: string, answer: boolean) => void, options: { quiet: boolean; hold: boolean }) {
    this.#pass = pass;
    this.#quiet = options.quiet;
    this.#hold = options.hold;
  }

  push(text: string): void {
    if (this.#quiet || text === "") return;
    if (!this.#hold) {
      this.#give(text, true);
      return;
    }
    this.#held += text;
    if (this.#held.length > MAX_HELD || (this.#held.length >= MIN_HELD && !ANNOUNCES.test(this.#held))) {
      this.#hold = false;
      this.#give(this.#held, true);
      this.#held = "";
    }
  }

  /** The step is over; `answer`: it called no tool. */
  end(answer: boolean): void {
    if (this.#held) this.#give(this.#held, answer);
    this.#held = "";
  }

  #give(text: string, answer: boolean): void {
    this.shown = true;
    this.#pass(text, answer);
  }
}

/** Characters after which a beginning can be judged, and after which it is too long for a word before a call. */
const MIN_HELD = 24;
const MAX_HELD = 240;
const ANNOUNCES =
  /^(?:(?:sure|ok(?:ay)?|certainly|of course|great|alright|got it|yes|好的?|当然|没问题|明白了?|收到)[,，!！.。:：]?\s*)?(?:(?:first|now|next)[, ]+)?(?:let me|let['’]s|i['’]?ll|i will|i['’]m (?:going|now)|i am (?:going|now)|i need to|i should|i can|to (?:answer|do|find)|让我|让我们|我来|我先|我会|我将|我需要|我帮|我这就|正在|现在|首先|接下来|请?稍等|为了)/i;
