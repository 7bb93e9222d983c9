/**
 * Makes the schema of arguments that another program sent fit for use. A keyword that cannot be used is left out and
 * named in a note; the tool stays, because its own program checks its arguments again. Also what a model is sent, so a
 * provider does not refuse it for a keyword that it does not know.
 */
import { FORBIDDEN_KEYS, findRefusedPart } from "../../runtime/foreign-json.ts";
import { argumentsProblem, isLinearPattern, patternSize, resolveRef } from "../../runtime/json-schema.ts";
import type { JsonSchema } from "../../runtime/tool.ts";
import { cutText } from "./clean-text.ts";

const MAX_DEPTH = 40;
const MAX_SCHEMAS = 5_000;
const MAX_NOTES = 20;
const MAX_WORDS = 2_000;
const TYPES: ReadonlySet<string> = new Set(["object", "array", "string", "number", "integer", "boolean", "null"]);
/** Names of other languages and older drafts. */
const OTHER_TYPES: Readonly<Record<string, string>> = {
  int: "integer",
  long: "integer",
  float: "number",
  double: "number",
  decimal: "number",
  str: "string",
  text: "string",
  date: "string",
  bool: "boolean",
  list: "array",
  tuple: "array",
  dict: "object",
  map: "object",
  none: "null",
};
/** Their members are schemas by name. */
const NAMED: ReadonlySet<string> = new Set([
  "properties",
  "patternProperties",
  "dependentSchemas",
  "$defs",
  "definitions",
]);
const LISTS: ReadonlySet<string> = new Set(["anyOf", "oneOf", "allOf", "prefixItems"]);
const SINGLE: ReadonlySet<string> = new Set([
  "items",
  "additionalProperties",
  "unevaluatedProperties",
  "unevaluatedItems",
  "propertyNames",
  "contains",
  "not",
  "if",
  "then",
  "else",
]);
/** They would make local references lead elsewhere. */
const IDENTITY: ReadonlySet<string> = new Set([
  "$schema",
  "$id",
  "id",
  "$anchor",
  "$dynamicAnchor",
  "$recursiveAnchor",
]);

export type UsableArguments = { parameters: JsonSchema; notes: string[] } | { problem: string };

/** What the patterns of many schemas, such as all of one list, may take together. */
export class PatternBudget {
  readonly #known = new Map<string, boolean>();
  #left = 300_000;

  /** Whether a pattern can be checked in bounded time. */
  allows(pattern: string): boolean {
    let allowed = this.#known.get(pattern);
    if (allowed === undefined) {
      this.#left -= patternSize(pattern);
      allowed = this.#left >= 0 && isLinearPattern(pattern);
      this.#known.set(pattern, allowed);
    }
    return allowed;
  }
}

/** `problem`: the reason why it describes no arguments at all, as part of a sentence. */
export function usableArguments(given: unknown, patterns = new PatternBudget()): UsableArguments {
  if (given === undefined || given === null || given === true) return { parameters: { type: "object" }, notes: [] };
  if (!isObject(given)) return { problem: "they are not described by an object" };
  const { type } = given;
  const types = Array.isArray(type) ? type : [type ?? "object"];
  if (!types.some((one) => one === "object" || OTHER_TYPES[String(one)] === "object"))
    return { problem: `they are of type ${cutText(JSON.stringify(type), 80)}, not "object"` };

  const root = { ...given, type: "object" };
  for (const withoutRefs of [false, true]) {
    const reader = new Reader(root, patterns, withoutRefs);
    const parameters = reader.read(root, 0) as JsonSchema;
    if (argumentsProblem(parameters) === undefined) return { parameters, notes: reader.notes() };
  }
  return {
    parameters: onlyNames(root),
    notes: ["the schema is too large or too deep: only the names of its arguments were kept"],
  };
}

class Reader {
  readonly #root: JsonSchema;
  readonly #patterns: PatternBudget;
  readonly #withoutRefs: boolean;
  readonly #notes = new Set<string>();
  #left = MAX_SCHEMAS;

  constructor(root: JsonSchema, patterns: PatternBudget, withoutRefs: boolean) {
    this.#root = root;
    this.#patterns = patterns;
    this.#withoutRefs = withoutRefs;
    if (withoutRefs) this.#notes.add("its references make too much work and were left out");
  }

  notes(): string[] {
    return [...this.#notes].slice(0, MAX_NOTES);
  }

  /** A copy with what can be used. */
  read(schema: unknown, depth: number): unknown {
    if (typeof schema === "boolean") return schema;
    if (!isObject(schema)) return {};
    if (depth > MAX_DEPTH || --this.#left < 0) {
      this.#notes.add(
        depth > MAX_DEPTH ? "parts nested very deep were left out" : "a part of a very large schema was left out",
      );
      return {};
    }
    const result: JsonSchema = {};
    for (const [key, value] of Object.entries(schema)) {
      const kept = this.#keyword(key, value, depth);
      if (kept !== undefined) result[key] = kept;
    }
    // A name that matched a pattern which is not checked would now be an unknown one.
    const patterns = isObject(schema.patternProperties) ? Object.keys(schema.patternProperties).length : 0;
    if (patterns > Object.keys((result.patternProperties as object | undefined) ?? {}).length) {
      delete result.additionalProperties;
      delete result.unevaluatedProperties;
    }
    return result;
  }

  #keyword(key: string, value: unknown, depth: number): unknown {
    if (FORBIDDEN_KEYS.has(key)) return this.#leftOut(`the key "${key}"`);
    if (IDENTITY.has(key) && typeof value !== "object") return undefined;
    if (key === "$ref") return this.#ref(value);
    if (key === "$dynamicRef" || key === "$recursiveRef") return this.#leftOut(`"${key}"`);
    if (key === "pattern") {
      if (typeof value !== "string") return undefined;
      return this.#patterns.allows(value) ? value : this.#leftOut("a pattern that cannot be checked in bounded time");
    }
    if (key === "type") return this.#type(value);
    if (key === "items" && Array.isArray(value)) return undefined; // a tuple of older drafts: any items
    if (NAMED.has(key)) return isObject(value) ? this.#named(key, value, depth) : undefined;
    if (LISTS.has(key))
      return Array.isArray(value) && value.length ? value.map((one) => this.read(one, depth + 1)) : undefined;
    if (SINGLE.has(key)) return typeof value === "boolean" || isObject(value) ? this.read(value, depth + 1) : undefined;
    if (key === "required")
      return Array.isArray(value) ? [...new Set(value.filter((name) => typeof name === "string"))] : undefined;
    if (key === "enum") return Array.isArray(value) && value.length ? this.#data(key, value) : undefined;
    // Of older drafts: a switch beside the limit itself.
    if ((key === "exclusiveMinimum" || key === "exclusiveMaximum") && typeof value === "boolean") return undefined;
    if (key === "description" || key === "title" || key === "$comment")
      return typeof value === "string" ? cutText(value, MAX_WORDS) : undefined;
    if (typeof value === "number" || typeof value === "string" || typeof value === "boolean" || value === null)
      return value;
    return this.#data(key, value);
  }

  #named(key: string, members: JsonSchema, depth: number): JsonSchema {
    const result: JsonSchema = {};
    for (const [name, member] of Object.entries(members)) {
      if (FORBIDDEN_KEYS.has(name)) this.#leftOut(`the property "${name}"`);
      else if (key === "patternProperties" && !this.#patterns.allows(name))
        this.#leftOut("a pattern that cannot be checked in bounded time");
      else result[name] = this.read(member, depth + 1);
    }
    return result;
  }

  #ref(ref: unknown): unknown {
    if (this.#withoutRefs || typeof ref !== "string") return undefined;
    if (!/^#(?:\/|$)/.test(ref))
      return this.#leftOut(`the reference to ${JSON.stringify(cutText(ref, 80))}, which is outside of it`);
    if (resolveRef(this.#root, ref) === undefined)
      return this.#leftOut(`the reference to ${JSON.stringify(cutText(ref, 80))}, which is not there`);
    return ref;
  }

  #type(type: unknown): unknown {
    const known = (Array.isArray(type) ? type : [type])
      .map((one) => (TYPES.has(one as string) ? one : OTHER_TYPES[String(one).toLowerCase()]))
      .filter((one) => one !== undefined);
    if (known.length === 0) return undefined;
    return Array.isArray(type) ? [...new Set(known)] : known[0];
  }

  /** Values, not schemas: kept as they are, unless something in them is refused. */
  #data(key: string, value: unknown): unknown {
    return findRefusedPart(value) ? this.#leftOut(`"${cutText(key, 40)}"`) : value;
  }

  #leftOut(what: string): undefined {
    this.#notes.add(`${what} was left out`);
    return undefined;
  }
}

/** The names of the arguments and whether they are required. */
function onlyNames({ properties, required }: JsonSchema): JsonSchema {
  const names = isObject(properties) ? Object.keys(properties).filter((name) => !FORBIDDEN_KEYS.has(name)) : [];
  const shown = names.slice(0, 500).filter((name) => name.length <= 200);
  const needed = Array.isArray(required) ? required.filter((name) => shown.includes(name)) : [];
  return {
    type: "object",
    properties: Object.fromEntries(shown.map((name) => [name, {}])),
    ...(needed.length > 0 && { required: [...new Set(needed)] }),
  };
}

function isObject(value: unknown): value is JsonSchema {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
