/**
 * Converts arguments to the types of the schema where nothing is lost: some models write every value as text (`"10"` for
 * 10), others write an object as JSON text.
 */
import type { JsonSchema } from "../tool.ts";

/** The converted arguments. The same object when there is nothing to convert. */
export function fitArguments(schema: JsonSchema, value: unknown): unknown {
  const { properties } = schema;
  if (
    value === null ||
    typeof value !== "object" ||
    Array.isArray(value) ||
    properties === null ||
    typeof properties !== "object"
  )
    return value;
  let fitted: Record<string, unknown> | undefined;
  for (const [name, given] of Object.entries(value)) {
    if (typeof given !== "string" || !Object.hasOwn(properties as object, name)) continue;
    const type = (properties as Record<string, { type?: unknown } | null>)[name]?.type;
    const converted = asType(given, type);
    if (converted !== undefined) {
      fitted ??= { ...value };
      fitted[name] = converted;
    }
  }
  return fitted ?? value;
}

function asType(text: string, type: unknown): unknown {
  const trimmed = text.trim();
  if (type === "boolean") return trimmed === "true" ? true : trimmed === "false" ? false : undefined;
  if (type === "number" || type === "integer") {
    const number = Number(trimmed);
    return /^-?\d{1,15}(?:\.\d{1,15})?$/.test(trimmed) && (type === "number" || Number.isInteger(number))
      ? number
      : undefined;
  }
  if (type !== "object" && type !== "array") return undefined;
  if (!trimmed.startsWith(type === "object" ? "{" : "[")) return undefined;
  try {
    return JSON.parse(trimmed);
  } catch {
    return undefined;
  }
}
