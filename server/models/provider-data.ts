/** Gathers what a server attaches to a message and to its calls, from the pieces of a stream. */
import { REASONING_KEYS } from "./request-body.ts";

/** Properties that every server sends, or that are about the response alone. */
const KNOWN: ReadonlySet<string> = new Set([
  ...REASONING_KEYS,
  "role",
  "content",
  "refusal",
  "tool_calls",
  "function_call",
  "id",
  "index",
  "type",
  "function",
  "name",
  "arguments",
]);
/** What a server wants to see again has such a name: `extra_content`, `reasoning_details`, `thought_signature`… */
const KEPT = /signature|thought|thinking|reasoning|opaque|encrypted|extra_|provider_/i;
/** More than this is not kept: it would be stored with each message. */
const MAX_CHARACTERS = 256 * 1024;

/** Whether a property may be one that a provider attached. Others of a stored message never go to a server. */
export function isProviderKey(key: string): boolean {
  return !KNOWN.has(key) && KEPT.test(key);
}

export class ProviderFields {
  #fields: Record<string, unknown> | undefined;

  /** Takes a piece of a message or call. */
  add(piece: object): void {
    for (const [key, value] of Object.entries(piece)) {
      if (!isProviderKey(key) || !isContent(value)) continue;
      this.#fields ??= {};
      this.#fields[key] = combined(this.#fields[key], value);
    }
  }

  has(key: string): boolean {
    return this.#fields !== undefined && Object.hasOwn(this.#fields, key);
  }

  /** Undefined when there is nothing to keep. */
  get value(): Record<string, unknown> | undefined {
    if (!this.#fields) return undefined;
    return JSON.stringify(this.#fields).length > MAX_CHARACTERS ? undefined : this.#fields;
  }
}

function isContent(value: unknown): boolean {
  if (typeof value === "string") return value !== "";
  return typeof value === "object" && value !== null && Object.keys(value).length > 0;
}

/** A text goes on, a list grows, an object is filled. */
function combined(before: unknown, value: unknown): unknown {
  if (before === undefined || before === null) return value;
  if (typeof before === "string" && typeof value === "string") return before === value ? before : before + value;
  if (Array.isArray(before) && Array.isArray(value)) return value.reduce(withEntry, before);
  if (isRecord(before) && isRecord(value)) {
    const filled = { ...before };
    for (const [key, inner] of Object.entries(value))
      filled[key] = isRecord(inner) ? combined(filled[key], inner) : inner;
    return filled;
  }
  return value;
}

/** The texts of an entry come in pieces too: a piece of the last entry has its type and its index. */
function withEntry(list: unknown[], entry: unknown): unknown[] {
  const last = list.at(-1);
  if (!isRecord(last) || !isRecord(entry) || last.type !== entry.type || last.index !== entry.index)
    return [...list, entry];
  if ((entry.id ?? last.id) !== last.id && last.id !== undefined && last.id !== null) return [...list, entry];
  // Encrypted parts are whole.
  if (typeof entry.data === "string" && typeof last.data === "string") return [...list, entry];
  const joined = { ...last };
  for (const [key, value] of Object.entries(entry)) {
    if (value === null || value === undefined) continue;
    const text = key === "text" || key === "summary" || key === "thinking";
    joined[key] = text && typeof value === "string" && typeof last[key] === "string" ? last[key] + value : value;
  }
  return [...list.slice(0, -1), joined];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
