/** The inputs of a published agent as JSON Schema. */
import type { Field } from "../../runtime/field.ts";

const SCHEMAS: Record<Field["kind"], Record<string, unknown> | undefined> = {
  text: { type: "string" },
  json: {},
  any: {},
  messages: { type: "array", items: { type: "object" } },
  documents: { type: "array", items: { type: "object" } },
  files: { type: "array", items: { type: "string" }, description: "Ids of files uploaded to /v1/files." },
  tools: undefined,
};

/** `message` and the declared fields. */
export function inputsOf(fields: readonly Field[]): {
  properties: Record<string, Record<string, unknown>>;
  required: string[];
} {
  const properties: Record<string, Record<string, unknown>> = {
    message: { type: "string", description: "The user's message." },
  };
  const required = ["message"];
  for (const field of fields) {
    const schema = SCHEMAS[field.kind];
    if (!schema) continue;
    properties[field.name] = schema;
    if (field.required) required.push(field.name);
  }
  return { properties, required };
}
