/** OpenAI-compatible API over published agents. */
import { Hono } from "hono";
import { z } from "zod";
import { describe } from "../../http/describe.ts";
import type { AppEnv } from "../../http/guard.ts";
import type { CallerKey } from "../../keys/service.ts";
import { notFound } from "../../lib/not-found.ts";
import { callable, type HostedServices, targetOf } from "../agent-call.ts";
import { Completion, CompletionRequest, complete } from "./chat-completions.ts";
import { ResponseObject, ResponseRequest, type ResponseServices, respond, retrieve } from "./responses.ts";

const Model = z.object({ id: z.string(), object: z.literal("model"), created: z.number(), owned_by: z.string() });

const CALL = {
  tag: "hosted",
  description:
    "Sampling parameters have no effect. The call is cancelled when the client disconnects, unless it has an Idempotency-Key.",
  headers: {
    "Idempotency-Key":
      "A repeated request with the same key returns the same run; with a different body it is refused (409).",
  },
  errors: {
    400: "Invalid or unsupported parameter; see `param`.",
    404: "Agent not found for this key.",
  },
};

export function openAiRoutes(services: ResponseServices) {
  return new Hono<AppEnv>()
    .get(
      "/models",
      describe({
        summary: "List the agents of the key as models",
        tag: "hosted",
        response: z.object({ object: z.literal("list"), data: z.array(Model) }),
      }),
      async (c) => c.json({ object: "list" as const, data: await listModels(services, c.get("key")) }),
    )
    .get(
      "/models/:model",
      describe({
        summary: "Get an agent as a model",
        tag: "hosted",
        response: Model,
        errors: { 404: "Agent not found for this key." },
      }),
      async (c) => {
        const { slug, version } = await targetOf(services, c.get("key"), c.req.param("model"));
        return c.json(await modelCard(services, slug, version));
      },
    )
    .post(
      "/chat/completions",
      describe({
        ...CALL,
        summary: "Create a chat completion with an agent",
        body: CompletionRequest,
        response: Completion,
      }),
      (c) => complete(c, services),
    )
    .post(
      "/responses",
      describe({
        ...CALL,
        summary: "Create a response with an agent",
        body: ResponseRequest,
        response: ResponseObject,
      }),
      (c) => respond(c, services),
    )
    .get(
      "/responses/:id",
      describe({
        summary: "Get a response",
        tag: "hosted",
        response: ResponseObject,
        errors: { 404: "Response not found for this key." },
      }),
      (c) => retrieve(c, services),
    );
}

async function listModels(services: HostedServices, key: CallerKey) {
  const publications = await callable(services, key);
  return Promise.all(
    publications.flatMap(({ slug, live }) => [modelCard(services, slug), modelCard(services, slug, live)]),
  );
}

async function modelCard(services: HostedServices, slug: string, version?: number) {
  const publication = await services.agents.publication(slug);
  const found = await services.agents.version(slug, version ?? publication?.live ?? 1);
  if (!found) throw notFound("agent", slug);
  const id = version === undefined ? slug : `${slug}@${version}`;
  return { id, object: "model" as const, created: Math.floor(found.publishedAt / 1000), owned_by: "patchbay" };
}
