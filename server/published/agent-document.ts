/** The OpenAPI document of one published agent: how to call it, with the inputs that its version declares. */
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
      summary: "The OpenAPI document of one agent, with its inputs",
      tag: "hosted",
      response: z.record(z.string(), z.unknown()),
      errors: { 404: "There is no such agent for this key." },
    }),
    async (c) => {
      const key = c.get("key");
      if (key.session !== undefined)
        throw new PatchbayError("forbidden", "A visitor's token is for the chat page alone.");
      const name = c.req.param("slug");
      const { slug, version } = await targetOf(services, key, name);
      const { live } = (await services.agents.publication(slug))!;
      const found = await services.agents.version(slug, version ?? live);
      if (!found) throw new PatchbayError("not_found", `There is no agent "${name}" for this key.`);
      const fields = services.agents.inputFields(found.graph);
      return c.json(agentDocument(found, fields, name, services.env.url ?? new URL(c.req.url).origin));
    },
  );
}

/** `name`: `slug`, or `slug@version` where calls are to go to that one. */
function agentDocument({ graph, version }: AgentVersion, fields: readonly Field[], name: string, origin: string) {
  const { properties, required } = inputsOf(fields);
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
      user: { ...text, description: "Your own id of the person who asks." },
    },
    required: ["input"],
    additionalProperties: false,
  };
  const json = (schema: object) => ({ "application/json": { schema } });
  const ref = (schema: string) => json({ $ref: `#/components/schemas/${schema}` });
  const run = { description: "The run.", content: ref("Run") };
  const id = { name: "id", in: "path", required: true, schema: { type: "string" }, description: "A run's id." };
  const answers = (codes: Record<number, string>) =>
    Object.fromEntries(
      Object.entries(codes).map(([code, description]) => [code, { description, content: ref("Error") }]),
    );
  const own = answers({ 401: "The key is wrong, expired or revoked.", 404: "This key has no such run." });
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
            // OpenAPI says to leave `Accept` to the media types of the answer.
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
              description: "The run, when it ended or waits; with Accept: text/event-stream its events.",
              content: { ...run.content, "text/event-stream": { schema: { type: "string" } } },
            },
            202: { description: "With Prefer: respond-async, at once.", content: ref("Accepted") },
            ...answers({
              400: "Something was sent that the agent does not take.",
              401: "The key is wrong, expired or revoked.",
              404: "There is no such agent for this key.",
              409: "A turn of this session still runs, or the Idempotency-Key came with another body.",
              429: "More than the key may do; Retry-After says when.",
            }),
          },
        },
      },
      "/v1/runs/{id}": {
        get: { operationId: "getRun", summary: "Get a run", parameters: [id], responses: { 200: run, ...own } },
      },
      "/v1/runs/{id}/cancel": {
        post: { operationId: "cancelRun", summary: "Cancel a run", parameters: [id], responses: { 200: run, ...own } },
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
      securitySchemes: { key: { type: "http", scheme: "bearer", description: "An agent key: pb_…" } },
    },
  };
}
