/** Secrets: values can be set, but only names are returned. */
import { Hono } from "hono";
import { z } from "zod";
import { SecretCard } from "../contract/secret.ts";
import { body, describe } from "../http/describe.ts";
import type { AppEnv } from "../http/guard.ts";
import { notFound } from "../lib/not-found.ts";
import type { Services } from "../services.ts";

export function secretRoutes({ secrets }: Pick<Services, "secrets">) {
  return new Hono<AppEnv>()
    .get(
      "/",
      describe({
        summary: "List the names of secrets",
        tag: "secrets",
        description: "Values are never returned.",
        response: z.object({ secrets: z.array(SecretCard) }),
      }),
      async (c) => c.json({ secrets: await secrets.names() }),
    )
    .put(
      "/:name",
      describe({ summary: "Set a secret", tag: "secrets", response: z.object({ name: z.string() }) }),
      body(z.strictObject({ value: z.string() })),
      async (c) => {
        await secrets.set(c.req.param("name"), c.req.valid("json").value);
        return c.json({ name: c.req.param("name") });
      },
    )
    .delete(
      "/:name",
      describe({
        summary: "Delete a secret",
        tag: "secrets",
        response: null,
        status: 204,
        errors: { 404: "Not found." },
      }),
      async (c) => {
        if (!(await secrets.delete(c.req.param("name")))) throw notFound("secret", c.req.param("name"));
        return c.body(null, 204);
      },
    );
}
