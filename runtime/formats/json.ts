/** JSON as models write and read it. */
import { argumentsObject } from "../arguments-object.ts";
import type { ToolCall } from "../message.ts";
import { UNREADABLE } from "./format.ts";

/** Deeper JSON is rejected before it is parsed. */
const MAX_DEPTH = 64;
/** Longer text is not parsed as arguments. */
export const MAX_CALL_CHARACTERS = 256 * 1024;

/** The most of a broken call that is kept for the model and the trace. */
const MAX_RAW_CHARACTERS = 2000;

/** JSON with a space behind `:` and `,`, as the training data of open models has it (Python's `json.dumps`). */
export function spacedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spacedJson).join(", ")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null";
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}: ${spacedJson(member)}`).join(", ")}}`;
}

/**
 * The calls in a text: one JSON object, several in a row, or an array of them; fenced or not. The name is under `name`
 * or `api_name`, the arguments under `arguments` or `parameters`; without them they are empty. Text that cannot be
 * parsed is an `UNREADABLE` call. Returns at least one call.
 */
export function readCalls(body: string): ToolCall[] {
  const values = readJson(body);
  if (!values) return [unreadable(body)];
  const calls = values
    .flatMap((value) => (Array.isArray(value) ? value : [value]))
    .map((value) => readCall(value) ?? unreadable(body));
  return calls.length > 0 ? calls : [unreadable(body)];
}

export function unreadable(body: string): ToolCall {
  return { id: "", name: UNREADABLE, raw: body.trim().slice(0, MAX_RAW_CHARACTERS) };
}

function readCall(value: unknown): ToolCall | undefined {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return undefined;
  const own = (key: string) => (Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined);
  const inner = own("function");
  if (inner !== null && typeof inner === "object") return readCall(inner);
  const name = own("api_name") ?? own("name");
  if (typeof name !== "string" || name.trim() === "") return undefined;
  return { id: "", name: name.trim(), ...readArguments(own("parameters") ?? own("arguments")) };
}

/** Arguments given as a value or as JSON text. */
export function readArguments(given: unknown): { arguments: unknown } | { raw: string } {
  const read = argumentsObject(given);
  if (typeof read !== "string") return { arguments: read };
  if (typeof given !== "string") return { arguments: given };
  const values = readJson(given);
  return values?.length === 1 ? { arguments: argumentsObject(values[0]) } : { raw: given.slice(0, MAX_RAW_CHARACTERS) };
}

/** The JSON values in a text, without the fences and words around them. Undefined without a value, or when one is broken. */
export function readJson(text: string): unknown[] | undefined {
  const plain = unfence(text);
  if (plain.length > MAX_CALL_CHARACTERS) return undefined;
  const values: unknown[] = [];
  let from = plain.search(/[[{]/);
  while (from >= 0) {
    const end = jsonEnd(plain, from);
    if (end < 0) return undefined;
    try {
      values.push(JSON.parse(plain.slice(from, end)));
    } catch {
      return undefined;
    }
    const next = plain.slice(end).search(/[[{]/);
    from = next < 0 ? -1 : end + next;
  }
  return values.length > 0 ? values : undefined;
}

/** The index after the JSON object or array that begins at `from`. -1 when it does not end or is nested too deep. */
function jsonEnd(text: string, from: number): number {
  let depth = 0;
  for (let i = from; i < text.length; i++) {
    const character = text[i];
    if (character === '"') {
      i = stringEnd(text, i);
      if (i < 0) return -1;
    } else if (character === "{" || character === "[") {
      if (++depth > MAX_DEPTH) return -1;
    } else if ((character === "}" || character === "]") && --depth === 0) return i + 1;
  }
  return -1;
}

/** The index of the quote that closes the string opened at `from`. -1 without one. */
function stringEnd(text: string, from: number): number {
  for (let i = from + 1; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === '"') return i;
  }
  return -1;
}

function unfence(text: string): string {
  return text
    .trim()
    .replace(/^```[A-Za-z]*\s*/, "")
    .replace(/\s*```$/, "");
}
