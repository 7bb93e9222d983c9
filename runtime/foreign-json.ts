/** Limits for foreign JSON: its depth, keys that change prototypes, and keys that appear twice. */
import { pointer } from "./issue.ts";

export const MAX_JSON_DEPTH = 64;
/** Not allowed as a key, anywhere. */
export const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/** Whether a JSON value is an object, and not an array or null. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a JSON text is nested deeper than `MAX_JSON_DEPTH`. Counts brackets, because a parser may overflow the stack. */
export function isTextTooDeep(text: string): boolean {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (char === 34) {
      for (i++; i < text.length; i++) {
        const inner = text.charCodeAt(i);
        if (inner === 92) i++;
        else if (inner === 34) break;
      }
    } else if (char === 123 || char === 91) {
      if (++depth > MAX_JSON_DEPTH) return true;
    } else if (char === 125 || char === 93) depth--;
  }
  return false;
}

/**
 * The first key that appears twice in one object of a valid JSON text. `JSON.parse` takes the last one and other readers
 * the first, so two of them could see different values.
 */
export function findDuplicateKey(text: string): { key: string; path: string; offset: number } | undefined {
  /** The open objects and arrays: the keys of an object so far, and the key or index of the current part. */
  const open: { keys?: Set<string>; at: string | number }[] = [];
  let isKeyNext = false;
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (char === 34) {
      const start = i;
      let isPlain = true;
      for (i++; text.charCodeAt(i) !== 34 && i < text.length; i++)
        if (text.charCodeAt(i) === 92) {
          isPlain = false;
          i++;
        }
      if (!isKeyNext) continue;
      isKeyNext = false;
      const frame = open.at(-1)!;
      const key = isPlain ? text.slice(start + 1, i) : (JSON.parse(text.slice(start, i + 1)) as string);
      frame.at = key;
      if (frame.keys!.has(key)) return { key, path: pointer(...open.map(({ at }) => at)), offset: start };
      frame.keys!.add(key);
    } else if (char === 123) {
      open.push({ keys: new Set(), at: "" });
      isKeyNext = true;
    } else if (char === 91) {
      open.push({ at: 0 });
      isKeyNext = false;
    } else if (char === 125 || char === 93) {
      open.pop();
      isKeyNext = false;
    } else if (char === 44) {
      const frame = open.at(-1)!;
      if (frame.keys) isKeyNext = true;
      else frame.at = (frame.at as number) + 1;
    }
  }
  return undefined;
}

/** The first refused part of a value: the `path` (JSON pointer) of a forbidden `key`, or, without `key`, of a part that is nested too deep. */
export function findRefusedPart(value: unknown, path = "", depth = 0): { path: string; key?: string } | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (depth > MAX_JSON_DEPTH) return { path };
  for (const key of Object.keys(value)) {
    const at = path + pointer(key);
    if (FORBIDDEN_KEYS.has(key)) return { path: at, key };
    const found = findRefusedPart((value as Record<string, unknown>)[key], at, depth + 1);
    if (found) return found;
  }
  return undefined;
}
