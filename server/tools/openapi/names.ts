/** Names of tools and arguments, made from the names of an API, which may be of any script. */
import { createHash } from "node:crypto";
import type { JsonSchema } from "../../../runtime/tool.ts";
import { cleanText, cutText } from "../clean-text.ts";

/** What every model provider accepts as the name of a property. */
const ARGUMENT = /^[A-Za-z0-9_.-]{1,64}$/;
const MAX_DESCRIPTION = 400;

/** The API's part of its tools' names: from its name or title, from its host when those cannot be written in ASCII. */
export function apiName(source: { name?: string; title: string; host: string }): string {
  const given = source.name ?? source.title;
  const name = slug(given);
  if (!isLossy(given) && name) return name;
  const host = source.name === undefined ? slug(source.host) : "";
  return host || (given ? `${name.slice(0, 24) || "api"}-${shortHash(given)}` : "api");
}

/** The name of an operation among the API's: from its id, else from its method and path. Adds it to `names`. */
export function operationName(id: string, method: string, path: string, names: Set<string>): string {
  const wanted = id || `${method}_${path}`;
  const byPath = `${method}_${path}`;
  const base = [wanted, byPath].find((each) => !isLossy(each) && plain(each));
  const made = base ? plain(base).slice(0, 60) : `${plain(wanted).slice(0, 48) || method}_${shortHash(wanted)}`;
  let name = made || method;
  for (let n = 2; names.has(name); n++) name = `${made}_${n}`;
  names.add(name);
  return name;
}

/** A name for an argument that every provider accepts, different from those that are taken. */
export function argumentName(name: string, taken: object): string {
  const signs = name.replaceAll(/[<>]=?/g, (sign) => `_${sign[0] === "<" ? "lt" : "gt"}${sign[1] ? "e" : ""}`);
  const made = ARGUMENT.test(name)
    ? name
    : plain(signs)
        .replaceAll(/^[_.-]+|[_.-]+$/g, "")
        .slice(0, 60) || "value";
  let argument = made;
  for (let n = 2; Object.hasOwn(taken, argument); n++) argument = `${made.slice(0, 60)}_${n}`;
  return argument;
}

/** The schema of an argument whose name was changed: its description begins with the name that is sent. */
export function describeSentName(schema: JsonSchema, argument: string, name: string, where: string): JsonSchema {
  if (argument === name) return schema;
  const place = ARGUMENT.test(name) ? ` in the ${where}` : "";
  const old = typeof schema.description === "string" ? ` ${schema.description}` : "";
  return {
    ...schema,
    description: cutText(`Sent as "${cleanText(name).slice(0, 100)}"${place}.${old}`, MAX_DESCRIPTION),
  };
}

/** The last part of a secret's name. */
export function secretPart(name: string): string {
  const made = name.replaceAll(/[^A-Za-z0-9_.-]/g, "_");
  return isLossy(name) ? `${plain(name) || "key"}-${shortHash(name)}` : made;
}

function slug(text: string): string {
  return withoutMarks(text)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, 33)
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, 32)
    .replace(/-+$/, "");
}

function plain(text: string): string {
  return withoutMarks(text)
    .replaceAll(/[^A-Za-z0-9_.-]+/g, "_")
    .replaceAll(/_{2,}/g, "_")
    .replaceAll(/^_|_$/g, "");
}

/** Whether letters or digits are lost when only ASCII is kept. */
function isLossy(text: string): boolean {
  return /[^\p{ASCII}]/u.test(withoutMarks(text).replaceAll(/[^\p{L}\p{N}]/gu, ""));
}

function withoutMarks(text: string): string {
  return text.normalize("NFKD").replaceAll(/\p{M}/gu, "");
}

function shortHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 6);
}
