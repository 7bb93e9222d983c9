/** Renames properties of a tool's schema that a server does not take, and the arguments with them. */
import { resolveRef } from "../../runtime/json-schema.ts";
import type { JsonSchema } from "../../runtime/tool.ts";

/** Where properties were renamed. It follows the schema, so that of a recursive schema refers to itself. */
export interface NameTree {
  /** By the name that is sent. */
  properties: Map<string, { name: string; tree?: NameTree }>;
  items?: NameTree;
  /** Of values under any other key. */
  rest?: NameTree;
  branches: NameTree[];
}

/** Property names that Anthropic and Google take. */
const PROPERTY = /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/;

/** The schema with names that every server takes. `names` is absent when it had no other. */
export function renameProperties(root: JsonSchema): { schema: JsonSchema; names?: NameTree } {
  let renamed = false;
  const trees = new Map<unknown, NameTree>();
  const written = new Map<unknown, unknown>();

  const rename = (value: unknown): unknown => {
    if (!isRecord(value)) return value;
    const known = written.get(value);
    if (known) return known;
    const tree: NameTree = { properties: new Map(), branches: [] };
    trees.set(value, tree);
    const made: JsonSchema = {};
    written.set(value, made);
    const sub = (part: unknown): NameTree | undefined => trees.get(part);
    for (const [key, part] of Object.entries(value)) {
      if (key === "properties" && isRecord(part)) {
        const names = sentNames(Object.keys(part));
        made.properties = Object.fromEntries(
          Object.entries(part).map(([name, one]) => {
            const given = names.get(name)!;
            if (given !== name) renamed = true;
            const child = rename(one);
            tree.properties.set(given, { name, ...(sub(one) && { tree: sub(one) }) });
            return [given, child];
          }),
        );
      } else if (key === "items" || key === "additionalProperties") {
        made[key] = rename(part);
        const child = sub(part);
        if (child && key === "items") tree.items = child;
        else if (child) tree.rest = child;
      } else if (
        (key === "anyOf" || key === "oneOf" || key === "allOf" || key === "prefixItems") &&
        Array.isArray(part)
      ) {
        made[key] = part.map(rename);
        tree.branches.push(...part.flatMap((one) => sub(one) ?? []));
      } else if ((key === "$defs" || key === "definitions") && isRecord(part)) {
        made[key] = Object.fromEntries(Object.entries(part).map(([name, one]) => [name, rename(one)]));
      } else made[key] = part;
    }
    if (Array.isArray(value.required) && isRecord(value.properties)) {
      const names = sentNames(Object.keys(value.properties));
      made.required = value.required.map((name: string) => names.get(name) ?? name);
    }
    if (typeof value.$ref === "string") {
      const target = resolveRef(root, value.$ref);
      if (isRecord(target)) {
        rename(target);
        tree.branches.push(trees.get(target)!);
      }
    }
    return made;
  };
  const schema = rename(root) as JsonSchema;
  return renamed ? { schema, names: trees.get(root)! } : { schema: root };
}

/** A name for each, different from all others. */
function sentNames(names: readonly string[]): Map<string, string> {
  const taken = new Set(names.filter((name) => PROPERTY.test(name)));
  const result = new Map<string, string>();
  for (const name of names) {
    if (PROPERTY.test(name)) {
      result.set(name, name);
      continue;
    }
    const cleaned = name
      .normalize("NFKD")
      .replaceAll(/[^A-Za-z0-9_.-]+/g, "_")
      .replace(/^(?![A-Za-z_])/, "_");
    let given = cleaned.slice(0, 64);
    for (let number = 2; taken.has(given); number++) given = `${cleaned.slice(0, 60)}_${number}`;
    taken.add(given);
    result.set(name, given);
  }
  return result;
}

/** A value with the names of the tool's own schema, or (`sent`) with those that are sent. */
export function renamed(value: unknown, tree: NameTree | undefined, to: "own" | "sent"): unknown {
  if (!tree || typeof value !== "object" || value === null) return value;
  const trees = [...withBranches(tree)];
  if (Array.isArray(value)) {
    const items = trees.find((one) => one.items)?.items;
    return items ? value.map((item) => renamed(item, items, to)) : value;
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      for (const one of trees) {
        const found = to === "own" ? one.properties.get(key) : bySentName(one, key);
        if (found)
          return [
            to === "own" ? (found as { name: string }).name : (found as { sent: string }).sent,
            renamed(inner, found.tree, to),
          ];
      }
      return [key, renamed(inner, trees.find((one) => one.rest)?.rest, to)];
    }),
  );
}

function bySentName(tree: NameTree, own: string): { sent: string; tree?: NameTree } | undefined {
  for (const [sentName, { name, tree: child }] of tree.properties)
    if (name === own) return { sent: sentName, ...(child && { tree: child }) };
  return undefined;
}

/** A tree and those of its alternatives and references. */
function* withBranches(tree: NameTree, seen = new Set<NameTree>()): Generator<NameTree> {
  if (seen.has(tree)) return;
  seen.add(tree);
  yield tree;
  for (const branch of tree.branches) yield* withBranches(branch, seen);
}

function isRecord(value: unknown): value is JsonSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
