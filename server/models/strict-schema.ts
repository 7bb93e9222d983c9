/**
 * A schema by Google's rules, which every other known server takes too: no references, one type each, alternatives by
 * `anyOf` alone, and no keyword beyond a short list. What is lost is said in the description where it helps a model.
 */
import { resolveRef } from "../../runtime/json-schema.ts";
import type { JsonSchema } from "../../runtime/tool.ts";

/** A reference within itself, and what is deeper or beyond so many parts, is left open. */
const MAX_DEPTH = 12;
const MAX_PARTS = 2_000;
/** By type; anything else is left out. */
const FORMATS: Record<string, readonly string[]> = {
  string: ["date-time"],
  number: ["float", "double"],
  integer: ["int32", "int64"],
};
const KEPT = ["title", "minItems", "maxItems", "minimum", "maximum", "minLength", "maxLength"] as const;

export function strictSchema(root: JsonSchema): JsonSchema {
  let parts = 0;

  const convert = (given: unknown, depth: number, open: readonly string[]): JsonSchema => {
    if (!isRecord(given)) return { type: "string" };
    const { $ref, ...beside } = given;
    if (typeof $ref === "string") {
      const target = resolveRef(root, $ref);
      if (open.includes($ref) || $ref === "#" || !isRecord(target)) return openObject(given);
      return convert({ ...target, ...beside }, depth, [...open, $ref]);
    }
    if (++parts > MAX_PARTS || depth > MAX_DEPTH) return openObject(given);
    if (Array.isArray(given.allOf)) {
      const { allOf, ...rest } = given;
      return convert(merge([rest, ...allOf.map((part: unknown) => resolved(part, root))]), depth + 1, open);
    }
    const alternatives = [...listOf(given.anyOf), ...listOf(given.oneOf)];
    if (alternatives.length > 0) {
      const { anyOf: _anyOf, oneOf: _oneOf, ...rest } = given;
      return choice(alternatives, rest, (part) => convert(part, depth + 1, open));
    }
    const types = (Array.isArray(given.type) ? given.type : [given.type]).filter((type) => typeof type === "string");
    const real = types.filter((type) => type !== "null");
    if (real.length > 1) {
      const made = choice(
        real.map((type) => ({ ...given, type })),
        {},
        (part) => convert(part, depth + 1, open),
      );
      return types.length > real.length ? { ...made, nullable: true } : made;
    }
    const nullable = types.length > real.length || given.nullable === true;
    return single(real[0] ?? typeOf(given), given, nullable, (part) => convert(part, depth + 1, open), depth === 0);
  };
  return convert(root, 0, []);
}

function single(
  type: string,
  given: JsonSchema,
  nullable: boolean,
  inner: (part: unknown) => JsonSchema,
  isRoot: boolean,
): JsonSchema {
  const notes: string[] = typeof given.description === "string" ? [given.description] : [];
  const made: JsonSchema = { type };
  for (const key of KEPT) if (given[key] !== undefined) made[key] = given[key];
  if (typeof given.format === "string" && FORMATS[type]?.includes(given.format)) made.format = given.format;
  const values = given.const === undefined ? listOf(given.enum) : [given.const];
  if (values.length > 0) {
    const texts = values.filter((value) => typeof value === "string" && value !== "");
    if (type === "string" && texts.length > 0) made.enum = texts;
    else notes.push(`One of: ${values.map((value) => JSON.stringify(value)).join(", ")}.`);
  }
  if (typeof given.pattern === "string") notes.push(`Pattern: ${given.pattern}`);
  if (given.default !== undefined) notes.push(`Default: ${JSON.stringify(given.default)}.`);
  if (type === "object") {
    const properties = isRecord(given.properties) ? Object.entries(given.properties) : [];
    // Google takes no object of unknown keys. The arguments of a tool are read from such a text all the same.
    if (properties.length === 0 && !isRoot) {
      notes.push("A JSON object, written as text.");
      made.type = "string";
    } else made.properties = Object.fromEntries(properties.map(([name, part]) => [name, inner(part)]));
    const names = new Set(properties.map(([name]) => name));
    const required = listOf(given.required).filter((name) => names.has(name as string));
    if (required.length > 0) made.required = required;
  }
  if (type === "array") {
    const tuple = listOf(given.prefixItems);
    made.items =
      isRecord(given.items) && Object.keys(given.items).length > 0
        ? inner(given.items)
        : tuple.length > 0
          ? choice(tuple, {}, inner)
          : { type: "string" };
  }
  if (nullable) made.nullable = true;
  if (notes.length > 0) made.description = notes.join(" ");
  return made;
}

/** Alternatives; `null` among them is a mark, and one that is left is no alternative. */
function choice(parts: readonly unknown[], beside: JsonSchema, inner: (part: unknown) => JsonSchema): JsonSchema {
  const real = parts.filter((part) => !(isRecord(part) && part.type === "null"));
  const nullable = real.length < parts.length || beside.nullable === true;
  const made = real.map((part) => inner(isRecord(part) ? merge([beside, part]) : beside));
  const different = [...new Map(made.map((one) => [JSON.stringify(one), one])).values()];
  const [first = { type: "string" }] = different;
  // `anyOf` stands alone.
  if (different.length > 1) return nullable ? { anyOf: different, nullable } : { anyOf: different };
  return nullable ? { ...first, nullable } : first;
}

/** Several schemas that all hold, as one. */
function merge(parts: readonly unknown[]): JsonSchema {
  const made: JsonSchema = {};
  for (const part of parts) {
    if (!isRecord(part)) continue;
    const properties = { ...recordOf(made.properties), ...recordOf(part.properties) };
    const required = [...new Set([...listOf(made.required), ...listOf(part.required)])];
    Object.assign(made, part);
    if (Object.keys(properties).length > 0) made.properties = properties;
    if (required.length > 0) made.required = required;
  }
  return made;
}

function resolved(part: unknown, root: JsonSchema): unknown {
  if (!isRecord(part) || typeof part.$ref !== "string") return part;
  const { $ref, ...rest } = part;
  const target = resolveRef(root, $ref);
  return isRecord(target) ? { ...target, ...rest } : rest;
}

function typeOf(given: JsonSchema): string {
  if (given.properties !== undefined || given.additionalProperties !== undefined) return "object";
  if (given.items !== undefined || given.prefixItems !== undefined) return "array";
  const sample = given.const ?? listOf(given.enum)[0];
  return typeof sample === "number" || typeof sample === "boolean" ? typeof sample : "string";
}

function openObject({ description }: JsonSchema): JsonSchema {
  const note = "A JSON object, written as text.";
  return { type: "string", description: typeof description === "string" ? `${description} ${note}` : note };
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function recordOf(value: unknown): JsonSchema {
  return isRecord(value) ? value : {};
}

function isRecord(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
