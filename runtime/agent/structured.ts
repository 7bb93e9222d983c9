/** The reply as JSON. */
import { readJson } from "../formats/json.ts";
import { SchemaError, schemaFault } from "../json-schema.ts";
import type { JsonSchema } from "../tool.ts";

/** The JSON value of a reply with a schema, or its fault as part of a sentence for the model. */
export function readStructured(text: string, schema: JsonSchema): { value: unknown } | { fault: string } {
  const parsed = parseReply(text);
  if (!parsed) return { fault: "it is not one JSON value" };
  try {
    const fault = schemaFault(schema, parsed.value);
    return fault ? { fault } : parsed;
  } catch (error) {
    if (error instanceof SchemaError) return { fault: `the schema itself cannot be used: ${error.message}` };
    throw error;
  }
}

/** The JSON value in a text, without fences and words around it. Undefined without a value, or with several. */
function parseReply(text: string): { value: unknown } | undefined {
  const whole = wholeJson(text);
  if (whole) return whole;
  const values = readJson(text);
  return values?.length === 1 ? { value: values[0] } : undefined;
}

/** The JSON value of a text that is only JSON. */
export function wholeJson(text: string): { value: unknown } | undefined {
  const trimmed = text.trim();
  if (!/^(?:[[{"\d-]|(?:true|false|null)$)/.test(trimmed)) return undefined;
  try {
    return { value: JSON.parse(trimmed) };
  } catch {
    return undefined;
  }
}
