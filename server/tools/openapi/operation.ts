/** Converts one operation of an OpenAPI document into a tool. */
import { isDotSegment } from "../../../runtime/http-request.ts";
import { argumentsProblem } from "../../../runtime/json-schema.ts";
import type { JsonSchema } from "../../../runtime/tool.ts";
import { cleanText, cutText } from "../clean-text.ts";
import type { ApiAuth, ApiParameter, OpenApiBinding, StoredTool } from "../stored-tool.ts";
import { readBody } from "./body.ts";
import { type ApiDocument, isTrue, type Json, said, text } from "./document.ts";
import { argumentName, describeSentName } from "./names.ts";
import { mergeParameters, parameterSchema, serialisation } from "./parameters.ts";
import { SchemaReader } from "./schema.ts";
import { credentialParameter, planSecurity, secretName } from "./security.ts";
import { serverUrl } from "./server-url.ts";

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

export interface OperationSource {
  path: string;
  /** Lower case. */
  method: string;
  operation: Json;
  /** The path item. */
  item: Json;
  api: string;
  server?: string;
  /** Whether most operations of the document have a parameter of this name. */
  isCommon(parameter: string): boolean;
}

export type ImportedOperation = { tool: Omit<StoredTool, "name" | "source">; notes: string[] } | { fault: string };

/** Throws `bad_request` when the document has no server. */
export function importOperation(document: ApiDocument, source: OperationSource): ImportedOperation {
  const { method, operation, path, item, api } = source;
  if (method === "trace" || method === "options")
    return { fault: `${method.toUpperCase()} does nothing that a tool is for` };
  const pathFault = faultOfPath(path);
  if (pathFault) return { fault: pathFault };
  const server = serverUrl(document, [operation, item], source.server);
  if ("fault" in server) return server;
  const security = planSecurity(document, operation, api, server.url);
  if ("fault" in security) return security;

  const reader = new SchemaReader(document.root);
  const auth = [...security.auth];
  const notes = [...security.notes];
  const properties: Record<string, JsonSchema> = {};
  const required: string[] = [];
  const parameters: ApiParameter[] = [];
  const bodyParameters: Json[] = [];
  const add = (parameter: ApiParameter, schema: JsonSchema, isRequired: boolean) => {
    properties[parameter.arg] = describeSentName(schema, parameter.arg, parameter.name, parameter.in);
    if (isRequired) required.push(parameter.arg);
    parameters.push(parameter);
  };

  for (const found of mergeParameters(document.root, [item.parameters, operation.parameters])) {
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
    const schema = parameterSchema(document, parameter, reader);
    // a model is never asked for a credential
    if (where !== "path" && setByAuth(security.auth, name)) continue;
    if (!security.auth.length) {
      const secret = secretName(api, name);
      const credential = credentialParameter(parameter, schema.value, secret, source.isCommon(name));
      if (credential) {
        auth.push(credential.auth);
        notes.push(credential.note);
        continue;
      }
    }
    if (where === "header" && NOT_ARGUMENTS.has(name.toLowerCase())) continue;
    const arg = argumentName(name, properties);
    const style = serialisation(document, parameter, where);
    add(
      { arg, name, in: where, ...style, ...(schema.json && { json: true }) },
      schema.value,
      isTrue(parameter.required) || where === "path",
    );
  }
  for (const [, name] of path.matchAll(/\{([^{}]+)\}/g)) {
    if (parameters.some((each) => each.in === "path" && each.name === name)) continue;
    const arg = argumentName(name!, properties);
    add({ arg, name: name!, in: "path", style: "simple", explode: false }, { type: "string" }, true);
    notes.push(`the path's {${name}} was not described`);
  }

  const body = readBody(document, operation, bodyParameters, reader, properties);
  if (body && "fault" in body) return body;
  if (body) {
    Object.assign(properties, body.properties);
    required.push(...body.required);
  }
  notes.push(...reader.notes);

  const schema: JsonSchema = { type: "object", properties, additionalProperties: body?.additional ?? false };
  if (required.length) schema.required = [...new Set(required)];
  const fault = argumentsProblem(schema);
  if (fault) return { fault: `its arguments cannot be used: ${fault}` };
  const binding: OpenApiBinding = {
    kind: "openapi",
    method: method.toUpperCase(),
    server: server.url,
    path,
    parameters,
    auth,
  };
  if (body) binding.body = body.binding;
  const summary = summaryOf(operation, method, path);
  return {
    tool: { summary, parameters: schema, effect: method === "get" || method === "head" ? "read" : "outside", binding },
    notes: [...new Set(notes)],
  };
}

function setByAuth(auths: ApiAuth[], name: string): boolean {
  if (auths.length > 0 && CREDENTIAL.test(name)) return true;
  const lower = name.toLowerCase();
  return auths.some((auth) => {
    if (auth.kind === "header") return auth.header === lower;
    return auth.kind === "oauth" ? lower === "authorization" : auth.name.toLowerCase() === lower;
  });
}

function faultOfPath(path: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (/[\u0000-\u0020\u007f\\]/.test(path)) return "its path has a space, a backslash or a control character";
  if (
    path
      .replace(/[?#].*/s, "")
      .split("/")
      .some(isDotSegment)
  )
    return 'its path has a "." or ".." segment';
  return undefined;
}

function summaryOf(operation: Json, method: string, path: string): string {
  const short = cleanText(text(operation.summary));
  const long = cleanText(text(operation.description));
  const both = short && long && !long.startsWith(short) ? `${short.replace(/\.$/, "")}. ${long}` : long || short;
  return cutText(both || cleanText(text(operation.operationId)), MAX_SUMMARY) || `${method.toUpperCase()} ${path}`;
}
