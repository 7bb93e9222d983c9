/** A condition on a value, as data, for routers and loops. Without regular expressions or code. */
import { z } from "zod";

export const OPERATORS = ["contains", "equals", "starts", "ends", "above", "below", "empty", "present"] as const;

export const Rule = z.strictObject({
  /** Dotted path into a JSON value; empty: the value itself. Own properties only. */
  path: z.string().max(300).default(""),
  op: z.enum(OPERATORS).default("contains"),
  /** Compared without case. For `contains`: alternatives, separated by commas. */
  value: z.string().max(2000).default(""),
});
export type Rule = z.infer<typeof Rule>;

/** Whether a value meets a rule. Never throws. */
export function matchesRule(value: unknown, rule: Rule): boolean {
  const found = valueAt(value, rule.path);
  const text = asText(found).toLowerCase();
  const wanted = rule.value.trim().toLowerCase();
  switch (rule.op) {
    case "contains":
      return wanted
        .split(/[,，、]/)
        .map((part) => part.trim())
        .some((part) => part !== "" && text.includes(part));
    case "equals":
      return text.trim() === wanted;
    case "starts":
      return text.trimStart().startsWith(wanted);
    case "ends":
      return text.trimEnd().endsWith(wanted);
    case "above":
      return Number.parseFloat(text) > Number.parseFloat(wanted);
    case "below":
      return Number.parseFloat(text) < Number.parseFloat(wanted);
    case "empty":
      return isEmpty(found);
    case "present":
      return !isEmpty(found);
  }
}

/** The value at a dotted path; undefined when it does not exist. A JSON text is parsed first. */
export function valueAt(value: unknown, path: string): unknown {
  if (path === "") return value;
  let current: unknown = value;
  if (typeof current === "string") {
    try {
      current = JSON.parse(current);
    } catch {
      return undefined;
    }
  }
  for (const key of path.split(".")) {
    if (typeof current !== "object" || current === null || !Object.hasOwn(current, key)) return undefined;
    current = (current as Record<string, unknown>)[key];
  }
  return current;
}

function asText(value: unknown): string {
  return typeof value === "string" ? value : value === undefined || value === null ? "" : JSON.stringify(value);
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  if (typeof value === "string") return value.trim() === "";
  if (Array.isArray(value)) return value.length === 0;
  return typeof value === "object" && Object.keys(value).length === 0;
}
