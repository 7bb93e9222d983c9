/** Imports tool templates: ours, Flowise's, OpenAI's function schemas and those of the ModelScope-Agent paper (A.2). */
import { PatchbayError } from "../../runtime/error.ts";
import type { JsonSchema } from "../../runtime/tool.ts";
import { cleanText, cutText } from "./clean-text.ts";
import { parseCustomTool } from "./custom-tool.ts";
import { importAside } from "./openapi/import-in-worker.ts";
import type { ImportedTools, StoredTool } from "./stored-tool.ts";

const MAX_TOOLS = 500;
/** Keys of our template files that describe the tool on the library's page. */
const ABOUT = new Set(["id", "title", "about", "needs", "sample", "group"]);

type Json = { [key: string]: unknown };

/** One template or a list, as values or JSON text. Throws `bad_request` when nothing can be read. */
export async function importTemplate(input: unknown): Promise<ImportedTools> {
  const value = typeof input === "string" ? parse(input) : input;
  if (isObject(value) && value.openapi !== undefined && value.paths === undefined)
    return importAside({ openapi: value.openapi });
  const list = Array.isArray(value) ? value : isObject(value) && Array.isArray(value.tools) ? value.tools : [value];
  if (!list.length) throw wrong("There is nothing in it.");
  if (list.length > MAX_TOOLS)
    throw new PatchbayError("bad_request", `At most ${MAX_TOOLS} tools can be imported at once.`);
  const tools: StoredTool[] = [];
  const report: ImportedTools["report"] = [];
  const names = new Set<string>();
  for (const each of list) {
    const operation = isObject(each)
      ? cutText(cleanText(String(each.name ?? (isObject(each.function) ? each.function.name : "tool"))), 80)
      : "tool";
    try {
      const { tool, reason } = readOne(each);
      if (names.has(tool.name)) throw new PatchbayError("bad_request", `Two tools have the name "${tool.name}".`);
      names.add(tool.name);
      tools.push(tool);
      report.push(reason ? { operation, result: "simplified", reason } : { operation, result: "imported" });
    } catch (thrown) {
      if (!(thrown instanceof PatchbayError)) throw thrown;
      if (list.length === 1) throw thrown;
      report.push({ operation, result: "left-out", reason: thrown.message });
    }
  }
  return { tools, report };
}

function readOne(value: unknown): { tool: StoredTool; reason?: string } {
  if (!isObject(value)) throw wrong("It is not an object.");
  if (typeof value.func === "string") return fromFlowise(value);
  if (value.type === "function" && isObject(value.function)) return fromFunction(value.function);
  if (Array.isArray(value.parameters)) return fromPaper(value);
  if (value.http || value.code || value.model)
    return { tool: parseCustomTool(Object.fromEntries(Object.entries(value).filter(([key]) => !ABOUT.has(key)))) };
  if (isObject(value.parameters) && typeof value.name === "string") return fromFunction(value);
  throw wrong(
    'A tool has "http", "code" or "model"; Flowise\'s has "func"; a function schema has "name" and "parameters".',
  );
}

/** Flowise: `schema` is a JSON text of `[{ property, description, type, required }]`, `func` is JavaScript with `$property`. */
function fromFlowise(value: Json): { tool: StoredTool; reason?: string } {
  const fields = typeof value.schema === "string" ? parse(value.schema || "[]") : (value.schema ?? []);
  if (!Array.isArray(fields)) throw wrong('Its "schema" is not a list of properties.');
  const properties = fields.filter(isObject).map((field) => ({
    name: String(field.property ?? ""),
    description: field.description,
    required: field.required === true,
    type: field.type,
  }));
  const parameters = schemaOf(properties);
  const bad = properties.find(({ name }) => !/^[A-Za-z_]\w*$/.test(name));
  if (bad) throw wrong(`"${bad.name}" is not a valid argument name.`);
  const func = String(value.func);
  const source = `${properties.map(({ name }) => `const $${name} = input[${JSON.stringify(name)}];`).join("\n")}\n${func}`;
  const missing = [
    /\brequire\s*\(|\bimport\s*\(/.test(func) ? "require" : "",
    /\bfetch\s*\(|\baxios\b|XMLHttpRequest/.test(func) ? "network" : "",
    /\$vars\b/.test(func) ? "$vars" : "",
    /\$flow\b/.test(func) ? "$flow" : "",
    /\bprocess\b/.test(func) ? "process" : "",
  ].filter(Boolean);
  const tool = parseCustomTool({
    name: `code/${fitName(String(value.name ?? ""))}`,
    summary: summaryOf(value),
    parameters,
    effect: "read",
    code: { source, timeoutMs: 5000 },
    source: "Flowise",
  });
  return missing.length
    ? {
        tool,
        reason: `its code uses ${missing.join(", ")}, which the sandbox does not have; change the code, or make it an http tool`,
      }
    : { tool };
}

/**
 * The paper's schema: `parameters: [{ name, description, required }]`. With a `url` the arguments are posted there as
 * JSON.
 */
function fromPaper(value: Json): { tool: StoredTool; reason?: string } {
  const fields = (value.parameters as unknown[]).filter(isObject).map((field) => ({
    name: String(field.name ?? ""),
    description: field.description,
    required: field.required === true || String(field.required).toLowerCase() === "true",
    type: field.type ?? (isObject(field.schema) ? field.schema.type : undefined),
  }));
  const parameters = schemaOf(fields);
  const name = fitName(String(value.name ?? ""));
  if (typeof value.url !== "string" || !value.url) return standIn(name, summaryOf(value), parameters);
  const body = JSON.stringify(Object.fromEntries(fields.map((field) => [field.name, `{{${field.name}}}`])));
  const secret = `${name}.token`;
  const tool = parseCustomTool({
    name: `http/${name}`,
    summary: summaryOf(value),
    parameters,
    effect: "outside",
    http: {
      method: "POST",
      url: value.url,
      headers: { "Content-Type": "application/json", Authorization: { secret, prefix: "Bearer " } },
      body,
    },
    source: "ModelScope",
  });
  return { tool };
}

function fromFunction(value: Json): { tool: StoredTool; reason?: string } {
  const parameters = isObject(value.parameters) ? value.parameters : { type: "object", properties: {} };
  return standIn(
    fitName(String(value.name ?? "")),
    summaryOf(value),
    parameters.type === "dict" ? { ...parameters, type: "object" } : parameters,
  );
}

/** A schema describes a tool's arguments and not its effect, so the placeholder returns that nothing was done. */
function standIn(name: string, summary: string, parameters: JsonSchema): { tool: StoredTool; reason: string } {
  const source = `return {\n  standIn: true,\n  note: "Nothing was done: this tool has no code yet.",\n  arguments: input,\n};`;
  const tool = parseCustomTool({
    name: `code/${name}`,
    summary,
    parameters,
    effect: "read",
    code: { source, timeoutMs: 1000 },
    source: "schema",
  });
  return {
    tool,
    reason:
      "a schema says what the tool takes and not what it does: until you write its code it answers that nothing was done",
  };
}

function schemaOf(fields: { name: string; description: unknown; required: boolean; type: unknown }[]): JsonSchema {
  const properties: Record<string, JsonSchema> = {};
  for (const field of fields) {
    if (!field.name) throw wrong("One of its parameters has no name.");
    const property: JsonSchema = {};
    const type = String(field.type ?? "string").toLowerCase();
    property.type = ["string", "number", "integer", "boolean", "array", "object"].includes(type)
      ? type
      : type === "date"
        ? "string"
        : "string";
    if (typeof field.description === "string" && field.description)
      property.description = cutText(cleanText(field.description), 1000);
    properties[field.name] = property;
  }
  const required = fields.filter((field) => field.required).map((field) => field.name);
  return { type: "object", properties, ...(required.length ? { required } : {}), additionalProperties: false };
}

function summaryOf(value: Json): string {
  return cutText(cleanText(String(value.description ?? value.summary ?? value.name ?? "")), 3500) || "A tool.";
}

function fitName(name: string): string {
  const fitted = name
    .trim()
    .replaceAll(/[^A-Za-z0-9_-]+/g, "_")
    .replaceAll(/^_+|_+$/g, "")
    .slice(0, 64);
  if (!fitted) throw wrong(`"${name.slice(0, 40)}" gives no name; use A-Z, a-z, 0-9, _ and -.`);
  return fitted;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PatchbayError("bad_request", `The template is not JSON: ${(cause as Error).message}.`, { cause });
  }
}

function isObject(value: unknown): value is Json {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function wrong(why: string): PatchbayError {
  return new PatchbayError("bad_request", `The template cannot be imported. ${why}`, { path: "/template" });
}
