/** What a server accepts for a model, as far as its refusals have shown. Pure, except for the memory. */
import { BoundedMap } from "../../runtime/bounded-map.ts";

export interface Dialect {
  /** Parameters that are left out. */
  without?: readonly string[];
  /** Name of the parameter that limits the answer; `max_tokens` when absent. */
  answerLimit?: "max_tokens" | "max_completion_tokens";
  /** Most tokens of an answer that it takes a request for. */
  outputTokens?: number;
  /** Most tokens of prompt and answer together. */
  contextTokens?: number;
  /** No system message: the instructions go at the head of the first user message. */
  noSystem?: true;
  /** One system message at the start, then user and assistant in turns. */
  turns?: true;
  /** `always`: each message with calls has `reasoning_content`; `never`: none has reasoning in any form. */
  reasoning?: "always" | "never";
  /** What a provider attached to a message or call is not sent back. */
  noProviderData?: true;
  /** Calls of Google's models that have no thought signature get one that says so. */
  signatures?: true;
  /** No `null` as content. */
  noNull?: true;
  /** No tools of its own: the calls are written as text. */
  noTools?: true;
  /** Tool schemas hold only what the strictest servers accept. */
  strictSchemas?: true;
}

/** Names come from graphs, so the memory needs a bound. */
const MAX_MODELS = 500;
/** A server may be set up anew: after this time it is asked as any other. */
const MAX_AGE_MS = 3_600_000;

/** What one endpoint's models have refused, until it is forgotten. */
export class Dialects {
  readonly #byModel = new BoundedMap<string, { at: number; dialect: Dialect }>(MAX_MODELS);
  readonly #now: () => number;
  readonly #onChange: () => void;

  constructor(now: () => number, onChange: () => void = () => {}) {
    this.#now = now;
    this.#onChange = onChange;
  }

  of(model: string): Dialect {
    const known = this.#byModel.get(model);
    if (!known || this.#now() - known.at > MAX_AGE_MS) return {};
    return known.dialect;
  }

  /** Adds to what is known: another call may have learned something else meanwhile. */
  keep(model: string, learned: Dialect): void {
    const known = this.of(model);
    const without = [...new Set([...(known.without ?? []), ...(learned.without ?? [])])];
    const dialect = { ...known, ...learned, ...(without.length ? { without } : {}) };
    if (JSON.stringify(dialect) === JSON.stringify(known)) return;
    this.#byModel.set(model, { at: this.#now(), dialect });
    this.#onChange();
  }
}
