/** A JSON Schema of an object as a list of named fields, and back. Nothing is lost on the way. */
import type { JsonSchema } from "../../runtime/tool.ts";

export const ROW_TYPES = ["string", "number", "integer", "boolean", "choice", "object"] as const;
export type RowType = (typeof ROW_TYPES)[number];

export interface SchemaRow {
  name: string;
  type: RowType;
  /** The value is a list of this type. */
  list: boolean;
  required: boolean;
  description: string;
  /** The values of a choice. */
  choices: string[];
  /** The fields of an object. */
  rows: SchemaRow[];
  /** Keywords that have no field here, of the value and of the items of a list. */
  rest: JsonSchema;
  itemRest: JsonSchema;
}

export interface SchemaRows {
  rows: SchemaRow[];
  rest: JsonSchema;
}

export const freshRow = (name: string): SchemaRow => ({
  name,
  type: "string",
  list: false,
  required: true,
  description: "",
  choices: [],
  rows: [],
  rest: {},
  itemRest: {},
});

/** What a fresh object has beside its fields. */
export const CLOSED: JsonSchema = { additionalProperties: false };

/** Undefined for a schema that cannot be shown as fields without losing something. */
export function readRows(schema: unknown): SchemaRows | undefined {
  const read = isObject(schema) ? readObject(schema) : undefined;
  return read && sameSchema(writeRows(read), schema) ? read : undefined;
}

export function writeRows({ rows, rest }: SchemaRows): JsonSchema {
  const required = rows.filter((row) => row.required).map((row) => row.name);
  return {
    type: "object",
    properties: Object.fromEntries(rows.map((row) => [row.name, writeRow(row)])),
    ...(required.length > 0 && { required }),
    ...rest,
  };
}

function writeRow(row: SchemaRow): JsonSchema {
  const description = row.description === "" ? {} : { description: row.description };
  if (row.list) return { type: "array", ...description, items: { ...writeType(row), ...row.itemRest }, ...row.rest };
  if (row.type === "object") return { ...description, ...writeType(row) };
  return { ...writeType(row), ...description, ...row.rest };
}

function writeType(row: SchemaRow): JsonSchema {
  if (row.type === "choice") return { type: "string", enum: row.choices };
  if (row.type === "object") return writeRows({ rows: row.rows, rest: row.list ? {} : row.rest });
  return { type: row.type };
}

function readObject(schema: JsonSchema): SchemaRows | undefined {
  const { type, properties = {}, required = [], ...rest } = schema;
  if (type !== "object" || !isObject(properties) || !Array.isArray(required)) return undefined;
  const rows: SchemaRow[] = [];
  for (const [name, property] of Object.entries(properties)) {
    const row = isObject(property) ? readRow(name, property, required.includes(name)) : undefined;
    if (!row) return undefined;
    rows.push(row);
  }
  return { rows, rest };
}

function readRow(name: string, schema: JsonSchema, required: boolean): SchemaRow | undefined {
  const { description = "", ...said } = schema;
  if (typeof description !== "string") return undefined;
  const row = { ...freshRow(name), required, description };
  if (said.type !== "array") {
    const read = readType(said);
    return read && { ...row, ...read };
  }
  const { type: _array, items, ...rest } = said;
  const read = isObject(items) ? readType(items) : undefined;
  return read && { ...row, ...read, list: true, rest, itemRest: read.rest };
}

function readType(schema: JsonSchema): Pick<SchemaRow, "type" | "choices" | "rows" | "rest"> | undefined {
  if (schema.type === "object") {
    const read = readObject(schema);
    return read && { type: "object", choices: [], ...read };
  }
  const { type, ...rest } = schema;
  if (type === "string" && "enum" in rest) {
    const { enum: choices, ...others } = rest;
    const texts = Array.isArray(choices) && choices.every((one) => typeof one === "string");
    return texts ? { type: "choice", choices: choices as string[], rows: [], rest: others } : undefined;
  }
  const known = ROW_TYPES.find((one) => one === type && one !== "choice");
  return known && { type: known, choices: [], rows: [], rest };
}

/** Equal but for the order of keys and of required names, which has no meaning. */
function sameSchema(a: unknown, b: unknown): boolean {
  return JSON.stringify(canonical(a)) === JSON.stringify(canonical(b));
}

function canonical(value: unknown, key = ""): unknown {
  if (Array.isArray(value)) {
    const items = value.map((one) => canonical(one));
    return key === "required" && items.every((one) => typeof one === "string") ? items.sort() : items;
  }
  if (!isObject(value)) return value;
  const entries = Object.entries(value)
    .filter(([name, member]) => !(name === "required" && Array.isArray(member) && member.length === 0))
    .map(([name, member]) => [name, canonical(member, name)] as const);
  return Object.fromEntries(entries.sort(([x], [y]) => (x < y ? -1 : 1)));
}

function isObject(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
