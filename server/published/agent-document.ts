/** The OpenAPI document of one published agent, with the inputs that its version declares. */
import { Hono } from "hono";
import { z } from "zod";
import { PatchbayError } from "../../runtime/error.ts";
import type { Field } from "../../runtime/field.ts";
import type { AgentVersion } from "../contract/agent.ts";
import { RunResult } from "../contract/run.ts";
import { describe, ErrorBody } from "../http/describe.ts";
import type { AppEnv } from "../http/guard.ts";
import { RUN_HEADERS } from "../http/run-response.ts";
import { targetOf } from "./agent-call.ts";
import type { PublishedDeps } from "./deps.ts";
import { inputsOf } from "./inputs.ts";

export function agentDocumentRoutes(services: Pick<PublishedDeps, "agents" | "keys" | "runs" | "files" | "env">) {
  return new Hono<AppEnv>().get(
    "/agents/:slug/openapi.json",
    describe({
      summary: "Get the OpenAPI document of an agent, with its inputs",
      tag: "hosted",
      response: z.record(z.string(), z.unknown()),
      errors: { 404: "Agent not found for this key." },
    }),
    async (c) => {
      const key = c.get("key");
      if (key.session !== undefined)
        throw new PatchbayError("forbidden", "A visitor token works on the chat page only.");
      const name = c.req.param("slug");
      const { slug, version } = await targetOf(services, key, name);
      const { live } = (await services.agents.publication(slug))!;
      const found = await services.agents.version(slug, version ?? live);
      if (!found) throw new PatchbayError("not_found", `The agent "${name}" was not found.`);
      const fields = services.agents.inputFields(found.graph);
      const files = services.agents.readsFiles(found.graph);
      return c.json(agentDocument(found, { fields, files }, name, services.env.url ?? new URL(c.req.url).origin));
    },
  );
}

/** `name`: `slug`, or `slug@version` for calls of that version. */
function agentDocument(
  { graph, version }: AgentVersion,
  inputs: { fields: readonly Field[]; files: boolean },
  name: string,
  origin: string,
) {
  const { properties, required } = inputsOf(inputs.fields);
  if (inputs.files)
    properties.files ??= {
      type: "array",
      items: { type: "string" },
      description: "Ids of files uploaded to /v1/files.",
    };
  const input = { type: "object", properties, required, additionalProperties: false };
  const text = { type: "string", minLength: 1, maxLength: 200 };
  const call = {
    type: "object",
    properties: {
      input,
      session: { ...text, description: "Calls with the same value are turns of one conversation." },
      user: { ...text, description: "Your id of the end user." },
    },
    required: ["input"],
    additionalProperties: false,
  };
  const json = (schema: object) => ({ "application/json": { schema } });
  const ref = (schema: string) => json({ $ref: `#/components/schemas/${schema}` });
  const run = { description: "The run.", content: ref("Run") };
  const id = { name: "id", in: "path", required: true, schema: { type: "string" }, description: "Id of a run." };
  const errorResponses = (codes: Record<number, string>) =>
    Object.fromEntries(
      Object.entries(codes).map(([code, description]) => [code, { description, content: ref("Error") }]),
    );
  const runErrors = errorResponses({
    401: "The key is invalid, expired or revoked.",
    404: "Run not found for this key.",
  });
  return {
    openapi: "3.1.0",
    info: { title: graph.name, version: String(version), ...(graph.description && { description: graph.description }) },
    servers: [{ url: origin }],
    security: [{ key: [] }],
    paths: {
      [`/v1/agents/${name}/runs`]: {
        post: {
          operationId: "ask",
          summary: graph.description || `Ask ${graph.name}`,
          parameters: Object.entries(RUN_HEADERS)
            // OpenAPI describes `Accept` by the media types of the response.
            .filter(([header]) => header !== "Accept")
            .map(([header, description]) => ({
              name: header,
              in: "header",
              required: false,
              description,
              schema: { type: "string" },
            })),
          requestBody: { required: true, content: json(call) },
          responses: {
            200: {
              description: "The run when it ends or waits. With Accept: text/event-stream, its events.",
              content: { ...run.content, "text/event-stream": { schema: { type: "string" } } },
            },
            202: { description: "The run's id. With Prefer: respond-async.", content: ref("Accepted") },
            ...errorResponses({
              400: "Invalid or undeclared input.",
              401: "The key is invalid, expired or revoked.",
              404: "Agent not found for this key.",
              409: "A turn of this session is running, or the Idempotency-Key was used with another body.",
              429: "A limit of the key is exceeded; see Retry-After.",
            }),
          },
        },
      },
      "/v1/runs/{id}": {
        get: { operationId: "getRun", summary: "Get a run", parameters: [id], responses: { 200: run, ...runErrors } },
      },
      "/v1/runs/{id}/cancel": {
        post: {
          operationId: "cancelRun",
          summary: "Cancel a run",
          parameters: [id],
          responses: { 200: run, ...runErrors },
        },
      },
    },
    components: {
      schemas: {
        Run: z.toJSONSchema(RunResult, { io: "output" }),
        Accepted: {
          type: "object",
          properties: { id: { type: "string" }, status: { const: "running" } },
          required: ["id", "status"],
        },
        Error: z.toJSONSchema(ErrorBody, { io: "output" }),
      },
      securitySchemes: { key: { type: "http", scheme: "bearer", description: "An agent key (pb_…)." } },
    },
  };
}
