/**
 * JSON Schemas from outside, bounded before anything reads them: no remote or recursive references, limited depth and
 * size, and no pattern that could make a check take for ever.
 */
import { PatchbayError } from "../../runtime/error.ts";
import type { JsonSchema } from "../../runtime/tool.ts";

const MAX_DEPTH = 32;
const MAX_NODES = 5_000;
const MAX_BYTES = 256 * 1024;
const FORBIDDEN_KEYS = new Set(["__proto__", "constructor", "prototype"]);
/** Keys under which names stand, not keywords. */
const NAME_MAPS = new Set(["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"]);
/** Values that are data and no schema. */
const DATA = new Set(["const", "enum", "default", "example", "examples"]);

/** Why a schema cannot be a tool's arguments; `undefined` when it can. One pass, stops at the first reason. */
export function schemaFault(schema: unknown): string | undefined {
  if (schema === null || typeof schema !== "object" || Array.isArray(schema)) return "the schema is no object";
  const root = schema as JsonSchema;
  if (root.type !== undefined && root.type !== "object")
    return `the schema is of type ${JSON.stringify(root.type)}, not "object"`;
  let nodes = 0;
  const active = new Set<string>();
  const settled = new Set<string>();

  const walk = (value: unknown, depth: number, asNames: boolean): string | undefined => {
    if (value === null || typeof value !== "object") return undefined;
    if (depth > MAX_DEPTH) return `the schema nests deeper than ${MAX_DEPTH}`;
    if (++nodes > MAX_NODES) return `the schema has more than ${MAX_NODES} parts`;
    if (Array.isArray(value)) {
      for (const item of value) {
        const fault = walk(item, depth + 1, false);
        if (fault) return fault;
      }
      return undefined;
    }
    for (const [key, item] of Object.entries(value)) {
      if (FORBIDDEN_KEYS.has(key)) return `the schema has the key "${key}"`;
      if (!asNames) {
        if (key === "$ref" || key === "$dynamicRef" || key === "$recursiveRef") {
          const fault = reference(item, depth);
          if (fault) return fault;
          continue;
        }
        if (key === "pattern" && typeof item === "string" && riskyPattern(item))
          return `the pattern ${JSON.stringify(item.slice(0, 60))} could take for ever`;
        if (key === "patternProperties" && item !== null && typeof item === "object") {
          const risky = Object.keys(item).find(riskyPattern);
          if (risky !== undefined) return `the pattern ${JSON.stringify(risky.slice(0, 60))} could take for ever`;
        }
        if (DATA.has(key)) continue;
      }
      const fault = walk(item, depth + 1, !asNames && NAME_MAPS.has(key));
      if (fault) return fault;
    }
    return undefined;
  };

  const reference = (ref: unknown, depth: number): string | undefined => {
    if (typeof ref !== "string") return "a $ref is no text";
    if (!ref.startsWith("#"))
      return `the schema refers to ${JSON.stringify(ref.slice(0, 80))}; only references within it are followed`;
    if (settled.has(ref)) return undefined;
    if (active.has(ref) || ref === "#") return `the schema refers to itself (${ref.slice(0, 80)})`;
    const target = resolvePointer(root, ref);
    if (target === undefined) return `the schema refers to ${ref.slice(0, 80)}, which is not there`;
    active.add(ref);
    const fault = walk(target, depth + 1, false);
    active.delete(ref);
    settled.add(ref);
    return fault;
  };

  const fault = walk(root, 0, false);
  if (fault) return fault;
  if (JSON.stringify(root).length > MAX_BYTES) return `the schema is larger than ${MAX_BYTES / 1024} KiB`;
  return undefined;
}

/** Throws `bad_request` where `schemaFault` finds one. */
export function checkArgumentSchema(schema: unknown): void {
  const fault = schemaFault(schema);
  if (fault)
    throw new PatchbayError("bad_request", `The tool's parameters cannot be used: ${fault}.`, { path: "/parameters" });
}

/** Own properties only; `#name` anchors are not supported. */
export function resolvePointer(root: unknown, ref: string): unknown {
  if (ref === "#") return root;
  if (!ref.startsWith("#/")) return undefined;
  let value = root;
  for (const raw of ref.slice(2).split("/")) {
    const part = decode(raw).replaceAll("~1", "/").replaceAll("~0", "~");
    if (value === null || typeof value !== "object" || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a stray percent sign is part of the name
  }
}

/**
 * Whether a pattern may backtrack without end: a repeated group that itself repeats or branches, back-references,
 * look-around, or sheer length. Cautious: some harmless patterns are refused with it.
 */
export function riskyPattern(pattern: string): boolean {
  if (pattern.length > 500) return true;
  if (/\\[1-9]|\\k<|\(\?<?[=!]/.test(pattern)) return true;
  const plain = pattern.replaceAll(/\\./g, "x").replaceAll(/\[[^\]]*\]/g, "x");
  const open: { repeats: boolean }[] = [];
  for (let i = 0; i < plain.length; i++) {
    const c = plain[i]!;
    const top = open.at(-1);
    if (c === "(") open.push({ repeats: false });
    else if (c === ")") {
      const group = open.pop();
      const unbounded = repeatsAt(plain, i + 1);
      if (group?.repeats && unbounded) return true;
      if (open.length && (group?.repeats || unbounded)) open.at(-1)!.repeats = true;
    } else if (top && (c === "|" || repeatsAt(plain, i))) top.repeats = true;
  }
  // side by side, as in .*.*= : each added one multiplies the work
  return (plain.match(/(?:\.|x)[*+]/g)?.length ?? 0) > 3;
}

function repeatsAt(text: string, at: number): boolean {
  const rest = text.slice(at, at + 12);
  if (rest[0] === "*" || rest[0] === "+") return true;
  const range = /^\{(\d+)(,(\d*))?\}/.exec(rest);
  return range !== null && (range[2] !== undefined ? range[3] === "" || Number(range[3]) > 10 : Number(range[1]) > 10);
}
