/** Validates values against schemas that `argumentsProblem` accepted when they were imported. */
import { SchemaError, schemaFault as valueFault } from "../../runtime/json-schema.ts";
import type { JsonSchema } from "../../runtime/tool.ts";

/**
 * Describes the mismatch as part of a sentence; undefined when the value is valid. An unusable schema checks nothing:
 * it was reported at import.
 */
export function schemaMismatch(schema: JsonSchema, value: unknown): string | undefined {
  try {
    return valueFault(schema, value);
  } catch (thrown) {
    if (thrown instanceof SchemaError) return undefined;
    throw thrown;
  }
}
