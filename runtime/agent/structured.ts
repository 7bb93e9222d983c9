/** The answer as JSON. */
import { readJson } from "../formats/json.ts";
import { SchemaError, schemaFault } from "../json-schema.ts";
import type { JsonSchema } from "../tool.ts";

/** The JSON value of an answer that must match a schema, or what is wrong with it in words for the model. */
export function readStructured(text: string, schema: JsonSchema): { value: unknown } | { fault: string } {
  const parsed = parseAnswer(text);
  if (!parsed) return { fault: "it is not one JSON value" };
  try {
    const fault = schemaFault(schema, parsed.value);
    return fault ? { fault } : parsed;
  } catch (error) {
    if (error instanceof SchemaError) return { fault: `the schema itself cannot be used: ${error.message}` };
    throw error;
  }
}

/** The JSON value that a text is, or holds between fences and words; undefined when it holds none, or several. */
function parseAnswer(text: string): { value: unknown } | undefined {
  const whole = wholeJson(text);
  if (whole) return whole;
  const values = readJson(text);
  return values?.length === 1 ? { value: values[0] } : undefined;
}

/** The JSON value that a text is, with nothing around it. */
export function wholeJson(text: string): { value: unknown } | undefined {
  const trimmed = text.trim();
  if (!/^(?:[[{"\d-]|(?:true|false|null)$)/.test(trimmed)) return undefined;
  try {
    return { value: JSON.parse(trimmed) };
  } catch {
    return undefined;
  }
}
