/**
 * A condition on a value, as data: the one condition language of the product. A rule compares a part of the value, or
 * combines other rules. Patterns run in linear time (RE2), so that no text can block the process.
 */
import { RE2JS } from "re2js";
import { z } from "zod";
import { BoundedMap } from "./bounded-map.ts";
import type { Issue } from "./issue.ts";
import { patternSize } from "./json-schema.ts";

/** They combine `rules`. */
export const GROUPS = ["all", "any"] as const;
/** They compare with `value`. */
const COMPARISONS = [
  "contains",
  "not-contains",
  "equals",
  "not-equals",
  "starts",
  "ends",
  "matches",
  "in",
  "not-in",
  "above",
  "at-least",
  "below",
  "at-most",
  "between",
] as const;
export const OPERATORS = [...COMPARISONS, "empty", "present"] as const;
export type Operator = (typeof OPERATORS)[number];
type Comparison = (typeof COMPARISONS)[number];

/** With counted repetitions written out. */
const MAX_PATTERN_SIZE = 2_000;
/** The length of a text times the size of the compiled pattern: under a second. The rest of a text is not read. */
const MAX_STEPS = 20_000_000;

const leaf = {
  /** Dotted path into a JSON value; empty: the value itself. Own properties only. */
  path: z.string().max(300).default(""),
  /**
   * Compared without case. For `contains` and `in`: alternatives, separated by commas or lines. For `matches`: a regular
   * expression that may match anywhere.
   */
  value: z.string().max(2000).default(""),
  /** For `between`: the upper bound; both bounds are included. */
  to: z.string().max(100).default(""),
};
const op = z.enum([...OPERATORS, ...GROUPS]).default("contains");
/** Two levels of groups express every condition, because every comparison has its negation. */
const Leaf = z.strictObject({ ...leaf, op: z.enum(OPERATORS).default("contains") });
const Group = z.strictObject({ ...leaf, op, rules: z.array(Leaf).max(20).default([]) });
export const Rule = z.strictObject({ ...leaf, op, rules: z.array(Group).max(20).default([]) });
export type Rule = z.infer<typeof Rule>;
/** A rule at any level, with defaults left out. */
export interface PartialRule {
  op?: Rule["op"];
  path?: string;
  value?: string;
  to?: string;
  rules?: PartialRule[];
}

export const isGroup = (rule: PartialRule): rule is PartialRule & { op: "all" | "any" } =>
  rule.op === "all" || rule.op === "any";
export const needsValue = (operator: Rule["op"] | undefined): boolean =>
  COMPARISONS.includes((operator ?? "contains") as Comparison);

/** Whether a value meets a rule. An empty group is not met. Never throws. */
export function matchesRule(value: unknown, rule: PartialRule): boolean {
  if (isGroup(rule)) {
    const { rules = [] } = rule;
    if (rules.length === 0) return false;
    const meets = (one: PartialRule) => matchesRule(value, one);
    return rule.op === "all" ? rules.every(meets) : rules.some(meets);
  }
  const found = valueAt(value, rule.path ?? "");
  const raw = asText(found);
  const text = raw.toLowerCase();
  const wanted = (rule.value ?? "").trim().toLowerCase();
  switch (rule.op ?? "contains") {
    case "contains":
      return alternatives(wanted).some((part) => text.includes(part));
    case "not-contains":
      return !alternatives(wanted).some((part) => text.includes(part));
    case "equals":
      return text.trim() === wanted;
    case "not-equals":
      return text.trim() !== wanted;
    case "starts":
      return text.trimStart().startsWith(wanted);
    case "ends":
      return text.trimEnd().endsWith(wanted);
    case "matches":
      return matchesPattern(raw, rule.value ?? "");
    case "in":
      return alternatives(wanted).includes(text.trim());
    case "not-in":
      return !alternatives(wanted).includes(text.trim());
    case "above":
      return numberOf(text) > numberOf(wanted);
    case "at-least":
      return numberOf(text) >= numberOf(wanted);
    case "below":
      return numberOf(text) < numberOf(wanted);
    case "at-most":
      return numberOf(text) <= numberOf(wanted);
    case "between":
      return numberOf(text) >= numberOf(wanted) && numberOf(text) <= numberOf(rule.to ?? "");
    case "empty":
      return isEmpty(found);
    case "present":
      return !isEmpty(found);
  }
  return false;
}

/** What cannot work in a rule: an error for a pattern that does not parse, a warning for what is never met. */
export function ruleIssues(rule: PartialRule, path: string): Omit<Issue, "node">[] {
  const { op = "contains", value = "", to = "", rules = [] } = rule;
  const warn = (key: string, message: string, fix: string): Omit<Issue, "node">[] => [
    { severity: "warning", code: "bad-config", message, path: `${path}/${key}`, fix },
  ];
  if (isGroup(rule))
    return rules.length === 0
      ? warn("rules", "A group of conditions is empty, so it is never met.", "Add a condition, or remove the group.")
      : rules.flatMap((one, at) => ruleIssues(one, `${path}/rules/${at}`));
  if (op === "matches") {
    const fault = patternFault(value);
    return fault === undefined
      ? []
      : [
          {
            severity: "error",
            code: "bad-config",
            message: `The pattern "${value.slice(0, 100)}" cannot be used: ${fault}.`,
            path: `${path}/value`,
            fix: "Correct the regular expression (RE2 syntax: no look-around, no back references).",
          },
        ];
  }
  if (["above", "at-least", "below", "at-most", "between"].includes(op)) {
    for (const [key, text] of [["value", value], ...(op === "between" ? [["to", to]] : [])] as [string, string][])
      if (Number.isNaN(numberOf(text)))
        return warn(key, `"${text}" is not a number, so the condition is never met.`, "Enter a number.");
    return [];
  }
  if (["contains", "not-contains", "in", "not-in", "starts", "ends"].includes(op) && value.trim() === "")
    return warn("value", "A condition has nothing to compare with.", "Enter a value.");
  return [];
}

const alternatives = (text: string): string[] =>
  text
    .split(/[,，、\n]/)
    .map((part) => part.trim())
    .filter((part) => part !== "");

const numberOf = (text: string): number => Number.parseFloat(text);

/** Compiled patterns; null for one that cannot be used. */
const compiled = new BoundedMap<string, RE2JS | null>(500);

function pattern(source: string): RE2JS | null {
  const known = compiled.get(source);
  if (known !== undefined) return known;
  const made = patternFault(source) === undefined ? RE2JS.compile(source, RE2JS.CASE_INSENSITIVE) : null;
  compiled.set(source, made);
  return made;
}

function matchesPattern(text: string, source: string): boolean {
  const found = pattern(source);
  return found?.matcher(text.slice(0, Math.floor(MAX_STEPS / found.programSize()))).find() ?? false;
}

function patternFault(source: string): string | undefined {
  if (source === "") return "it is empty";
  if (patternSize(source) > MAX_PATTERN_SIZE) return "it is too long, or repeats too much";
  try {
    RE2JS.compile(source, RE2JS.CASE_INSENSITIVE);
    return undefined;
  } catch (error) {
    return (error as Error).message;
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
