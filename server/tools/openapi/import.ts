/** Converts an OpenAPI document into tools, one per operation, with a report of each operation's result. */
import { PatchbayError } from "../../../runtime/error.ts";
import type { ToolImportReport } from "../../contract/tool.ts";
import { bareHost } from "../../net/address.ts";
import { cleanText, cutText } from "../clean-text.ts";
import type { StoredTool } from "../stored-tool.ts";
import { type ApiDocument, follow, isObject, type Json, readDocument, text } from "./document.ts";
import { apiName, operationName } from "./names.ts";
import { importOperation } from "./operation.ts";
import { mergeParameters } from "./parameters.ts";
import { rootAddress } from "./server-url.ts";

const METHODS: readonly string[] = ["get", "put", "post", "delete", "patch", "head", "options", "trace"];
/** The keys of a path item that are no operations. */
const ITEM_KEYS = new Set(["$ref", "summary", "description", "servers", "parameters"]);
/** Of one document. A library with more tools than this cannot be read by a person, nor searched well. */
export const MAX_OPERATIONS = 2_000;

type Report = ToolImportReport["report"];

export interface ImportedApi {
  /** The second part of the tools' names. */
  api: string;
  tools: StoredTool[];
  report: Report;
}

interface Operation {
  label: string;
  path: string;
  method: string;
  operation: Json;
  item: Json;
}

/**
 * Throws `bad_request` when the document cannot be used at all. The same document gives the same names, so a second
 * import replaces the first. The report names everything that looks like an operation and did not become a tool.
 */
export function importOpenApi(source: { openapi?: unknown; name?: string; server?: string }): ImportedApi {
  const document = readDocument(source.openapi);
  const { root } = document;
  const strayPaths = findStrayPaths(root);
  if (!isObject(root.paths))
    throw new PatchbayError(
      "bad_request",
      `The document has no paths, so there is nothing to import.${strayPaths[0] ? ` There are paths inside "${strayPaths[0]}": move them to the top level.` : ""}`,
      { path: "/openapi" },
    );
  const info = isObject(root.info) ? root.info : {};
  const title = cutText(cleanText(text(info.title)), 100) || "API";
  const host = URL.parse(source.server ?? rootAddress(document) ?? "");
  const api = apiName({ name: source.name, title: text(info.title), host: host ? bareHost(host) : "" });
  const tools: StoredTool[] = [];
  const report: Report = strayPaths.map((place) => ({
    operation: place,
    result: "left-out",
    reason: 'paths belong into "paths" at the top level of the document: move them there',
  }));
  const names = new Set<string>();
  const operations = listOperations(document, report);
  if (operations.length > MAX_OPERATIONS)
    report.unshift({
      operation: title,
      result: "left-out",
      reason: `it has ${operations.length} operations: ${operations.length - MAX_OPERATIONS} were left out, the first ${MAX_OPERATIONS} imported. Import a document with the part that you need`,
    });
  const isCommon = commonParameters(document, operations);
  for (const { label, ...each } of operations) {
    if (tools.length >= MAX_OPERATIONS) {
      report.push({ operation: label, result: "left-out", reason: `more than ${MAX_OPERATIONS} operations` });
      continue;
    }
    const made = importOperation(document, { ...each, api, server: source.server, isCommon });
    if ("fault" in made) {
      report.push({ operation: label, result: "left-out", reason: made.fault });
      continue;
    }
    const name = operationName(text(each.operation.operationId), each.method, each.path, names);
    tools.push({ ...made.tool, name: `openapi/${api}/${name}`, source: title });
    const deprecated = each.operation.deprecated === true ? { reason: "deprecated" } : {};
    if (made.notes.length) report.push({ operation: label, result: "simplified", reason: made.notes.join("; ") });
    else report.push({ operation: label, result: "imported", ...deprecated });
  }
  return { api, tools, report };
}

/** The operations in the order of the document. Reports what cannot be one. */
function listOperations({ root }: ApiDocument, report: Report): Operation[] {
  const operations: Operation[] = [];
  const leaveOut = (operation: string, reason: string) => report.push({ operation, result: "left-out", reason });
  for (const [path, found] of Object.entries(root.paths as Json)) {
    if (path.startsWith("x-")) continue;
    const item = follow(root, found);
    if ("fault" in item) {
      leaveOut(path, item.fault);
      continue;
    }
    for (const [key, operation] of Object.entries(item.value)) {
      const method = key.toLowerCase();
      const label = `${method.toUpperCase()} ${path}`;
      if (METHODS.includes(method)) {
        if (!isObject(operation)) leaveOut(label, "it is empty or not an object");
        else {
          operations.push({ label, path, method, operation, item: item.value });
          for (const [inner, stray] of Object.entries(operation))
            if (isObject(stray) && (inner.startsWith("/") || METHODS.includes(inner)))
              leaveOut(`${inner} inside ${label}`, "it stands inside another operation: correct its indentation");
        }
      } else if (key.startsWith("/")) leaveOut(key, `it stands inside the path "${path}": correct its indentation`);
      else if (!ITEM_KEYS.has(key) && !key.startsWith("x-")) leaveOut(`${key} ${path}`, `"${key}" is not a method`);
    }
  }
  return operations;
}

/** Where paths stand that are not those of the document: names of keys, as in "info.paths". */
function findStrayPaths(root: Json): string[] {
  const found: string[] = [];
  const look = (value: Json, place: string[]) => {
    for (const [key, inner] of Object.entries(value)) {
      if (!isObject(inner) || (key === "paths" && place.length === 0) || /^(?:x-|\/|examples?$)/.test(key)) continue;
      if (key === "paths" && Object.keys(inner).some((path) => path.startsWith("/")))
        found.push([...place, key].join("."));
      else if (place.length < 2) look(inner, [...place, key]);
    }
  };
  look(root, []);
  if (isObject(root.paths) && isObject(root.paths.paths)) look({ paths: root.paths.paths }, ["paths"]);
  return found;
}

/** Whether at least half of the operations have a parameter of that name. */
function commonParameters({ root }: ApiDocument, operations: Operation[]): (name: string) => boolean {
  const counts = new Map<string, number>();
  for (const { item, operation } of operations)
    for (const each of mergeParameters(root, [item.parameters, operation.parameters]))
      if ("value" in each) {
        const name = text(each.value.name);
        counts.set(name, (counts.get(name) ?? 0) + 1);
      }
  return (name) => (counts.get(name) ?? 0) * 2 >= operations.length;
}
