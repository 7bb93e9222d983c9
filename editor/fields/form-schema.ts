/** The form of a node type, from its config schema and hints. Cached per type. */
import { z } from "zod";
import type { FieldHint, NodeDefinition } from "../../runtime/node.ts";
import type { JsonSchema } from "../../runtime/tool.ts";
import { formHint } from "../i18n/node-words.ts";

export interface FormField {
  name: string;
  hint: FieldHint;
  schema: JsonSchema;
  fallback: unknown;
}

const known = new WeakMap<NodeDefinition, FormField[]>();

/** The fields in the order of the hints, then of the schema; hidden ones are left out. */
export function formFields(definition: NodeDefinition): FormField[] {
  const found = known.get(definition);
  if (found) return found;
  const schema = z.toJSONSchema(definition.config, {
    io: "input",
    unrepresentable: "any",
    cycles: "ref",
    reused: "inline",
  }) as { properties?: Record<string, JsonSchema> };
  const fresh = definition.config.safeParse({});
  const defaults = (fresh.success ? fresh.data : {}) as Record<string, unknown>;
  const properties = schema.properties ?? {};
  const names = [...new Set([...Object.keys(definition.form ?? {}), ...Object.keys(properties)])];
  const fields = names.flatMap((name): FormField[] => {
    const part = properties[name] ?? {};
    const hint = (formHint(definition, name) as FieldHint | undefined) ?? defaultHint(part);
    return hint.widget === "hidden" ? [] : [{ name, hint, schema: part, fallback: defaults[name] }];
  });
  known.set(definition, fields);
  return fields;
}

/** The widget for a key without a hint, chosen by its type. */
function defaultHint(schema: JsonSchema): FieldHint {
  const { type } = schema;
  if (Array.isArray(schema.enum)) return { widget: "select" };
  if (type === "boolean") return { widget: "toggle" };
  if (type === "number" || type === "integer") return { widget: "number" };
  if (type === "string") return { widget: "text" };
  return { widget: "json" };
}
