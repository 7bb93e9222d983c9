/** Values checked against JSON Schemas that passed `schemaFault`. Compiled once a schema object, kept while it lives. */
import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import type { JsonSchema } from "../../runtime/tool.ts";
import { schemaFault } from "./schema-guard.ts";

const MAX_CHECKED = 10;
const compiled = new WeakMap<object, ValidateFunction | { fault: string }>();

/**
 * What is wrong with a value, in one sentence that names the place; `undefined` when it fits. A schema that cannot be
 * used checks nothing: it was reported when it came in.
 */
export function schemaMismatch(schema: JsonSchema, value: unknown): string | undefined {
  const validate = compile(schema);
  if (typeof validate !== "function" || validate(value)) return undefined;
  const errors = (validate.errors ?? []).slice(0, MAX_CHECKED);
  return describe(errors[0]);
}

function compile(schema: JsonSchema): ValidateFunction | { fault: string } {
  const known = compiled.get(schema);
  if (known) return known;
  let result: ValidateFunction | { fault: string };
  const fault = schemaFault(schema);
  if (fault) result = { fault };
  else {
    try {
      // an instance a schema: `$id`s of different tools never meet
      result = new Ajv2020({ strict: false, validateFormats: false, logger: false, addUsedSchema: false }).compile(
        schema,
      );
    } catch (thrown) {
      result = { fault: thrown instanceof Error ? thrown.message : String(thrown) };
    }
  }
  compiled.set(schema, result);
  return result;
}

function describe(error: ErrorObject | undefined): string {
  if (!error) return "it does not fit the schema";
  const at = error.instancePath ? `"${error.instancePath.slice(1).replaceAll("/", ".")}"` : "it";
  if (error.keyword === "additionalProperties") return `${at} has the unknown key "${error.params.additionalProperty}"`;
  if (error.keyword === "required")
    return `${at === "it" ? "" : `${at}: `}"${error.params.missingProperty}" is missing`;
  if (error.keyword === "enum")
    return `${at} must be one of ${error.params.allowedValues
      .slice(0, 20)
      .map((each: unknown) => JSON.stringify(each))
      .join(", ")}`;
  return `${at} ${error.message ?? "does not fit"}`;
}
