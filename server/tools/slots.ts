/** `{{argument}}` slots, filled once from own properties of the arguments. */
import { PatchbayError } from "../../runtime/error.ts";
import { getPath } from "./json-path.ts";

const SLOT = /\{\{\s*([\p{L}_][\p{L}\p{M}\p{N}_.-]{0,127})\s*\}\}/gu;
const WHOLE = new RegExp(`^${SLOT.source}$`, "u");

/** The arguments (first part of each path) that a template uses. */
export function slotNames(template: string): string[] {
  return [...new Set(Array.from(template.matchAll(SLOT), (match) => match[1]!.split(".")[0]!))];
}

/** The value of a template that is exactly one slot. `value` is undefined when the argument was not given. */
export function wholeSlot(template: string, args: unknown): { value: unknown } | undefined {
  const name = WHOLE.exec(template)?.[1];
  return name === undefined ? undefined : { value: getPath(args, name) };
}

/** Fills slots, each value through `print`; a missing argument is undefined. Slots inside values are not filled. */
export function fillSlots(template: string, args: unknown, print: (value: unknown) => string = asText): string {
  return template.replaceAll(SLOT, (_, name: string) => print(getPath(args, name)));
}

export function asText(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Throws `bad_request` for a slot that is not a declared argument. */
export function checkSlots(what: string, template: string, parameters: Record<string, unknown>): void {
  const declared = parameters.properties;
  for (const name of slotNames(template))
    if (typeof declared !== "object" || declared === null || !Object.hasOwn(declared, name))
      throw new PatchbayError("bad_request", `The ${what} uses {{${name}}}, which is not an argument of the tool.`);
}

/** The arguments, with the schema's defaults for missing ones. */
export function withDefaults(
  args: Record<string, unknown>,
  parameters: Record<string, unknown>,
): Record<string, unknown> {
  const { properties } = parameters;
  if (typeof properties !== "object" || properties === null) return args;
  const filled = { ...args };
  for (const [name, property] of Object.entries(properties as Record<string, { default?: unknown } | null>))
    if (filled[name] === undefined && property?.default !== undefined) filled[name] = property.default;
  return filled;
}
