/** Reads a value of JSON by its path. */
import { parsePointer } from "../../runtime/issue.ts";

/**
 * The value at `"/items/0/name"` (JSON pointer), `"items.0.name"` or `"items[0].name"`. Own properties only, so
 * prototypes cannot be reached. Undefined when it does not exist; `""` is the whole value.
 */
export function getPath(root: unknown, path: string): unknown {
  let value = root;
  for (const part of pathParts(path)) {
    if (value === null || typeof value !== "object" || !Object.hasOwn(value, part)) return undefined;
    if (Array.isArray(value) && part === "length") return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}

export function pathParts(path: string): string[] {
  if (path === "" || path === "$") return [];
  if (path.startsWith("/")) return parsePointer(path);
  return path
    .replace(/^\$\.?/, "")
    .replaceAll(/\[(\d+)\]/g, ".$1")
    .split(".")
    .filter((part) => part !== "");
}
