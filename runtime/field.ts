/** A field that an author declares: an input of an agent, a code node or a body. Each is a port. */
import { z } from "zod";
import type { Issue } from "./issue.ts";
import { Kind, type Port } from "./port.ts";

export const FIELD_NAME = /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/;

export const Field = z.strictObject({
  name: z.string().regex(FIELD_NAME, "A name is a letter or _, then letters, digits, _ or -."),
  kind: Kind.default("text"),
  required: z.boolean().default(true),
});
export type Field = z.infer<typeof Field>;

export function fieldPorts(fields: readonly Field[]): Port[] {
  return fields.map(({ name, kind, required }) => ({ id: name, kind, ...(required ? {} : { optional: true }) }));
}

/** An issue for the first name that is repeated or in `taken`. `path` is within the config. */
export function takenNames(
  fields: readonly { name: string }[],
  taken: readonly string[],
  path: string,
): Omit<Issue, "node">[] {
  const seen = new Set(taken);
  for (const { name } of fields) {
    if (seen.has(name))
      return [
        {
          severity: "error",
          code: "bad-config",
          message: `The name "${name}" is taken.`,
          path,
          fix: "Give it another name.",
        },
      ];
    seen.add(name);
  }
  return [];
}
