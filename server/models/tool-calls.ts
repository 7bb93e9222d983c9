/** Assembles tool calls from the pieces of a stream. */
import { randomInt } from "node:crypto";
import { argumentsObject } from "../../runtime/arguments-object.ts";
import type { ToolCall } from "../../runtime/message.ts";
import type { Sink } from "./attempt.ts";
import { ProviderFields } from "./provider-data.ts";

/** Arguments nested deeper stay text, which protects code that walks JSON by recursion. */
const MAX_DEPTH = 64;
const ID_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

interface PartialCall {
  id: string;
  name: string;
  text: string;
  fields?: ProviderFields;
}

export class ToolCalls {
  #calls: PartialCall[] = [];
  #byIndex = new Map<number, PartialCall>();
  #ids = new Set<string>();

  get size(): number {
    return this.#calls.length;
  }

  /** All names and arguments so far, for counting tokens. */
  get text(): string {
    return this.#calls.map((call) => call.name + call.text).join("");
  }

  /**
   * Adds a piece. Servers differ: some omit the index, some the id, some give every call index 0. A piece with a name
   * and another id than the call at its index begins a new call.
   */
  piece(
    index: number | undefined,
    id: string | undefined,
    name: string | undefined,
    text: string,
    sink: Sink,
    attached: readonly object[] = [],
  ): void {
    let call = index === undefined ? this.#calls.at(-1) : this.#byIndex.get(index);
    const other = call !== undefined && id !== undefined && call.id !== id && name !== undefined;
    if (call === undefined || other || (index === undefined && name !== undefined)) {
      call = { id: this.#freshId(id), name: "", text: "" };
      this.#calls.push(call);
      if (index !== undefined) this.#byIndex.set(index, call);
    }
    const first = name !== undefined && call.name === "" ? name : undefined;
    if (first !== undefined) call.name = first;
    call.text += text;
    for (const one of attached) {
      call.fields ??= new ProviderFields();
      call.fields.add(one);
    }
    sink.callPiece(call.id, first, text);
  }

  /**
   * Passes the calls to the sink. `cut`: the completion ended at its token limit, so a last call with incomplete
   * arguments is left out. `own` gives a call the names of the tool's own schema.
   */
  finish(sink: Sink, cut: boolean, provider = "", own: (call: ToolCall) => ToolCall = (call) => call): void {
    for (const [place, pending] of this.#calls.entries()) {
      const call = own(toCall(pending));
      if (cut && place === this.#calls.length - 1 && call.raw !== undefined) continue;
      const fields = pending.fields?.value;
      sink.call(fields ? { ...call, providerData: { provider, fields } } : call);
    }
  }

  /**
   * The server's id when it is new in this completion, else nine letters and digits (the form that Mistral requires).
   */
  #freshId(id: string | undefined): string {
    let fresh = id || randomId();
    while (this.#ids.has(fresh)) fresh = randomId();
    this.#ids.add(fresh);
    return fresh;
  }
}

function randomId(): string {
  let text = "";
  for (let i = 0; i < 9; i++) text += ID_LETTERS[randomInt(ID_LETTERS.length)];
  return text;
}

/** A call from its text, as `argumentsObject` reads it. Text that is not JSON, or nested too deep, is kept as `raw`. */
export function toCall(pending: { id: string; name: string; text: string }): ToolCall {
  const { id, name, text } = pending;
  if (isTooDeep(text)) return { id, name, raw: text };
  try {
    return { id, name, arguments: argumentsObject(JSON.parse(text)) };
  } catch {
    const read = argumentsObject(text);
    return typeof read === "string" ? { id, name, raw: text } : { id, name, arguments: read };
  }
}

function isTooDeep(text: string): boolean {
  if (text.length < 2 * MAX_DEPTH) return false;
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const character = text.charCodeAt(i);
    if (quoted) {
      if (character === 92) i += 1;
      else if (character === 34) quoted = false;
    } else if (character === 34) quoted = true;
    else if (character === 123 || character === 91) {
      depth += 1;
      if (depth > MAX_DEPTH) return true;
    } else if (character === 125 || character === 93) depth -= 1;
  }
  return false;
}
