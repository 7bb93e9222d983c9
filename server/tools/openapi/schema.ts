/**
 * Converts schemas of an API into schemas of arguments: references are resolved, OpenAPI's own keywords are translated,
 * and depth and size are limited so that a model can read them. `notes` lists what was shortened.
 */
import { isLinearPattern } from "../../../runtime/json-schema.ts";
import type { JsonSchema } from "../../../runtime/tool.ts";
import { cleanText, cutText } from "../clean-text.ts";
import { follow, isObject, type Json, text } from "./document.ts";

const MAX_DEPTH = 8;
const MAX_NODES = 400;
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

export class SchemaReader {
  readonly notes = new Set<string>();
  readonly #root: Json;
  readonly #active: Json[] = [];
  #nodes = 0;

  constructor(root: Json) {
    this.#root = root;
  }

  /** A schema object (or Swagger 2 parameter) as JSON Schema; `{}` when it cannot be read. */
  read(input: unknown, depth = 0): JsonSchema {
    if (input === true || input === undefined) return {};
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

  /** The properties of an object schema with those of its `allOf`; Undefined when it is not a plain object. */
  objectParts(input: unknown): { properties: Json; required: string[] } | undefined {
    const found = follow(this.#root, input);
    if ("fault" in found) return undefined;
    const schema = found.value;
    if (schema.oneOf || schema.anyOf || schema.not) return undefined;
    if (Array.isArray(schema.allOf)) {
      const parts = [...schema.allOf, { properties: schema.properties, required: schema.required, type: "object" }];
      const merged = { properties: {} as Json, required: [] as string[] };
      for (const part of parts) {
        if (this.#active.includes(schema)) return undefined;
        this.#active.push(schema);
        const each = this.objectParts(part);
        this.#active.pop();
        if (!each) return undefined;
        Object.assign(merged.properties, each.properties);
        merged.required.push(...each.required);
      }
      return merged;
    }
    if (schema.type !== undefined && schema.type !== "object") return undefined;
    if (!isObject(schema.properties))
      return schema.type === "object" && schema.additionalProperties === undefined
        ? { properties: {}, required: [] }
        : undefined;
    return { properties: schema.properties, required: strings(schema.required) };
  }

  #convert(schema: Json, depth: number): JsonSchema {
    const result: JsonSchema = {};
    const note = cutText(cleanText(text(schema.description) || text(schema.title)), MAX_NOTE);
    if (note) result.description = note;
    const type = this.#type(schema);
    if (type !== undefined) result.type = type;
    for (const key of COPIED) if (schema[key] !== undefined) result[key] = schema[key];
    this.#bound(schema, result, "Minimum");
    this.#bound(schema, result, "Maximum");
    if (schema.default !== undefined && JSON.stringify(schema.default).length <= 200) result.default = schema.default;
    if (Array.isArray(schema.enum)) {
      if (schema.enum.length <= MAX_ENUM)
        result.enum = schema.nullable === true && !schema.enum.includes(null) ? [...schema.enum, null] : schema.enum;
      else this.notes.add("a long list of allowed values was left out");
    }
    if (typeof schema.pattern === "string") {
      if (isLinearPattern(schema.pattern)) result.pattern = schema.pattern;
      else this.notes.add("a pattern that cannot be checked in linear time was left out");
    }
    if (schema.items !== undefined) result.items = this.read(schema.items, depth + 1);
    if (isObject(schema.properties)) {
      const properties: Json = {};
      for (const [name, property] of Object.entries(schema.properties)) {
        const resolved = follow(this.#root, property);
        if ("value" in resolved && resolved.value.readOnly === true) continue;
        properties[name] = this.read(property, depth + 1);
      }
      result.properties = properties;
      const required = strings(schema.required).filter((name) => Object.hasOwn(properties, name));
      if (required.length) result.required = required;
    }
    if (schema.additionalProperties === false) result.additionalProperties = false;
    else if (isObject(schema.additionalProperties) && Object.keys(schema.additionalProperties).length)
      result.additionalProperties = this.read(schema.additionalProperties, depth + 1);
    // `oneOf` of an API is often imprecise: several may match, and the API decides
    for (const key of ["oneOf", "anyOf", "allOf"] as const)
      if (Array.isArray(schema[key]))
        result[key === "oneOf" ? "anyOf" : key] = schema[key].map((each) => this.read(each, depth + 1));
    return result;
  }

  #type(schema: Json): unknown {
    const { type } = schema;
    if (type === "file") return "string";
    if (typeof type === "string") return schema.nullable === true ? [type, "null"] : type;
    if (Array.isArray(type)) return type;
    if (isObject(schema.properties)) return "object";
    return undefined;
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

export function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
}
