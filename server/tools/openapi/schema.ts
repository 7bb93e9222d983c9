/**
 * Converts schemas of an API into schemas of arguments: references are resolved, OpenAPI's own keywords are translated,
 * and depth and size are limited so that a model can read them. `notes` lists what was shortened.
 */
import { isLinearPattern } from "../../../runtime/json-schema.ts";
import type { JsonSchema } from "../../../runtime/tool.ts";
import { cleanText, cutText } from "../clean-text.ts";
import { follow, isObject, isTrue, type Json, text } from "./document.ts";

const MAX_DEPTH = 8;
const MAX_NODES = 400;
/** Parts of `allOf` that are merged for one operation: each can refer to others that have parts. */
const MAX_PARTS = 2_000;
const MAX_ENUM = 100;
const MAX_NOTE = 300;

const COPIED = [
  "format",
  "minimum",
  "maximum",
  "minLength",
  "maxLength",
  "minItems",
  "maxItems",
  "uniqueItems",
  "multipleOf",
  "minProperties",
  "maxProperties",
  "const",
] as const;

/** `additional`: `additionalProperties`, where the schema says something about it. */
export interface ObjectParts {
  properties: Json;
  required: string[];
  additional?: unknown;
}

export class SchemaReader {
  readonly notes = new Set<string>();
  readonly #root: Json;
  readonly #active: Json[] = [];
  #nodes = 0;
  #parts = 0;

  constructor(root: Json) {
    this.#root = root;
  }

  /** A schema object (or Swagger 2 parameter) as JSON Schema; `{}` when it cannot be read. */
  read(input: unknown, depth = 0): JsonSchema {
    if (input === true || input === undefined) return {};
    const beside = isObject(input) && input.$ref !== undefined ? withSiblings(input) : undefined;
    if (beside) return this.read(beside, depth);
    const found = follow(this.#root, input);
    if ("fault" in found) return this.#leave(`a schema was left open: ${found.fault}`);
    const schema = found.value;
    if (this.#active.includes(schema)) return this.#leave("a recursive schema was cut", "object");
    if (depth > MAX_DEPTH || ++this.#nodes > MAX_NODES) return this.#leave("a large schema was shortened", schema.type);
    this.#active.push(schema);
    const result = this.#convert(schema, depth);
    this.#active.pop();
    return result;
  }

  /** The properties of an object schema with those of its `allOf`; undefined when it is not a plain object. */
  objectParts(input: unknown, active: readonly Json[] = []): ObjectParts | undefined {
    const found = follow(this.#root, input);
    if ("fault" in found) return undefined;
    const schema = found.value;
    if (schema.oneOf || schema.anyOf || schema.not || active.includes(schema)) return undefined;
    if (++this.#parts > MAX_PARTS) {
      this.notes.add("a large schema was shortened");
      return undefined;
    }
    const { allOf } = schema;
    if (Array.isArray(allOf)) {
      const own = { ...schema, allOf: undefined, type: schema.type ?? "object" };
      const merged: ObjectParts = { properties: {}, required: [] };
      for (const part of [...allOf, own]) {
        const each = this.objectParts(part, [...active, schema]);
        if (!each) return undefined;
        Object.assign(merged.properties, each.properties);
        merged.required.push(...each.required);
        if (each.additional !== undefined && merged.additional !== true) merged.additional = each.additional;
      }
      return merged;
    }
    const types = [schema.type].flat().filter((type) => type !== "null");
    if (types.some((type) => type !== undefined && type !== "object")) return undefined;
    const { additionalProperties: additional, patternProperties } = schema;
    const open = isObject(patternProperties) && additional === undefined ? true : additional;
    const closed = open === undefined || open === false;
    // a part of `allOf` may say only what is required
    const isObjectPart = types[0] === "object" || Array.isArray(schema.required);
    if (!isObject(schema.properties) && !(isObjectPart && closed)) return undefined;
    return {
      properties: isObject(schema.properties) ? schema.properties : {},
      required: strings(schema.required),
      ...(open === undefined ? {} : { additional: open }),
    };
  }

  #convert(schema: Json, depth: number): JsonSchema {
    const result: JsonSchema = {};
    const note = cutText(cleanText(text(schema.description) || text(schema.title)), MAX_NOTE);
    if (note) result.description = note;
    const type = typeOf(schema);
    if (type !== undefined) result.type = type;
    for (const key of COPIED) if (schema[key] !== undefined) result[key] = typedValue(schema[key], type);
    this.#bound(schema, result, "Minimum");
    this.#bound(schema, result, "Maximum");
    if (schema.default !== undefined && JSON.stringify(schema.default).length <= 200)
      result.default = typedValue(schema.default, type);
    if (Array.isArray(schema.enum)) {
      if (schema.enum.length <= MAX_ENUM) result.enum = schema.enum.map((each) => typedValue(each, type));
      else this.notes.add("a long list of allowed values was left out");
    }
    const pattern = text(schema.pattern);
    if (pattern) {
      if (isLinearPattern(pattern)) result.pattern = pattern;
      else this.notes.add("a pattern that cannot be checked in linear time was left out");
    }
    if (schema.items !== undefined) result.items = this.read(schema.items, depth + 1);
    const merged = Array.isArray(schema.allOf) ? this.objectParts(schema) : undefined;
    this.#properties(merged ? asObject(merged) : schema, result, depth);
    // `oneOf` of an API is often imprecise: several may match, and the API decides
    for (const key of ["oneOf", "anyOf", "allOf"] as const)
      if (Array.isArray(schema[key]) && !(key === "allOf" && merged))
        result[key === "oneOf" ? "anyOf" : key] = schema[key].map((each) => this.read(each, depth + 1));
    const plain = inlineOnlyPart(result);
    return isTrue(schema.nullable) || isTrue(schema["x-nullable"]) ? allowNull(plain) : plain;
  }

  #properties(schema: Json, result: JsonSchema, depth: number): void {
    if (isObject(schema.properties)) {
      result.type ??= "object";
      const properties: Json = {};
      for (const [name, property] of Object.entries(schema.properties)) {
        const resolved = follow(this.#root, property);
        if ("value" in resolved && isTrue(resolved.value.readOnly)) continue;
        properties[name] = this.read(property, depth + 1);
      }
      result.properties = properties;
      const required = strings(schema.required).filter((name) => Object.hasOwn(properties, name));
      if (required.length) result.required = [...new Set(required)];
    }
    if (schema.additionalProperties === false) result.additionalProperties = false;
    else if (isObject(schema.additionalProperties) && Object.keys(schema.additionalProperties).length)
      result.additionalProperties = this.read(schema.additionalProperties, depth + 1);
  }

  /** 3.0 has `exclusiveMinimum: true` beside `minimum`; 3.1 has the number itself. */
  #bound(schema: Json, result: JsonSchema, which: "Minimum" | "Maximum"): void {
    const exclusive = schema[`exclusive${which}`];
    const plain = which.toLowerCase();
    if (typeof exclusive === "number") result[`exclusive${which}`] = exclusive;
    else if (exclusive === true && typeof schema[plain] === "number") {
      result[`exclusive${which}`] = schema[plain];
      delete result[plain];
    }
  }

  #leave(note: string, type?: unknown): JsonSchema {
    this.notes.add(note);
    return typeof type === "string" && type !== "file" ? { type } : {};
  }
}

/** A reference with more than itself (3.1, and many documents of 3.0) as the schema that is meant. */
function withSiblings(schema: Json): Json | undefined {
  const { $ref, ...siblings } = schema;
  const { description, nullable, ...rest } = siblings;
  if (!Object.keys(siblings).some((key) => MEANT_BESIDE.has(key))) return undefined;
  const part = {
    ...rest,
    ...(description === undefined ? {} : { description }),
    ...(isTrue(nullable) && { nullable }),
  };
  return { ...part, allOf: [{ $ref }] };
}

const MEANT_BESIDE: ReadonlySet<string> = new Set([
  ...["description", "nullable", "x-nullable", "default", "enum", "const", "format", "pattern"],
  ...["minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "properties", "required"],
]);

function asObject({ properties, required, additional }: ObjectParts): Json {
  return { properties, required, additionalProperties: additional };
}

function typeOf(schema: Json): unknown {
  const { type } = schema;
  if (type === "file") return "string";
  return type === undefined && isObject(schema.properties) ? "object" : type;
}

/** A value as the type has it: YAML reads `1.0` and `yes` without quotes as something else than text. */
function typedValue(value: unknown, type: unknown): unknown {
  const isText =
    type === "string" || (Array.isArray(type) && type.every((each) => each === "string" || each === "null"));
  return isText && (typeof value === "number" || typeof value === "boolean") ? String(value) : value;
}

/** `allOf` with one part, which carries a description or a default in 3.0, without the `allOf`. */
function inlineOnlyPart(schema: JsonSchema): JsonSchema {
  const { allOf, ...rest } = schema;
  if (!Array.isArray(allOf) || allOf.length !== 1) return schema;
  const part = allOf[0] as JsonSchema;
  const clashes = Object.keys(rest).some((key) => key !== "description" && key !== "default" && key in part);
  return clashes ? schema : { ...part, ...rest };
}

/** The schema, and null. */
function allowNull(schema: JsonSchema): JsonSchema {
  const { type, enum: values, const: constant, anyOf, allOf, ...rest } = schema;
  if (allOf !== undefined || (anyOf !== undefined && type !== undefined)) {
    const { description, ...others } = schema;
    return { ...(description === undefined ? {} : { description }), anyOf: [others, { type: "null" }] };
  }
  const result: JsonSchema = { ...rest };
  if (type !== undefined) result.type = [...new Set([type, "null"].flat())];
  if (Array.isArray(anyOf)) result.anyOf = [...anyOf, { type: "null" }];
  if (Array.isArray(values)) result.enum = values.includes(null) ? values : [...values, null];
  if (constant !== undefined) result.enum = [constant, null];
  return result;
}

export function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
}
