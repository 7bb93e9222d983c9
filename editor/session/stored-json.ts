/** JSON in the browser's storage. Storage can be full or forbidden, and then even access to it throws: hence a function. */
import type { DraftStorage } from "./save.ts";

/** Undefined or null when there is no value, it is not JSON, or storage is forbidden. */
export function readJson(storage: () => Pick<DraftStorage, "getItem">, key: string): unknown {
  try {
    return JSON.parse(storage().getItem(key) ?? "null");
  } catch {
    return undefined;
  }
}

/** Stores a value; `undefined` removes the key. When storage is full or forbidden, the value lasts as long as the page. */
export function writeJson(storage: () => DraftStorage, key: string, value: unknown): void {
  try {
    if (value === undefined) storage().removeItem(key);
    else storage().setItem(key, JSON.stringify(value));
  } catch {
    // Nothing to do.
  }
}
