/** The arguments of a call as an object, from what models write instead of one. */
import { isTextTooDeep } from "./foreign-json.ts";

/** How often an object may be written as a text of JSON within a text of JSON. */
const MAX_LAYERS = 3;
/** What models write for "no arguments" where it is not JSON. */
const NOTHING = /^\s*(?:none|undefined|nil)?\s*$/i;

/**
 * `null`, an empty text and an empty array mean no arguments; an object that is written as a text of JSON is read. Any
 * other value is returned as it is.
 */
export function argumentsObject(value: unknown): unknown {
  let read = value;
  for (let layer = 0; typeof read === "string" && layer < MAX_LAYERS; layer++) {
    if (NOTHING.test(read)) return {};
    // Only what can become an object is read: a text that holds a number is a wrong argument.
    if (!/^\s*(?:["{]|null\s*$|\[\s*\]\s*$)/.test(read)) return value;
    if (isTextTooDeep(read)) return value;
    try {
      read = JSON.parse(read);
    } catch {
      return value;
    }
  }
  if (read === null || read === undefined || (Array.isArray(read) && read.length === 0)) return {};
  return typeof read === "object" && !Array.isArray(read) ? read : value;
}
