/** Model providers and their models. */
import { Hono } from "hono";
import { z } from "zod";
import { PatchbayError } from "../../runtime/error.ts";
import { ModelList, NewProvider, Provider, ProviderTest } from "../contract/model.ts";
import { body, describe } from "../http/describe.ts";
import type { AppEnv } from "../http/guard.ts";
import { notFound } from "../lib/not-found.ts";
import type { Models } from "../models/service.ts";
import type { Services } from "../services.ts";

const Changes = NewProvider.omit({ aliases: true }).partial();

export function modelRoutes({ models }: Pick<Services, "models">) {
  return new Hono<AppEnv>()
    .get(
      "/",
      describe({
        summary: "List providers and models",
        tag: "models",
        response: ModelList,
      }),
      async (c) => {
        const [providers, cards, defaultModel, embedder] = await Promise.all([
          models.providers(),
          models.cards(),
          models.defaultModel(),
          models.embedder(),
        ]);
        return c.json({
          providers,
          models: cards,
          ...(defaultModel !== undefined && { defaultModel }),
          ...(embedder !== undefined && { embedder }),
        });
      },
    )
    .post(
      "/",
      describe({
        summary: "Add a provider",
        tag: "models",
        description: "`apiKey` names a secret: save it first with PUT /api/secrets/{name}.",
        response: Provider,
        status: 201,
        errors: { 409: "The id is in use or built in." },
      }),
      body(NewProvider),
      async (c) => {
        const provider = c.req.valid("json");
        if (await find(models, provider.id)) {
          throw new PatchbayError(
            "conflict",
            `The provider "${provider.id}" already exists. Use another id, or change the existing provider.`,
            { path: "/id" },
          );
        }
        return c.json(await models.save(provider), 201);
      },
    )
    .get(
      "/:id",
      describe({ summary: "Get a provider", tag: "models", response: Provider, errors: { 404: "Not found." } }),
      async (c) => c.json(await get(models, c.req.param("id"))),
    )
    .patch(
      "/:id",
      describe({
        summary: "Change a provider",
        tag: "models",
        description:
          "Omitted keys stay unchanged; `null` removes a key. Another `id` renames the provider: graphs and published versions that use the old one still work.",
        response: Provider,
        errors: {
          404: "Not found.",
          409: "The id is in use, or the provider is built in or set by environment variables.",
        },
      }),
      body(nullable(Changes)),
      async (c) => {
        const provider = await get(models, c.req.param("id"));
        const changed = Object.fromEntries(
          Object.entries({ ...provider, ...c.req.valid("json") }).filter(
            ([, value]) => value !== null && value !== undefined,
          ),
        );
        return c.json(await models.save(changed as unknown as Provider, provider.id));
      },
    )
    .delete(
      "/:id",
      describe({
        summary: "Delete a provider",
        tag: "models",
        description:
          "The secret with its key stays. Graphs that use its models cannot run until the provider is added again.",
        response: null,
        status: 204,
        errors: { 404: "Not found.", 409: "The provider is built in or set by environment variables." },
      }),
      async (c) => {
        const id = c.req.param("id");
        if (!(await models.delete(id))) throw notFound("provider", id);
        return c.body(null, 204);
      },
    )
    .post(
      "/:id/test",
      describe({
        summary: "Test a provider",
        tag: "models",
        description:
          "Lists its models and tests one with a short reply, a tool call and structured output. Uses a few hundred tokens.",
        response: ProviderTest,
        errors: { 404: "Not found." },
      }),
      async (c) => c.json(await models.test(c.req.param("id"), c.req.raw.signal)),
    );
}

/** The object schema with every key nullable, but the id. */
function nullable<T extends z.ZodRawShape>(schema: z.ZodObject<T>) {
  const shape = Object.fromEntries(
    Object.entries(schema.shape).map(([key, value]) => [
      key,
      key === "id" ? (value as z.ZodType) : (value as z.ZodType).nullable(),
    ]),
  );
  return z.strictObject(shape);
}

async function find(models: Models, id: string): Promise<Provider | undefined> {
  return (await models.providers()).find((provider) => provider.id === id);
}

async function get(models: Models, id: string): Promise<Provider> {
  const provider = await find(models, id);
  if (!provider) throw notFound("provider", id);
  return provider;
}
