/** Values against schemas that passed `argumentsProblem` when they came in. */
import { SchemaError, schemaFault as valueFault } from "../../runtime/json-schema.ts";
import type { JsonSchema } from "../../runtime/tool.ts";

/**
 * What is wrong with a value, as part of a sentence; `undefined` when it fits. A schema that cannot be used checks
 * nothing: it was reported when it came in.
 */
export function schemaMismatch(schema: JsonSchema, value: unknown): string | undefined {
  try {
    return valueFault(schema, value);
  } catch (thrown) {
    if (thrown instanceof SchemaError) return undefined;
    throw thrown;
  }
}
