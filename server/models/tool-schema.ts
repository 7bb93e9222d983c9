/**
 * Makes the schema of a tool fit for sending. Tools come from servers of any kind, and a model's server refuses the whole
 * request for one schema that it does not like. Arguments are still checked against the tool's own schema.
 */
import { isLinearPattern, resolveRef } from "../../runtime/json-schema.ts";
import type { JsonSchema } from "../../runtime/tool.ts";
import { type NameTree, renameProperties } from "./property-names.ts";
import { strictSchema } from "./strict-schema.ts";

/**
 * `plain`: what OpenAI takes. `named`: also property names as Anthropic takes them. `strict`: what every known server
 * takes, Google's rules included.
 */
export type SchemaRules = "plain" | "named" | "strict";

export interface SentSchema {
  schema: JsonSchema;
  /** Set when properties have other names than in the tool's own schema. */
  names?: NameTree;
}

const sent: Record<SchemaRules, WeakMap<JsonSchema, SentSchema>> = {
  plain: new WeakMap(),
  named: new WeakMap(),
  strict: new WeakMap(),
};

/** The schema to send, by the rules; of a schema that is well already, one that is equal. */
export function sentSchema(schema: JsonSchema, rules: SchemaRules): SentSchema {
  let known = sent[rules].get(schema);
  if (!known) {
    const plain = plainSchema(schema);
    if (rules === "plain") known = { schema: plain };
    else known = renameProperties(rules === "strict" ? strictSchema(plain) : plain);
    sent[rules].set(schema, known);
  }
  return known;
}

/** Deeper parts are left open. */
const MAX_DEPTH = 40;
const TYPES: ReadonlySet<unknown> = new Set(["object", "array", "string", "number", "integer", "boolean", "null"]);
/** Words of other languages for the types of JSON. */
const TYPE_WORDS: Record<string, string> = {
  str: "string",
  text: "string",
  int: "integer",
  long: "integer",
  float: "number",
  double: "number",
  decimal: "number",
  bool: "boolean",
  list: "array",
  tuple: "array",
  set: "array",
  dict: "object",
  map: "object",
  none: "null",
};

/** The root: an object with properties, without alternatives of its own. */
function plainSchema(root: JsonSchema): JsonSchema {
  const whole = inlineRoot(root);
  const fixed = fix(flatten(whole), whole, 0) as JsonSchema;
  if (fixed.type === "object" && fixed.properties !== undefined) return fixed;
  const { type: _type, properties, ...rest } = fixed;
  return { type: "object", properties: properties ?? {}, ...rest };
}

/** Generators of schemas write a root that only refers to a definition. */
function inlineRoot(root: JsonSchema): JsonSchema {
  let at = root;
  for (let step = 0; step < 8 && typeof at.$ref === "string" && at.$ref !== "#"; step++) {
    const found = resolveRef(root, at.$ref);
    const { $ref: _ref, ...rest } = at;
    at = isRecord(found) ? { ...rest, ...found } : rest;
  }
  return at === root ? root : { ...definitionsOf(root), ...at };
}

function definitionsOf({ $defs, definitions }: JsonSchema): JsonSchema {
  return { ...($defs === undefined ? {} : { $defs }), ...(definitions === undefined ? {} : { definitions }) };
}

const ALTERNATIVES = ["anyOf", "oneOf"] as const;

/** Servers take no alternatives at the root: the properties of all of them are offered, those that all need are needed. */
function flatten(root: JsonSchema): JsonSchema {
  const { anyOf, oneOf, allOf, not: _not, enum: _enum, const: _const, ...rest } = root;
  if (anyOf === undefined && oneOf === undefined && allOf === undefined) {
    return "not" in root || "enum" in root || "const" in root ? rest : root;
  }
  const properties: Record<string, unknown> = isRecord(rest.properties) ? { ...rest.properties } : {};
  const required = new Set(namesIn(rest.required));
  const add = (branch: JsonSchema): void => {
    for (const [name, schema] of Object.entries(isRecord(branch.properties) ? branch.properties : {}))
      if (!Object.hasOwn(properties, name)) properties[name] = schema;
  };
  for (const branch of branchesOf(allOf, root)) {
    add(branch);
    for (const name of namesIn(branch.required)) required.add(name);
  }
  for (const key of ALTERNATIVES) {
    const branches = branchesOf(root[key], root);
    for (const branch of branches) add(branch);
    const [first, ...others] = branches.map((branch) => new Set(namesIn(branch.required)));
    for (const name of first ?? []) if (others.every((other) => other.has(name))) required.add(name);
  }
  return { ...rest, properties, ...(required.size > 0 ? { required: [...required] } : {}) };
}

/** The alternatives, references followed, alternatives within them merged. */
function branchesOf(list: unknown, root: JsonSchema, depth = 0): JsonSchema[] {
  if (!Array.isArray(list) || depth > 4) return [];
  return list.flatMap((branch: unknown) => {
    const found = isRecord(branch) && typeof branch.$ref === "string" ? resolveRef(root, branch.$ref) : branch;
    if (!isRecord(found)) return [];
    const inner = [found.allOf, found.anyOf, found.oneOf].flatMap((one) => branchesOf(one, root, depth + 1));
    if (inner.length === 0) return [found];
    const properties = Object.assign(
      {},
      ...[...inner, found].map((one) => (isRecord(one.properties) ? one.properties : {})),
    );
    return [{ ...found, properties }];
  });
}

/** Makes each keyword one that a validator of schemas accepts. What cannot be mended is left out. */
function fix(value: unknown, root: JsonSchema, depth: number): unknown {
  if (!isRecord(value) || depth > MAX_DEPTH) return {};
  const fixed: JsonSchema = {};
  const noted: string[] = [];
  const inner = (part: unknown): unknown => fix(part, root, depth + 1);
  for (const [key, given] of Object.entries(value)) {
    const kind = Object.hasOwn(KEYWORDS, key) ? KEYWORDS[key] : undefined;
    if (kind === undefined) fixed[key] = given;
    else if (key === "pattern" && typeof given === "string" && !isCommonPattern(given)) noted.push(given);
    else if (key === "$ref" && !isUsableRef(given, root)) continue;
    else {
      const kept = kind(given, inner);
      if (kept !== undefined) fixed[key] = kept;
    }
  }
  readOldBounds(value, fixed);
  hoistRequired(value, fixed);
  if (noted.length > 0) {
    const note = `Pattern: ${noted.join(" ")}`;
    fixed.description = typeof fixed.description === "string" ? `${fixed.description} (${note})` : note;
  }
  if (has(fixed.type, "object") && fixed.properties === undefined) fixed.properties = {};
  if (has(fixed.type, "array") && fixed.items === undefined) fixed.items = {};
  return fixed;
}

/** Draft 4: `exclusiveMinimum: true` stands beside `minimum`. */
function readOldBounds(value: JsonSchema, fixed: JsonSchema): void {
  for (const [flag, bound] of [
    ["exclusiveMinimum", "minimum"],
    ["exclusiveMaximum", "maximum"],
  ] as const) {
    if (value[flag] !== true || typeof fixed[bound] !== "number") continue;
    fixed[flag] = fixed[bound];
    delete fixed[bound];
  }
}

/** Draft 3: `required: true` stands within the property. */
function hoistRequired(value: JsonSchema, fixed: JsonSchema): void {
  if (!isRecord(value.properties)) return;
  const needed = Object.entries(value.properties).flatMap(([name, part]) =>
    isRecord(part) && part.required === true ? [name] : [],
  );
  if (needed.length > 0) fixed.required = [...new Set([...namesIn(fixed.required), ...needed])];
}

function has(type: unknown, word: string): boolean {
  return type === word || (Array.isArray(type) && type.includes(word));
}

type Keep = (given: unknown, inner: (part: unknown) => unknown) => unknown;

const text: Keep = (given) => (typeof given === "string" ? given : undefined);
const flag: Keep = (given) => (typeof given === "boolean" ? given : undefined);
const count: Keep = (given) => (Number.isInteger(given) && (given as number) >= 0 ? given : undefined);
const number: Keep = (given) => {
  const read = typeof given === "string" && given.trim() !== "" ? Number(given) : given;
  return typeof read === "number" && Number.isFinite(read) ? read : undefined;
};
const schema: Keep = (given, inner) =>
  isRecord(given) ? inner(given) : typeof given === "boolean" ? given : undefined;
const schemas: Keep = (given, inner) => {
  if (!Array.isArray(given)) return undefined;
  const parts = given.filter((part) => isRecord(part) || part === true).map(inner);
  return parts.length > 0 ? parts : undefined;
};
const named: Keep = (given, inner) =>
  isRecord(given) ? Object.fromEntries(Object.entries(given).map(([name, part]) => [name, inner(part)])) : undefined;

/** What a keyword may hold. Others are not looked at: no known server refuses a word that it does not know, except by `strict` rules. */
const KEYWORDS: Record<string, Keep> = {
  type: (given) => {
    const known = (Array.isArray(given) ? given : [given]).map((word) =>
      typeof word === "string" ? (TYPE_WORDS[word.toLowerCase()] ?? word.toLowerCase()) : word,
    );
    const types = [...new Set(known.filter((word) => TYPES.has(word)))];
    return types.length > 1 ? types : types[0];
  },
  properties: (given, inner) => named(given, inner) ?? {},
  patternProperties: named,
  dependentSchemas: named,
  $defs: named,
  definitions: named,
  items: (given, inner) => {
    if (!Array.isArray(given)) return isRecord(given) ? inner(given) : {};
    // A tuple of older drafts.
    const parts = [...new Map(given.map((part) => [JSON.stringify(part), inner(part)])).values()];
    return parts.length > 1 ? { anyOf: parts } : (parts[0] ?? {});
  },
  additionalProperties: schema,
  unevaluatedProperties: schema,
  propertyNames: schema,
  contains: schema,
  not: schema,
  if: schema,
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: schema,
  else: schema,
  anyOf: schemas,
  oneOf: schemas,
  allOf: schemas,
  prefixItems: schemas,
  required: (given) => {
    const names = [...new Set(namesIn(given))];
    return names.length > 0 || (Array.isArray(given) && given.length === 0) ? names : undefined;
  },
  enum: (given) => {
    if (!Array.isArray(given)) return undefined;
    const values = [...new Map(given.map((one) => [JSON.stringify(one), one])).values()];
    return values.length > 0 ? values : undefined;
  },
  $ref: text,
  pattern: text,
  format: text,
  title: text,
  description: text,
  $comment: text,
  minimum: number,
  maximum: number,
  exclusiveMinimum: number,
  exclusiveMaximum: number,
  multipleOf: (given, inner) => {
    const read = number(given, inner);
    return typeof read === "number" && read > 0 ? read : undefined;
  },
  minLength: count,
  maxLength: count,
  minItems: count,
  maxItems: count,
  minProperties: count,
  maxProperties: count,
  uniqueItems: flag,
  nullable: flag,
  deprecated: flag,
  readOnly: flag,
  writeOnly: flag,
};

/** Without what only some engines know: looking around, references back, names of groups, properties of characters. */
function isCommonPattern(pattern: string): boolean {
  return isLinearPattern(pattern) && !/\\[pPu]|\(\?/.test(pattern.replaceAll("(?:", ""));
}

function isUsableRef(ref: unknown, root: JsonSchema): boolean {
  return typeof ref === "string" && (ref === "#" || (ref.startsWith("#/") && resolveRef(root, ref) !== undefined));
}

function namesIn(list: unknown): string[] {
  return Array.isArray(list) ? list.filter((name) => typeof name === "string") : [];
}

function isRecord(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
