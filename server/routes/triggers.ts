/** Triggers: webhooks, schedules and notices of an agent, for the admin; and where webhooks come in. */
import { Hono } from "hono";
import { z } from "zod";
import { PatchbayError } from "../../runtime/error.ts";
import type { AppEnv } from "../guard.ts";
import { LIMITS, readJson } from "../intake.ts";
import type { Services } from "../services.ts";
import { NewTrigger, Trigger } from "../triggers/trigger.ts";
import { about, body } from "./describe.ts";

export function triggerRoutes({ triggers, env }: Pick<Services, "triggers" | "env">) {
  return new Hono<AppEnv>()
    .get(
      "/:id/triggers",
      about({
        summary: "List what starts an agent by itself and who is told of its runs",
        tag: "triggers",
        gives: z.object({ triggers: z.array(Trigger) }),
        errors: { 404: "There is no such agent." },
      }),
      async (c) => c.json({ triggers: await triggers.list(c.req.param("id")) }),
    )
    .post(
      "/:id/triggers",
      about({
        summary: "Add a webhook, a schedule or a notice to a published agent",
        tag: "triggers",
        description:
          "The answer is the only place where the secret of a webhook or a notice is ever shown. Messages are signed as Standard Webhooks are: HMAC-SHA256 over `id.timestamp.body`.",
        gives: z.object({ trigger: Trigger, secret: z.string().optional(), url: z.string().optional() }),
        status: 201,
        errors: {
          404: "There is no such agent.",
          409: "It is not published, or has too many.",
          422: "The address may not be reached.",
        },
      }),
      body(NewTrigger),
      async (c) => {
        const { trigger, secret } = await triggers.create(c.req.param("id"), c.req.valid("json"));
        const base = env.url ?? new URL(c.req.url).origin;
        const url = trigger.kind === "webhook" ? `${base}/v1/hooks/${trigger.id}` : undefined;
        return c.json({ trigger, ...(secret !== undefined && { secret }), ...(url !== undefined && { url }) }, 201);
      },
    )
    .delete(
      "/:id/triggers/:trigger",
      about({
        summary: "Delete a trigger, at once",
        tag: "triggers",
        gives: null,
        status: 204,
        errors: { 404: "The agent has no such trigger." },
      }),
      async (c) => {
        const { id, trigger } = c.req.param();
        if (!(await triggers.delete(id, trigger)))
          throw new PatchbayError("not_found", `The agent has no trigger "${trigger.slice(0, 100)}".`);
        return c.body(null, 204);
      },
    );
}

/** `POST /v1/hooks/:id`: its signature is its right. */
export function hookRoutes({ triggers }: Pick<Services, "triggers">) {
  return new Hono<AppEnv>().post(
    "/hooks/:id",
    about({
      summary: "Start a run by a signed message",
      tag: "hosted",
      gives: z.object({ id: z.string(), status: z.literal("running") }),
      status: 202,
      body: { media: "application/json", description: "The inputs of the agent, or what they are taken from." },
      headers: {
        "webhook-id": "Names the message; a second one of the same name is refused.",
        "webhook-timestamp": "Unix seconds, at most five minutes from now.",
        "webhook-signature": "v1, and the base64 of the HMAC-SHA256 over id.timestamp.body.",
      },
      errors: {
        400: "The body does not hold what the agent takes.",
        401: "It is not signed as it must be, or there is no such webhook.",
        409: "The message came before.",
      },
    }),
    async (c) => {
      const value = await readJson(c, LIMITS.hosted);
      const text = await c.req.text();
      const { id } = await triggers.receive(c.req.param("id"), { header: (name) => c.req.header(name), text, value });
      return c.json({ id, status: "running" as const }, 202);
    },
  );
}
