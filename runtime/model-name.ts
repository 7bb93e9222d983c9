/** Tool names for models. */

/**
 * The name for a model: `[A-Za-z0-9_-]{1,64}`, without the binding's prefix, segments joined by `__`
 * (`mcp/files/read_file` → `files__read_file`, `builtin/clock` → `clock`).
 */
export function modelName(name: string): string {
  const segments = name.split("/");
  const joined = segments
    .slice(segments.length > 1 ? 1 : 0)
    .join("__")
    .replaceAll(/[^A-Za-z0-9_-]/g, "_");
  return joined.length <= 64 ? joined || "tool" : `${joined.slice(0, 55)}_${shortHash(name)}`;
}

/** A set of tools by their names for the model. On a collision, names end with a short hash of the full name. */
export function modelNames<T extends { name: string }>(tools: T[]): Map<string, T> {
  const count = new Map<string, number>();
  for (const tool of tools) count.set(modelName(tool.name), (count.get(modelName(tool.name)) ?? 0) + 1);
  const result = new Map<string, T>();
  for (const tool of tools) {
    const plain = modelName(tool.name);
    result.set(count.get(plain)! > 1 ? `${plain.slice(0, 55)}_${shortHash(tool.name)}` : plain, tool);
  }
  return result;
}

/** FNV-1a, 32 bits, as 8 hex digits. Not for security. */
function shortHash(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}
