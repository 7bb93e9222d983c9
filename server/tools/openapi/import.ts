/** Converts an OpenAPI document into tools, one per operation, with a report of each operation's result. */
import { PatchbayError } from "../../../runtime/error.ts";
import { argumentsProblem } from "../../../runtime/json-schema.ts";
import type { JsonSchema } from "../../../runtime/tool.ts";
import type { ToolImportReport } from "../../contract/tool.ts";
import { bareHost } from "../../net/address.ts";
import { cleanText, cutText } from "../clean-text.ts";
import type { ApiParameter, OpenApiBinding, StoredTool } from "../stored-tool.ts";
import { type Body, readBody } from "./body.ts";
import { type ApiDocument, follow, isObject, type Json, readDocument, said, text } from "./document.ts";
import { SchemaReader } from "./schema.ts";
import { planSecurity } from "./security.ts";

const METHODS = ["get", "put", "post", "delete", "patch", "head", "options", "trace"] as const;
const MAX_OPERATIONS = 5_000;
const MAX_SUMMARY = 1_000;
/** Set by the client or by authentication, so never an argument. */
const NOT_ARGUMENTS = new Set([
  "accept",
  "content-type",
  "authorization",
  "cookie",
  "host",
  "content-length",
  "connection",
]);

const CREDENTIAL = /^(?:token|access[_-]?token|api[_-]?key|x-api-key|auth[_-]?token)$/i;

type Report = ToolImportReport["report"];

export interface ImportedApi {
  /** The second part of the tools' names. */
  api: string;
  tools: StoredTool[];
  report: Report;
}

/**
 * Throws `bad_request` when the document cannot be used at all. The same document gives the same names, so a second
 * import replaces the first.
 */
export function importOpenApi(source: { openapi?: unknown; name?: string; server?: string }): ImportedApi {
  const document = readDocument(source.openapi);
  const { root } = document;
  if (!isObject(root.paths))
    throw new PatchbayError("bad_request", "The document has no paths, so there is nothing to import.");
  const info = isObject(root.info) ? root.info : {};
  const title = cutText(cleanText(text(info.title)), 100) || "API";
  const api = apiName(source.name ?? title, source.server ?? "");
  const tools: StoredTool[] = [];
  const report: Report = [];
  const names = new Set<string>();
  for (const [path, found] of Object.entries(root.paths)) {
    const item = follow(root, found);
    if ("fault" in item) {
      report.push({ operation: path, result: "left-out", reason: item.fault });
      continue;
    }
    for (const method of METHODS) {
      const operation = item.value[method];
      if (!isObject(operation)) continue;
      const label = `${method.toUpperCase()} ${path}`;
      if (tools.length >= MAX_OPERATIONS) {
        report.push({ operation: label, result: "left-out", reason: `more than ${MAX_OPERATIONS} operations` });
        continue;
      }
      const made = importOperation(document, { path, method, operation, item: item.value, api, server: source.server });
      if ("fault" in made) {
        report.push({ operation: label, result: "left-out", reason: made.fault });
        continue;
      }
      const tool = { ...made.tool, name: uniqueName(api, operation, method, path, names), source: title };
      tools.push(tool);
      if (made.notes.length) report.push({ operation: label, result: "simplified", reason: made.notes.join("; ") });
      else
        report.push(
          operation.deprecated === true
            ? { operation: label, result: "imported", reason: "deprecated" }
            : { operation: label, result: "imported" },
        );
    }
  }
  return { api, tools, report };
}

interface Place {
  path: string;
  method: (typeof METHODS)[number];
  operation: Json;
  item: Json;
  api: string;
  server?: string;
}

function importOperation(
  document: ApiDocument,
  place: Place,
): { tool: Omit<StoredTool, "name" | "source">; notes: string[] } | { fault: string } {
  const { root } = document;
  const { method, operation, path } = place;
  if (method === "trace" || method === "options")
    return { fault: `${method.toUpperCase()} does nothing that a tool is for` };
  const server = serverOf(document, place);
  if ("fault" in server) return server;
  const security = planSecurity(document, operation, place.api);
  if ("fault" in security) return security;

  const reader = new SchemaReader(root);
  const notes = [...security.notes];
  const properties: Record<string, JsonSchema> = {};
  const required: string[] = [];
  const parameters: ApiParameter[] = [];
  const bodyParameters: Json[] = [];
  const secretNames = new Set(
    security.auth.flatMap((auth) =>
      auth.kind === "header" ? [auth.header] : auth.kind === "oauth" ? ["authorization"] : [auth.name.toLowerCase()],
    ),
  );

  for (const found of mergeParameters(root, place.item.parameters, operation.parameters)) {
    if ("fault" in found) {
      notes.push(`a parameter was left out: ${found.fault}`);
      continue;
    }
    const parameter = found.value;
    const where = parameter.in;
    if (where === "body" || where === "formData") {
      bodyParameters.push(parameter);
      continue;
    }
    const name = text(parameter.name);
    if (!name || (where !== "path" && where !== "query" && where !== "header" && where !== "cookie")) {
      notes.push(`a parameter was left out: "${name}" in "${said(where).slice(0, 20)}"`);
      continue;
    }
    if (where === "header" && NOT_ARGUMENTS.has(name.toLowerCase())) continue;
    // authentication sets it: a model is never asked for a credential
    if (where !== "path" && (secretNames.has(name.toLowerCase()) || (security.auth.length && CREDENTIAL.test(name))))
      continue;
    const schema = parameterSchema(document, parameter, reader);
    const arg = uniqueArg(name, properties);
    if (parameter.description && !schema.value.description)
      schema.value.description = cutText(cleanText(text(parameter.description)), 300);
    properties[arg] = schema.value;
    if (parameter.required === true || where === "path") required.push(arg);
    parameters.push({
      arg,
      name,
      in: where,
      ...serialisation(document, parameter, where),
      ...(schema.json ? { json: true } : {}),
    });
  }
  for (const slot of path.matchAll(/\{([^{}]+)\}/g)) {
    if (parameters.some((each) => each.in === "path" && each.name === slot[1])) continue;
    const arg = uniqueArg(slot[1]!, properties);
    properties[arg] = { type: "string" };
    required.push(arg);
    parameters.push({ arg, name: slot[1]!, in: "path", style: "simple", explode: false });
    notes.push(`the path's {${slot[1]!}} was not described`);
  }

  let body: Body | undefined;
  const read = readBody(document, operation, bodyParameters, reader, properties);
  if (read) {
    if ("fault" in read) return read;
    body = read;
    Object.assign(properties, read.properties);
    required.push(...read.required);
  }
  notes.push(...reader.notes);

  const schema: JsonSchema = { type: "object", properties, additionalProperties: false };
  if (required.length) schema.required = [...new Set(required)];
  const fault = argumentsProblem(schema);
  if (fault) return { fault: `its arguments cannot be used: ${fault}` };
  const binding: OpenApiBinding = {
    kind: "openapi",
    method: method.toUpperCase(),
    server: server.url,
    path,
    parameters,
    auth: security.auth,
  };
  if (body) binding.body = { mediaType: body.mediaType, from: body.from };
  const summary = summaryOf(operation, place);
  return {
    tool: { summary, parameters: schema, effect: method === "get" || method === "head" ? "read" : "outside", binding },
    notes: [...new Set(notes)],
  };
}

function summaryOf(operation: Json, { method, path }: Place): string {
  const short = cleanText(text(operation.summary));
  const long = cleanText(text(operation.description));
  const both = short && long && !long.startsWith(short) ? `${short.replace(/\.$/, "")}. ${long}` : long || short;
  return cutText(both, MAX_SUMMARY) || `${method.toUpperCase()} ${path}`;
}

/** Merges the parameters of the path and of the operation; the latter win by name and location. */
function mergeParameters(root: Json, shared: unknown, own: unknown): ({ value: Json } | { fault: string })[] {
  const merged = new Map<string, { value: Json } | { fault: string }>();
  let faults = 0;
  for (const list of [shared, own])
    for (const each of Array.isArray(list) ? list : []) {
      const found = follow(root, each);
      if ("fault" in found) merged.set(`fault ${faults++}`, found);
      else merged.set(`${said(found.value.in)} ${said(found.value.name)}`, found);
    }
  return [...merged.values()];
}

function parameterSchema(
  document: ApiDocument,
  parameter: Json,
  reader: SchemaReader,
): { value: JsonSchema; json: boolean } {
  if (document.version === "2.0") {
    const { name: _, in: __, required: ___, description: ____, ...schema } = parameter;
    return { value: reader.read(schema), json: false };
  }
  if (parameter.schema !== undefined) return { value: reader.read(parameter.schema), json: false };
  const content = isObject(parameter.content) ? Object.entries(parameter.content)[0] : undefined;
  if (!content || !isObject(content[1])) return { value: {}, json: false };
  return { value: reader.read(content[1].schema), json: content[0].includes("json") };
}

function serialisation(
  document: ApiDocument,
  parameter: Json,
  where: ApiParameter["in"],
): Pick<ApiParameter, "style" | "explode"> {
  const form = where === "query" || where === "cookie";
  if (document.version === "2.0") {
    const format = parameter.collectionFormat;
    if (format === "ssv") return { style: "spaceDelimited", explode: false };
    if (format === "pipes") return { style: "pipeDelimited", explode: false };
    return { style: form ? "form" : "simple", explode: format === "multi" };
  }
  const styles: readonly string[] = [
    "form",
    "simple",
    "label",
    "matrix",
    "spaceDelimited",
    "pipeDelimited",
    "deepObject",
  ];
  const style = (
    styles.includes(said(parameter.style)) ? parameter.style : form ? "form" : "simple"
  ) as ApiParameter["style"];
  return { style, explode: typeof parameter.explode === "boolean" ? parameter.explode : style === "form" };
}

function serverOf(document: ApiDocument, { operation, item, server }: Place): { url: string } | { fault: string } {
  const given = server ?? declaredServer(document, operation, item);
  if (!given || !/^https?:\/\//i.test(given) || !URL.canParse(given))
    throw new PatchbayError(
      "bad_request",
      `The document names no absolute server${given ? ` (it says "${given.slice(0, 80)}")` : ""}. Say where the API is with "server".`,
      { path: "/server" },
    );
  const url = new URL(given);
  if (url.username || url.password || !bareHost(url)) return { fault: "its server's address carries a user name" };
  url.search = "";
  url.hash = "";
  return { url: url.href.replace(/\/+$/, "") };
}

function declaredServer(document: ApiDocument, operation: Json, item: Json): string | undefined {
  const { root } = document;
  if (document.version === "2.0") {
    const schemes = Array.isArray(root.schemes) ? root.schemes : ["https"];
    const scheme = schemes.includes("https") ? "https" : said(schemes[0]);
    return typeof root.host === "string" ? `${scheme}://${root.host}${text(root.basePath)}` : undefined;
  }
  for (const servers of [operation.servers, item.servers, root.servers]) {
    const first = Array.isArray(servers) ? servers[0] : undefined;
    if (!isObject(first)) continue;
    const variables = isObject(first.variables) ? first.variables : {};
    return text(first.url).replaceAll(/\{([^{}]+)\}/g, (all, name: string) => {
      const variable = Object.hasOwn(variables, name) ? variables[name] : undefined;
      return isObject(variable) && typeof variable.default === "string" ? variable.default : all;
    });
  }
  return undefined;
}

function apiName(title: string, server: string): string {
  const slug = (from: string) =>
    from
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, "-")
      .replaceAll(/^-+|-+$/g, "")
      .slice(0, 32)
      .replace(/-+$/, "");
  return slug(title) || (URL.canParse(server) ? slug(bareHost(new URL(server))) : "") || "api";
}

function uniqueName(api: string, operation: Json, method: string, path: string, names: Set<string>): string {
  const wanted = text(operation.operationId) || `${method}_${path}`;
  const plain =
    wanted
      .replaceAll(/[^A-Za-z0-9_.-]+/g, "_")
      .replaceAll(/_{2,}/g, "_")
      .replaceAll(/^_|_$/g, "")
      .slice(0, 60) || method;
  let name = plain;
  for (let n = 2; names.has(name); n++) name = `${plain}_${n}`;
  names.add(name);
  return `openapi/${api}/${name}`;
}

/** A property name that every model provider accepts. */
export function uniqueArg(name: string, taken: Record<string, unknown>): string {
  const plain =
    name
      .replaceAll(/[^A-Za-z0-9_.-]+/g, "_")
      .replaceAll(/^_+|_+$/g, "")
      .slice(0, 60) || "value";
  let arg = plain;
  for (let n = 2; Object.hasOwn(taken, arg); n++) arg = `${plain}_${n}`;
  return arg;
}
