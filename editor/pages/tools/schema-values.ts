/** A tool's JSON Schema as a form: its fields, and the conversion of entered text to arguments. */
import type { JsonSchema } from "../../../runtime/tool.ts";

export type FieldKind = "text" | "longtext" | "number" | "integer" | "boolean" | "choice" | "list" | "json";

export interface SchemaField {
  name: string;
  kind: FieldKind;
  label: string;
  description?: string;
  required: boolean;
  choices?: string[];
  placeholder?: string;
  initial: string;
}

const MULTILINE = /text|content|body|source|code|message|prompt|query_text|markdown|html/i;

/** The fields of an object schema, required ones first. A type without a simple widget is edited as JSON. */
export function fieldsOf(schema: JsonSchema): SchemaField[] {
  const properties = (schema.properties ?? {}) as Record<string, JsonSchema>;
  const required = new Set(Array.isArray(schema.required) ? (schema.required as string[]) : []);
  return Object.entries(properties)
    .map(([name, property]) => field(name, property ?? {}, required.has(name)))
    .sort((a, b) => Number(b.required) - Number(a.required));
}

function field(name: string, schema: JsonSchema, required: boolean): SchemaField {
  const kind = kindOf(name, schema);
  const fallback = schema.default ?? schema.const;
  const example = Array.isArray(schema.examples) ? schema.examples[0] : schema.example;
  return {
    name,
    kind,
    label: name,
    ...(typeof schema.description === "string" && { description: schema.description }),
    required,
    ...(kind === "choice" && { choices: (schema.enum as unknown[]).map(String) }),
    ...(example !== undefined && { placeholder: written(example, kind) }),
    initial: fallback === undefined ? "" : written(fallback, kind),
  };
}

function kindOf(name: string, schema: JsonSchema): FieldKind {
  const type = Array.isArray(schema.type) ? schema.type.find((one) => one !== "null") : schema.type;
  if (Array.isArray(schema.enum) && schema.enum.every((one) => typeof one === "string")) return "choice";
  if (type === "boolean") return "boolean";
  if (type === "integer") return "integer";
  if (type === "number") return "number";
  if (type === "string") return MULTILINE.test(name) && schema.maxLength === undefined ? "longtext" : "text";
  if (
    type === "array" &&
    ["string", undefined].includes((schema.items as JsonSchema | undefined)?.type as string | undefined)
  )
    return schema.items ? "list" : "json";
  return "json";
}

function written(value: unknown, kind: FieldKind): string {
  if (kind === "list" && Array.isArray(value)) return value.join("\n");
  return typeof value === "string" ? value : (JSON.stringify(value, null, 2) ?? "");
}

/** The current text of a field. */
export function typedFor(field: SchemaField, typed: Readonly<Record<string, string>>): string {
  return Object.hasOwn(typed, field.name) ? typed[field.name]! : field.initial;
}

export type Fault = "missing" | "number" | "json";

/**
 * Converts entered text to arguments. Empty optional fields are left out; `faults` holds the invalid fields by name.
 * The server checks the arguments against the whole schema.
 */
export function argumentsOf(
  fields: readonly SchemaField[],
  typed: Readonly<Record<string, string>>,
): { args: Record<string, unknown>; faults: Record<string, Fault> } {
  // Without a prototype, because an argument can have any name.
  const args: Record<string, unknown> = Object.create(null);
  const faults: Record<string, Fault> = Object.create(null);
  for (const one of fields) {
    const text = typedFor(one, typed);
    if (text.trim() === "") {
      // A required text may be empty; other types may not.
      if (one.required) faults[one.name] = "missing";
      continue;
    }
    const value = parse(one.kind, text);
    if (value === undefined) faults[one.name] = one.kind === "json" ? "json" : "number";
    else args[one.name] = value;
  }
  return { args, faults };
}

/** `undefined` if the text is not a value of the kind. */
function parse(kind: FieldKind, text: string): unknown {
  switch (kind) {
    case "number": {
      const value = Number(text);
      return Number.isFinite(value) ? value : undefined;
    }
    case "integer":
      return /^\s*-?\d+\s*$/.test(text) ? Number(text) : undefined;
    case "boolean":
      return text === "true";
    case "list":
      return text.split("\n").flatMap((line) => line.trim() || []);
    case "json":
      try {
        return JSON.parse(text);
      } catch {
        return undefined;
      }
    default:
      return text;
  }
}
