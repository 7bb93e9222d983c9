/** Triggers: webhooks, schedules and notices of an agent, for the admin; and where webhooks come in. */
import type { Context } from "hono";
import { Hono } from "hono";
import { z } from "zod";
import { PatchbayError } from "../../runtime/error.ts";
import { Delivery, MadeTrigger, NewTrigger, Trigger, TriggerChange } from "../contract/trigger.ts";
import { body, describe } from "../http/describe.ts";
import type { AppEnv } from "../http/guard.ts";
import { LIMITS, readJson } from "../http/intake.ts";
import type { Services } from "../services.ts";

const MISSING = "The agent has no such trigger.";

export function triggerRoutes({ triggers, env }: Pick<Services, "triggers" | "env">) {
  /** Where the messages of a webhook are sent to. */
  const urlOf = (c: Context, { kind, id }: Trigger) =>
    kind === "webhook" ? { url: `${env.url ?? new URL(c.req.url).origin}/v1/hooks/${id}` } : {};

  return new Hono<AppEnv>()
    .get(
      "/:id/triggers",
      describe({
        summary: "List what starts an agent by itself and who is told of its runs",
        tag: "triggers",
        response: z.object({ triggers: z.array(Trigger) }),
        errors: { 404: "There is no such agent." },
      }),
      async (c) => c.json({ triggers: await triggers.list(c.req.param("id")) }),
    )
    .post(
      "/:id/triggers",
      describe({
        summary: "Add a webhook, a schedule or a notice to a published agent",
        tag: "triggers",
        description:
          "The answer is the only place where the secret of a webhook or a notice is ever shown. Messages are signed as Standard Webhooks are: HMAC-SHA256 over `id.timestamp.body`.",
        response: MadeTrigger,
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
        return c.json({ trigger, ...(secret !== undefined && { secret }), ...urlOf(c, trigger) }, 201);
      },
    )
    .get(
      "/:id/triggers/:trigger",
      describe({
        summary: "Get a trigger, and where its messages are sent to",
        tag: "triggers",
        response: z.object({ trigger: Trigger, url: z.string().optional() }),
        errors: { 404: MISSING },
      }),
      async (c) => {
        const { id, trigger: name } = c.req.param();
        const trigger = await triggers.get(id, name);
        return c.json({ trigger, ...urlOf(c, trigger) });
      },
    )
    .patch(
      "/:id/triggers/:trigger",
      describe({
        summary: "Change, pause or resume a trigger",
        tag: "triggers",
        response: z.object({ trigger: Trigger, url: z.string().optional() }),
        errors: { 404: MISSING, 422: "The address may not be reached." },
      }),
      body(TriggerChange),
      async (c) => {
        const { id, trigger: name } = c.req.param();
        const trigger = await triggers.update(id, name, c.req.valid("json"));
        return c.json({ trigger, ...urlOf(c, trigger) });
      },
    )
    .post(
      "/:id/triggers/:trigger/test",
      describe({
        summary: "Do now what a trigger is for: start its run, or send a message of the type `test`",
        tag: "triggers",
        response: Delivery,
        errors: { 404: MISSING, 400: "The body does not hold what the agent takes." },
      }),
      body(z.strictObject({ body: z.unknown().optional().describe("What would come to a webhook.") })),
      async (c) => {
        const { id, trigger } = c.req.param();
        return c.json(await triggers.test(id, trigger, c.req.valid("json").body, c.req.raw.signal));
      },
    )
    .get(
      "/:id/triggers/:trigger/deliveries",
      describe({
        summary: "List the last fifty things a trigger did, newest first",
        tag: "triggers",
        response: z.object({ deliveries: z.array(Delivery) }),
        errors: { 404: MISSING },
      }),
      async (c) => {
        const { id, trigger } = c.req.param();
        return c.json({ deliveries: await triggers.deliveries(id, trigger) });
      },
    )
    .post(
      "/:id/triggers/:trigger/redeliver",
      describe({
        summary: "Send a message of a notice once more, under the id that it had",
        tag: "triggers",
        response: null,
        status: 204,
        errors: { 404: "There is no such delivery." },
      }),
      body(z.strictObject({ delivery: z.string().max(300) })),
      async (c) => {
        const { id, trigger } = c.req.param();
        await triggers.redeliver(id, trigger, c.req.valid("json").delivery);
        return c.body(null, 204);
      },
    )
    .delete(
      "/:id/triggers/:trigger",
      describe({
        summary: "Delete a trigger, at once",
        tag: "triggers",
        response: null,
        status: 204,
        errors: { 404: MISSING },
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
    describe({
      summary: "Start a run by a signed message",
      tag: "hosted",
      response: z.object({ id: z.string(), status: z.literal("running") }),
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
        429: "More messages than a webhook takes in a minute.",
        503: "The webhook is paused.",
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
