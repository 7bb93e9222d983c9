/** For tests: an OpenAPI document in, its tools, and the request of a call, its arguments checked as the toolbox does. */
import { expect } from "vitest";
import { openApiRequest } from "../../bindings/openapi.ts";
import { schemaMismatch } from "../../schema-check.ts";
import type { OpenApiBinding, StoredTool } from "../../stored-tool.ts";
import { importOpenApi } from "../import.ts";

export type Json = Record<string, unknown>;
export const HOST = "https://api.test";

export function load(openapi: unknown, more: { server?: string; name?: string } = {}) {
  const { api, tools, report } = importOpenApi({ openapi, ...more });
  const byName = new Map(tools.map((tool) => [tool.name.split("/")[2]!, tool]));
  const tool = (name: string): StoredTool => {
    const found = byName.get(name);
    if (!found) throw new Error(`${name} is not among ${[...byName.keys()].join(", ")}: ${JSON.stringify(report)}`);
    return found;
  };
  /** The request of a call, its arguments checked as the toolbox does. */
  const send = (name: string, args: Json) => {
    const { parameters, binding } = tool(name);
    expect(schemaMismatch(parameters, args)).toBeUndefined();
    const { url, body, headers } = openApiRequest(binding as OpenApiBinding, args);
    return { url, body: body === undefined ? undefined : String(Buffer.from(body)), headers };
  };
  return { api, report, names: [...byName.keys()], tool, send };
}

export const operation = (more: Json): Json => ({ operationId: "act", responses: {}, ...more });
export const document = (paths: Json, more: Json = {}): Json => ({
  openapi: "3.0.3",
  info: { title: "Test" },
  servers: [{ url: HOST }],
  paths,
  ...more,
});
export const withBody = (mediaType: string, media: Json) =>
  document({ "/x": { post: operation({ requestBody: { required: true, content: { [mediaType]: media } } }) } });
export const withParameters = (parameters: Json[], path = "/x", more: Json = {}) =>
  document({ [path]: { get: operation({ parameters }) } }, more);
export const properties = (tool: StoredTool) => tool.parameters.properties as Record<string, Json>;
export const pairs = (query: string) => [...new URLSearchParams(query)].map((pair) => pair.join("="));
