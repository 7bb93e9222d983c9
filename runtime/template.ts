/**
 * Safe Liquid templates: own properties only, no files, with limits on size and work. Values are never parsed as
 * templates, so a user cannot fill a slot.
 */
import { Liquid, type Template } from "liquidjs";
import { BoundedMap } from "./bounded-map.ts";
import { renderDocuments } from "./documents.ts";
import { PatchbayError } from "./error.ts";
import { FIELD_NAME } from "./field.ts";
import type { Document } from "./message.ts";

let liquid: Liquid | undefined;

/** Created at the first use: most templates of the editor need no parser. */
function engine(): Liquid {
  if (liquid) return liquid;
  liquid = new Liquid({
    ownPropertyOnly: true,
    strictFilters: true,
    jsTruthy: false,
    parseLimit: 200_000,
    renderLimit: 2_000,
    memoryLimit: 20_000_000,
    templates: {},
    // Converts every printed value to text, documents and JSON included.
    outputEscape: (value: unknown) => printer(value),
  });
  for (const tag of ["include", "render", "layout", "block"]) delete (liquid.tags as Record<string, unknown>)[tag];
  // As any other filter: what it returns is printed as a value.
  liquid.registerFilter("raw", (value: unknown) => value);
  for (const name of PERCENT_ENCODING) {
    const original = liquid.filters[name] as (this: unknown, value: unknown) => unknown;
    liquid.registerFilter(name, function (this: unknown, value: unknown) {
      return isEncoded ? value : original.call(this, value);
    });
  }
  return liquid;
}

const PERCENT_ENCODING = ["url_encode", "uri_escape", "cgi_escape"];
/** Set while `fillTemplate` runs, which is synchronous. */
let printer: (value: unknown) => string = valueText;
let isEncoded = false;

/** Parsed templates by source. */
const parsed = new BoundedMap<string, { template: Template[]; names?: string[] }>(2000);

function parse(source: string): { template: Template[]; names?: string[] } {
  const known = parsed.get(source);
  if (known) return known;
  const entry = { template: engine().parse(source) };
  parsed.set(source, entry);
  return entry;
}

const PLAIN = /(?<!\{)\{\{\s*([A-Za-z_]\w*)\s*\}\}(?!\})/g;
const WORDS = new Set(["true", "false", "nil", "null", "empty", "blank"]);

/**
 * The names of a template with no syntax but `{{name}}`, as most are; undefined for all others. Thirty times faster than
 * the parser: the canvas needs the names of every prompt when it opens.
 */
function plainNames(source: string): string[] | undefined {
  const names = new Set<string>();
  const rest = source.replace(PLAIN, (_whole, name: string) => {
    names.add(name);
    return " ";
  });
  if (rest.includes("{{") || rest.includes("{%")) return undefined;
  for (const name of names) if (WORDS.has(name)) return undefined;
  return [...names].filter((name) => FIELD_NAME.test(name));
}

/** The variables of a template, in order of appearance. Empty while it does not parse. */
export function templateNames(source: string): string[] {
  const plain = plainNames(source);
  if (plain) return plain;
  try {
    const entry = parse(source);
    entry.names ??= engine()
      .globalVariablesSync(entry.template)
      .filter((name) => FIELD_NAME.test(name));
    return entry.names;
  } catch {
    // `templateFault` returns the reason.
    return [];
  }
}

/** Why a template cannot be used, as a sentence; undefined when it can. */
export function templateFault(source: string): string | undefined {
  if (plainNames(source)) return undefined;
  try {
    parse(source);
    return undefined;
  } catch (error) {
    return `The template does not parse: ${(error as Error).message.replace(/, line:(\d+), col:(\d+)$/, " (line $1, column $2)")}.`;
  }
}

/**
 * Renders a template. Texts are inserted unchanged, documents as a numbered list, other values as JSON. Throws
 * `bad_request` when the template fails or exceeds a limit.
 */
export function renderTemplate(source: string, values: Record<string, unknown>): string {
  return fillTemplate(source, values, valueText, false);
}

/** The same with another way to print values; see `Filler.fill`. */
export function fillTemplate(
  source: string,
  values: Record<string, unknown>,
  print: (value: unknown) => string,
  percentEncoded: boolean,
): string {
  if (!source.includes("{")) return source;
  const scope: Record<string, unknown> = Object.assign(Object.create(null), values);
  printer = print;
  isEncoded = percentEncoded;
  try {
    return String(engine().renderSync(parse(source).template, scope, { sync: true }));
  } catch (error) {
    throw new PatchbayError("bad_request", `The template could not be filled: ${(error as Error).message}.`, {
      cause: error,
    });
  } finally {
    printer = valueText;
    isEncoded = false;
  }
}

/** The text of a value in a template. */
export function valueText(value: unknown): string {
  if (typeof value === "string") return value;
  if (value === undefined || value === null) return "";
  if (isDocuments(value)) return renderDocuments(value);
  return JSON.stringify(value);
}

function isDocuments(value: unknown): value is Document[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((item) => typeof item === "object" && item !== null && "text" in item && "title" in item)
  );
}
