/**
 * Safe use of foreign JSON Schemas. Before a schema is compiled, its size, depth, references (local ones only) and
 * possible work are checked; its patterns run in linear time. Values are checked for size and depth before validation.
 * Compiled validators are cached by the schema object.
 */
import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js";
import { RE2JS } from "re2js";
import { BoundedMap } from "./bounded-map.ts";
import { FORBIDDEN_KEYS, findRefusedPart, MAX_JSON_DEPTH } from "./foreign-json.ts";
import type { JsonSchema } from "./tool.ts";

const MAX_SCHEMA_CHARACTERS = 256 * 1024;
const MAX_SCHEMA_DEPTH = 48;
const MAX_PATTERN_CHARACTERS = 2_000;
/** Of one pattern, see `patternSize`: about 50 ms to compile. */
const MAX_PATTERN_SIZE = 30_000;
/** Instructions of all compiled patterns of one schema. */
const MAX_PROGRAMS_SIZE = 40_000;
/** Steps (instructions of a pattern × length of the text) that one check may take: about 40 ms. */
const MAX_PATTERN_STEPS = 2_000_000;
/** Subschemas × values of one check. */
const MAX_CHECKS = 5_000_000;
/** Subschemas that can apply to one value when every reference is followed. */
const MAX_WORK = 20_000;
const MAX_VALUE_NODES = 50_000;
const MAX_VALUE_CHARACTERS = 256 * 1024;
/** Their members are values, or schemas that count only through references. */
const DATA_KEYWORDS: ReadonlySet<string> = new Set(["enum", "const", "default", "examples", "$defs", "definitions"]);
/** Their keys are names, not keywords. */
const NAME_KEYWORDS: ReadonlySet<string> = new Set(["properties", "patternProperties", "dependentSchemas"]);

/** The fault of a value, as part of a sentence; undefined when it is valid. Throws `SchemaError` when the schema cannot be used. */
export function schemaFault(schema: JsonSchema, value: unknown): string | undefined {
  const { validate, maxDepth, work } = validatorOf(schema);
  const shape = walk(value, maxDepth, true, Math.max(100, Math.floor(MAX_CHECKS / work)));
  if (shape) return shape;
  patternSteps = MAX_PATTERN_STEPS;
  if (validate(value)) return undefined;
  return describe(validate.errors?.[0]);
}

/** Thrown for a schema that cannot be used; the message says why. */
export class SchemaError extends Error {}

/** Begins the text that replaces arguments which are too large or too deep to keep; the fault follows. */
export const LEFT_OUT = "(arguments left out: ";

/** Why a value is too large or too deep to keep, with any schema. Does not recurse. */
export function sizeFault(value: unknown): string | undefined {
  return walk(value, MAX_JSON_DEPTH, false);
}

function walk(value: unknown, maxDepth: number, keys: boolean, maxNodes = MAX_VALUE_NODES): string | undefined {
  const most = Math.min(maxNodes, MAX_VALUE_NODES);
  let nodes = 0;
  let characters = 0;
  const stack: { value: unknown; depth: number }[] = [{ value, depth: 0 }];
  for (let top = stack.pop(); top; top = stack.pop()) {
    if (++nodes > most) return `they hold more than ${most} values`;
    if (typeof top.value === "string") characters += top.value.length;
    if (characters > MAX_VALUE_CHARACTERS) return `they are longer than ${MAX_VALUE_CHARACTERS} characters`;
    if (top.value === null || typeof top.value !== "object") continue;
    if (top.depth >= maxDepth) return `they are nested more than ${maxDepth} deep`;
    for (const key of Object.keys(top.value)) {
      if (keys && FORBIDDEN_KEYS.has(key)) return `the key "${key}" is not allowed`;
      characters += key.length;
      stack.push({ value: (top.value as Record<string, unknown>)[key], depth: top.depth + 1 });
    }
  }
  return undefined;
}

interface Validator {
  validate: ((value: unknown) => boolean) & { errors?: ErrorObject[] | null };
  maxDepth: number;
  /** How many subschemas a value can meet. */
  work: number;
}

/** What is left for the patterns of the check under way. A check is synchronous, so checks do not mix. */
let patternSteps = 0;

const byObject = new WeakMap<JsonSchema, Validator | SchemaError>();
/** Each listing of tools creates new objects of the same schema. */
const byText = new BoundedMap<string, Validator | SchemaError>(2000);

function validatorOf(schema: JsonSchema): Validator {
  let known = byObject.get(schema);
  if (!known) {
    const text = writeSchema(schema);
    known = text instanceof SchemaError ? text : byText.get(text);
    if (!known) {
      known = makeValidator(schema);
      byText.set(text as string, known);
    }
    byObject.set(schema, known);
  }
  if (known instanceof SchemaError) throw known;
  return known;
}

function writeSchema(schema: JsonSchema): string | SchemaError {
  try {
    const text = JSON.stringify(schema);
    return text.length > MAX_SCHEMA_CHARACTERS
      ? new SchemaError(`it is longer than ${MAX_SCHEMA_CHARACTERS} characters`)
      : text;
  } catch {
    return new SchemaError("it is not JSON, or nested too deep");
  }
}

function makeValidator(schema: JsonSchema): Validator | SchemaError {
  try {
    const { maxDepth, work } = examine(schema);
    // One instance per schema: an `$id` in one must not resolve a reference in another.
    const ajv = new Ajv2020({
      strict: false,
      allErrors: false,
      validateFormats: false,
      validateSchema: false,
      logger: false,
      code: { regExp: Object.assign(linearPatterns(), { code: "linearPattern" }) },
    });
    // The library's own compares every pair of items.
    ajv.removeKeyword("uniqueItems");
    ajv.addKeyword({
      keyword: "uniqueItems",
      type: "array",
      schemaType: "boolean",
      validate: areUnique,
      error: UNIQUE,
    });
    return { validate: compile(ajv, withoutIds(schema)), maxDepth, work };
  } catch (error) {
    return error instanceof SchemaError
      ? error
      : new SchemaError(error instanceof Error ? error.message : String(error));
  }
}

/** A schema with values that JSON Schema does not know (`type: "dict"`) checks its required names only. */
function compile(ajv: Ajv2020, schema: JsonSchema): Validator["validate"] {
  try {
    return ajv.compile(schema) as Validator["validate"];
  } catch {
    const required = Array.isArray(schema.required) ? schema.required.filter((name) => typeof name === "string") : [];
    return ajv.compile({ type: "object", required: [...new Set(required)] }) as Validator["validate"];
  }
}

/**
 * Compiles the patterns of one schema. A pattern that RE2 does not know (it looks around or refers back) or that is too
 * large is not checked, nor is one for which the check has no steps left: the tool checks its own arguments again.
 */
function linearPatterns(): (pattern: string) => RegExp {
  let size = 0;
  return (pattern) => {
    const compiled = size > MAX_PROGRAMS_SIZE ? undefined : compilePattern(pattern);
    size += compiled?.programSize() ?? 0;
    const test = (text: string) => {
      if (!compiled) return true;
      patternSteps -= compiled.programSize() * (text.length + 1);
      return patternSteps < 0 || compiled.matcher(text).find();
    };
    // Ajv tells the patterns of a schema apart by their text.
    return { test, toString: () => pattern } as unknown as RegExp;
  };
}

/** Whether a pattern can be checked: in time that grows with the text's length alone, by a small factor. */
export function isLinearPattern(pattern: string): boolean {
  return compilePattern(pattern) !== undefined;
}

/** The same patterns come again and again. */
const compiledPatterns = new BoundedMap<string, RE2JS | undefined>(500);

function compilePattern(pattern: string): RE2JS | undefined {
  if (compiledPatterns.has(pattern)) return compiledPatterns.get(pattern);
  let compiled: RE2JS | undefined;
  if (pattern.length <= MAX_PATTERN_CHARACTERS && patternSize(pattern) <= MAX_PATTERN_SIZE)
    try {
      compiled = RE2JS.compile(pattern);
    } catch {
      // not a regular expression that RE2 supports
    }
  compiledPatterns.set(pattern, compiled);
  return compiled;
}

/** An upper bound of the length of a pattern with its counted repetitions written out (`a{3}` as `aaa`). */
export function patternSize(pattern: string): number {
  let repeats = 1;
  for (const [, from, to] of pattern.matchAll(/\{(\d{1,5})(?:,(\d{0,5}))?\}/g))
    repeats += Math.max(Number(from), Number(to ?? 0));
  return pattern.length * repeats;
}

function areUnique(unique: boolean, items: unknown[]): boolean {
  return !unique || new Set(items.map(writeValue)).size === items.length;
}
const UNIQUE = { message: "must NOT have duplicate items" };

/** Equal values give equal texts, whatever the order of their keys. */
function writeValue(value: unknown): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null";
  if (Array.isArray(value)) return `[${value.map(writeValue).join(",")}]`;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${writeValue(item)}`).join(",")}}`;
}

/** Removes dialect and id, which would resolve references outside of the schema. */
function withoutIds(schema: JsonSchema): JsonSchema {
  const { $schema: _schema, $id: _id, id: _oldId, ...rest } = schema;
  return rest;
}

/**
 * Throws for a schema with outside references, too much depth or too much work. Returns the maximum depth of a value (for
 * a schema that refers to itself, one at which following every branch stays within bounds.
 */
function examine(root: JsonSchema): { maxDepth: number; work: number } {
  const seen = new Map<object, { work: number; turns: number }>();
  const open = new Set<object>();

  const visit = (schema: unknown, depth: number, names = false): { work: number; turns: number } => {
    if (schema === null || typeof schema !== "object") return { work: 0, turns: 0 };
    if (depth > MAX_SCHEMA_DEPTH) throw new SchemaError(`it is nested more than ${MAX_SCHEMA_DEPTH} deep`);
    const known = seen.get(schema);
    if (known) return known;
    if (open.has(schema)) return { work: 1, turns: 1 };
    open.add(schema);
    const sum = { work: 1, turns: 0 };
    for (const [key, member] of Object.entries(schema)) {
      if (!names && DATA_KEYWORDS.has(key)) continue;
      if (!names && (key === "$dynamicRef" || key === "$recursiveRef")) throw new SchemaError(`it uses ${key}`);
      const isRef = !names && key === "$ref" && typeof member === "string";
      const part = visit(isRef ? referred(root, member) : member, depth + 1, !names && NAME_KEYWORDS.has(key));
      sum.work += part.work;
      sum.turns += part.turns;
      if (sum.work > MAX_WORK || sum.turns > MAX_WORK) throw new SchemaError("it makes too much work");
    }
    open.delete(schema);
    seen.set(schema, sum);
    return sum;
  };
  const { work, turns } = visit(root, 0);
  if (turns <= 1) return { maxDepth: MAX_JSON_DEPTH, work };
  return { maxDepth: Math.max(2, Math.min(MAX_JSON_DEPTH, Math.floor(Math.log(MAX_WORK) / Math.log(turns)))), work };
}

function referred(root: JsonSchema, ref: string): unknown {
  if (!ref.startsWith("#"))
    throw new SchemaError(`it refers to ${JSON.stringify(ref.slice(0, 100))}, which is outside of it`);
  const found = resolveRef(root, ref);
  if (found === undefined)
    throw new SchemaError(`it refers to ${JSON.stringify(ref.slice(0, 100))}, which is not there`);
  return found;
}

/** The target of a local reference (`#/a/b`), by own properties only. Undefined when it does not exist. An anchor (`#a`) counts as the root. */
export function resolveRef(root: unknown, ref: string): unknown {
  let at = root;
  for (const part of ref.slice(1).split("/").slice(1)) {
    const key = decoded(part).replaceAll("~1", "/").replaceAll("~0", "~");
    if (at === null || typeof at !== "object" || !Object.hasOwn(at, key)) return undefined;
    at = (at as Record<string, unknown>)[key];
  }
  return at;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // A stray percent sign is part of the name.
  }
}

/** An error of the validator as a text that a model can act on. */
function describe(error: ErrorObject | undefined): string {
  if (!error) return "they do not match the schema";
  const at = error.instancePath ? `"${error.instancePath.slice(1)}"` : "the value";
  const { params } = error as { params: Record<string, unknown> };
  switch (error.keyword) {
    case "required":
      return `${error.instancePath ? `${at} lacks ` : ""}"${String(params.missingProperty)}"${error.instancePath ? "" : " is missing"}`;
    case "additionalProperties":
    case "unevaluatedProperties":
      return `"${String(params.additionalProperty ?? params.unevaluatedProperty)}" is not an argument${error.instancePath ? ` of ${at}` : ""}`;
    case "enum":
      return `${at} must be one of ${JSON.stringify(params.allowedValues).slice(0, 300)}`;
    default:
      return `${at} ${error.message ?? "does not match the schema"}`;
  }
}

/** Why a schema cannot be used, as part of a sentence about it; undefined when it can. Compiles nothing. */
export function schemaProblem(schema: JsonSchema): string | undefined {
  try {
    const text = writeSchema(schema);
    if (text instanceof SchemaError) return text.message;
    examine(schema);
    return undefined;
  } catch (error) {
    if (error instanceof SchemaError) return error.message;
    throw error;
  }
}

/** Why a schema from outside cannot describe a tool's arguments, as part of a sentence about it; undefined when it can. */
export function argumentsProblem(schema: unknown): string | undefined {
  if (schema === null || typeof schema !== "object" || Array.isArray(schema)) return "it is not an object";
  const { type } = schema as JsonSchema;
  if (type !== undefined && type !== "object") return `it is of type ${JSON.stringify(type)}, not "object"`;
  const problem = schemaProblem(schema as JsonSchema);
  if (problem) return problem;
  const refused = findRefusedPart(schema);
  if (!refused) return undefined;
  return refused.key === undefined
    ? `it is nested more than ${MAX_JSON_DEPTH} deep`
    : `it has the key "${refused.key}", which is not allowed`;
}
