/**
 * Liquid templates, made safe: own properties only, no files, bounded in size and in steps of work. A value is never read
 * as a template, so nothing a user writes can fill a slot. Braces that hold no variable are text.
 */
import { type Template, Tokenizer } from "liquidjs";
import { BoundedMap } from "./bounded-map.ts";
import { renderDocuments } from "./documents.ts";
import { PatchbayError } from "./error.ts";
import type { Issue } from "./issue.ts";
import type { Document } from "./message.ts";
import type { Kind } from "./port.ts";
import { engine, type Print, parseTemplate, renderParsed } from "./template-engine.ts";
import { MAX_NAME, misnamed, quoted, readOutput, type TemplateUse } from "./template-syntax.ts";
import { templateUses } from "./template-uses.ts";

interface Fault {
  severity: "error" | "warning";
  at: number;
  message: string;
  fix: string;
}

interface Parsed {
  uses: TemplateUse[];
  names: string[];
  faults: Fault[];
  /** Present when it was needed and the template parses. */
  template?: Template[];
}

/** Parsed templates by source. */
const known = new BoundedMap<string, Parsed>(2000);

/** To say where an issue is, the text before it is read. */
const MAX_ISSUES = 20;

const RAW = "To send the braces as they are, write {% raw %} before and {% endraw %} after them.";

/** Collects what stands in double braces. */
class Braces {
  readonly uses: TemplateUse[] = [];
  readonly filters = new Set<string>();
  readonly misnamed: { at: number; name: string }[] = [];
  /** Offsets of braces that are text. */
  readonly text: number[] = [];

  /** Reads what begins at `{{`. Returns where it ends, and whether it is text. */
  read(source: string, at: number): { end: number; text: boolean } {
    const output = readOutput(source, at);
    if (output) {
      this.uses.push(...output.uses);
      for (const filter of output.filters) this.filters.add(filter);
      return { end: output.end, text: false };
    }
    const name = misnamed(source, at);
    if (name === undefined) this.text.push(at);
    else this.misnamed.push({ at, name });
    let end = at;
    while (source[end] === "{") end++;
    return { end, text: true };
  }

  faults(source: string): Fault[] {
    const faults = this.misnamed.map(({ at, name }): Fault => badName(at, name, "begins with a letter or _"));
    const [at, ...others] = this.text;
    if (at !== undefined) {
      const more = others.length > 0 ? ` (and ${others.length} more)` : "";
      faults.push({
        severity: "warning",
        at,
        message: `"${quoted(source, at)}"${more} is not a variable and is sent as it is written.`,
        fix: `If that is meant: ${RAW} A variable is {{name}}, {{name.key}} or {{name | filter}}, and nothing else.`,
      });
    }
    return faults;
  }
}

function badName(at: number, name: string, rule: string): Fault {
  return {
    severity: "error",
    at,
    message: `"${[...name].slice(0, 80).join("")}" cannot name a variable: a name ${rule}.`,
    fix: `Rename it. ${RAW}`,
  };
}

/** Liquid's tokenizer, with our reading of double braces. Braces in comments are not collected. */
class BraceTokenizer extends Tokenizer {
  readonly braces = new Braces();
  #comment = false;

  override readTagToken(...options: Parameters<Tokenizer["readTagToken"]>) {
    const tag = super.readTagToken(...options);
    if (tag.name === "comment") this.#comment = true;
    else if (tag.name === "endcomment") this.#comment = false;
    return tag;
  }

  override readOutputToken(options = engine().options): never {
    const at = this.p;
    const braces = this.#comment ? new Braces() : this.braces;
    const { end, text } = braces.read(this.input, at);
    if (!text) {
      // Liquid reads from `at` to the first "}}" outside of strings, which is where ours ends.
      return super.readOutputToken(options) as never;
    }
    this.p = end;
    const token = this.readHTMLToken([options.tagDelimiterLeft, options.outputDelimiterLeft]);
    token.begin = at;
    return token as never;
  }
}

function parse(source: string): Parsed {
  const found = known.get(source);
  if (found) return found;
  const parsed = source.includes("{%") ? parseWithTags(source) : parseWithoutTags(source);
  known.set(source, parsed);
  return parsed;
}

/** Without Liquid unless there are filters: thirty times quicker, and a canvas asks it of every prompt when it opens. */
function parseWithoutTags(source: string): Parsed {
  const braces = new Braces();
  for (let at = source.indexOf("{{"); at >= 0; ) at = source.indexOf("{{", braces.read(source, at).end);
  const parsed: Parsed = { uses: braces.uses, names: [], faults: braces.faults(source) };
  return named(braces.filters.size > 0 ? withTemplate(source, parsed) : parsed);
}

function parseWithTags(source: string): Parsed {
  const parsed = withTemplate(source, { uses: [], names: [], faults: [] });
  return named({ ...parsed, uses: parsed.template ? templateUses(parsed.template) : [] });
}

/** Adds Liquid's template, or the reason why there is none, and what was found in braces when that is not yet known. */
function withTemplate(source: string, parsed: Parsed): Parsed {
  const tokenizer = new BraceTokenizer(source, engine().options.operators);
  try {
    const template = parseTemplate(tokenizer);
    return { ...parsed, faults: tokenizer.braces.faults(source), template };
  } catch (error) {
    return { ...parsed, faults: [unparsed(error), ...tokenizer.braces.faults(source)] };
  }
}

/** The names, in Unicode's composed form, and the faults of those that cannot be names. */
function named(parsed: Parsed): Parsed {
  const faults = [...parsed.faults];
  const names = new Set<string>();
  for (const { name, at } of parsed.uses) {
    const composed = name.normalize("NFC");
    if (names.has(composed)) continue;
    if ([...composed].length > MAX_NAME) faults.push(badName(at, composed, `has at most ${MAX_NAME} characters`));
    else if (composed === "__proto__") faults.push(badName(at, composed, "is not one of JavaScript's own"));
    else names.add(composed);
  }
  return { ...parsed, names: [...names], faults };
}

function unparsed(error: unknown): Fault {
  const { message, token } = error as Error & { token?: { begin: number } };
  const reason =
    error instanceof RangeError ? "its tags are nested too deeply" : message.replace(/, line:\d+, col:\d+$/s, "");
  return {
    severity: "error",
    at: token?.begin ?? 0,
    message: `The template does not parse: ${reason}.`,
    fix: `Correct the tag, and close it. ${RAW}`,
  };
}

/** The names that a template takes from outside, in order of appearance. Empty while it does not parse. */
export function templateNames(source: string): string[] {
  return source.includes("{{") || source.includes("{%") ? parse(source).names : [];
}

/** Lists have no keys but these; a text has its size. */
const KEYS: Partial<Record<Kind, readonly string[]>> = {
  text: ["size", "length"],
  messages: ["first", "last", "size", "length"],
  documents: ["first", "last", "size", "length"],
  files: ["first", "last", "size", "length"],
  tools: ["first", "last", "size", "length"],
};

/**
 * What is wrong with a template, at `path` of a config: what keeps it from being filled (errors), and braces that are
 * sent as they are (a warning). `kinds`: of the values that are connected, by name, where they are known.
 */
export function templateIssues(
  source: string,
  path: string,
  kinds: ReadonlyMap<string, Kind> = new Map(),
): Omit<Issue, "node">[] {
  if (!source.includes("{{") && !source.includes("{%")) return [];
  const { faults, uses } = parse(source);
  const keyless = uses.flatMap(({ name, at, key }): Fault[] => {
    const kind = kinds.get(name.normalize("NFC"));
    const keys = kind && KEYS[kind];
    if (typeof key !== "string" || !keys || keys.includes(key) || /^\d+$/.test(key)) return [];
    return [
      {
        severity: "error",
        at,
        message: `"${name}" is ${kind === "text" ? "a text" : "a list"} and has no "${key}".`,
        fix: `Write {{${name}}}, or connect a JSON value that has "${key}".`,
      },
    ];
  });
  const seen = new Set<string>();
  const distinct = [...faults, ...keyless].filter(({ message }) => !seen.has(message) && seen.add(message));
  return distinct.slice(0, MAX_ISSUES).map(({ severity, at, message, fix }) => ({
    severity,
    code: "bad-template",
    message: `${position(source, at)}: ${message}`,
    path,
    fix,
  }));
}

/** Why a template cannot be used, as a sentence; undefined when it can. */
export function templateFault(source: string): string | undefined {
  return templateIssues(source, "").find(({ severity }) => severity === "error")?.message;
}

/** Columns count characters, as editors do. */
function position(source: string, at: number): string {
  const before = source.slice(0, at);
  const line = before.split("\n").length;
  return `Line ${line}, column ${[...before.slice(before.lastIndexOf("\n") + 1)].length + 1}`;
}

/**
 * Renders a template. Texts are inserted unchanged, documents as a numbered list, other values as JSON. Throws
 * `bad_request` when the template does not parse, when a value that it prints is not there, or when it exceeds a limit.
 */
export function renderTemplate(source: string, values: Record<string, unknown>): string {
  return fill(source, values, { print: valueText, isEncoded: false, isStrict: true });
}

/** The same with another way to print values; see `Filler.fill`. What is not there is printed as undefined. */
export function fillTemplate(
  source: string,
  values: Record<string, unknown>,
  print: (value: unknown) => string,
  percentEncoded: boolean,
): string {
  return fill(source, values, { print, isEncoded: percentEncoded, isStrict: false });
}

function fill(source: string, values: Record<string, unknown>, print: Print): string {
  if (!source.includes("{{") && !source.includes("{%")) return source;
  const parsed = parse(source);
  const template = parsed.template ?? withTemplate(source, parsed).template;
  const fault = parsed.faults.find(({ severity }) => severity === "error");
  if (fault || !template)
    throw failed(`${position(source, fault?.at ?? 0)}: ${fault?.message ?? "it does not parse."}`);
  parsed.template = template;
  const scope: Record<string, unknown> = Object.create(null);
  for (const [name, value] of Object.entries(values)) scope[name] = value;
  // A name that is not in composed form is looked up as it is written.
  for (const { name } of parsed.uses) if (!(name in scope)) scope[name] = values[name.normalize("NFC")];
  try {
    return renderParsed(template, scope, print);
  } catch (error) {
    const { message, name, token } = error as Error & { token?: { begin: number } };
    const at = token ? `${position(source, token.begin)}: ` : "";
    const reason = message.replace(/, line:\d+, col:\d+$/s, "");
    if (name !== "UndefinedVariableError") throw failed(`${at}${reason}.`, error);
    const missing = reason.replace("undefined variable: ", "");
    throw failed(`${at}"${missing}" has no value. If it may be missing, write {{${missing} | default: ""}}.`, error);
  }
}

function failed(message: string, cause?: unknown): PatchbayError {
  return new PatchbayError("bad_request", `The template could not be filled. ${message}`, { cause });
}

/** A value as the text a template shows. */
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
