/** Triggers of an agent (webhooks, schedules, notices), and the endpoint that receives webhooks. */
import type { Context } from "hono";
import { Hono } from "hono";
import { z } from "zod";
import { PatchbayError } from "../../runtime/error.ts";
import { Delivery, HookResult, MadeTrigger, NewTrigger, Trigger, TriggerChange } from "../contract/trigger.ts";
import { body, describe } from "../http/describe.ts";
import type { AppEnv } from "../http/guard.ts";
import { LIMITS, parseJson, readJson, readText } from "../http/intake.ts";
import type { Services } from "../services.ts";

const NOT_FOUND = "Trigger not found.";

export function triggerRoutes({ triggers, env }: Pick<Services, "triggers" | "env">) {
  /** The URL of a webhook. */
  const urlOf = (c: Context, { kind, id }: Trigger) =>
    kind === "webhook" ? { url: `${env.url ?? new URL(c.req.url).origin}/v1/hooks/${id}` } : {};

  return new Hono<AppEnv>()
    .get(
      "/:id/triggers",
      describe({
        summary: "List the triggers of an agent",
        tag: "triggers",
        response: z.object({ triggers: z.array(Trigger) }),
        errors: { 404: "Agent not found." },
      }),
      async (c) => c.json({ triggers: await triggers.list(c.req.param("id")) }),
    )
    .post(
      "/:id/triggers",
      describe({
        summary: "Add a webhook, a schedule or a notice to a published agent",
        tag: "triggers",
        description:
          "A secret that is made for a webhook or notice is returned only in this response. Notices, and webhooks without another `sender`, are signed as Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`.",
        response: MadeTrigger,
        status: 201,
        errors: {
          404: "Agent not found.",
          409: "The agent is not published, or has too many triggers.",
          422: "The URL is not allowed.",
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
        summary: "Get a trigger, with the URL of a webhook",
        tag: "triggers",
        response: z.object({ trigger: Trigger, url: z.string().optional() }),
        errors: { 404: NOT_FOUND },
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
        description: "A webhook with another `sender` gets a new secret, returned only in this response.",
        response: MadeTrigger,
        errors: { 404: NOT_FOUND, 422: "The URL is not allowed." },
      }),
      body(TriggerChange),
      async (c) => {
        const { id, trigger: name } = c.req.param();
        const made = await triggers.update(id, name, c.req.valid("json"));
        return c.json({ ...made, ...urlOf(c, made.trigger) });
      },
    )
    .post(
      "/:id/triggers/:trigger/test",
      describe({
        summary: "Test a trigger: start a run, or send a message of type `test`",
        tag: "triggers",
        response: Delivery,
        errors: { 404: NOT_FOUND, 400: "The body does not match the agent's inputs." },
      }),
      body(z.strictObject({ body: z.unknown().optional().describe("The body of the webhook message.") })),
      async (c) => {
        const { id, trigger } = c.req.param();
        return c.json(await triggers.test(id, trigger, c.req.valid("json").body, c.req.raw.signal));
      },
    )
    .get(
      "/:id/triggers/:trigger/deliveries",
      describe({
        summary: "List the last 50 deliveries of a trigger, newest first",
        tag: "triggers",
        response: z.object({ deliveries: z.array(Delivery) }),
        errors: { 404: NOT_FOUND },
      }),
      async (c) => {
        const { id, trigger } = c.req.param();
        return c.json({ deliveries: await triggers.deliveries(id, trigger) });
      },
    )
    .post(
      "/:id/triggers/:trigger/redeliver",
      describe({
        summary: "Resend a notice with the same message id",
        tag: "triggers",
        response: null,
        status: 204,
        errors: { 404: "Delivery not found." },
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
        summary: "Delete a trigger",
        tag: "triggers",
        response: null,
        status: 204,
        errors: { 404: NOT_FOUND },
      }),
      async (c) => {
        const { id, trigger } = c.req.param();
        if (!(await triggers.delete(id, trigger)))
          throw new PatchbayError("not_found", `The agent has no trigger "${trigger.slice(0, 100)}".`);
        return c.body(null, 204);
      },
    );
}

/** `POST /v1/hooks/:id`, authorized by what the webhook's sender puts into its messages. */
export function hookRoutes({ triggers }: Pick<Services, "triggers">) {
  return new Hono<AppEnv>().post(
    "/hooks/:id",
    describe({
      summary: "Start a run by a webhook message",
      tag: "hosted",
      description:
        "The body is JSON, or a form (its field `payload` as JSON, else its fields). The headers depend on the webhook's `sender`; those listed are of `standard`. 200 instead of 202: the message started no new run.",
      response: HookResult,
      status: 202,
      body: { media: "application/json", description: "The inputs of the agent, or a body that `take` maps to them." },
      headers: {
        "webhook-id": "Id of the message; a repeated id is refused.",
        "webhook-timestamp": "Unix seconds, within five minutes of the server's time.",
        "webhook-signature": "`v1,` followed by the base64 HMAC-SHA256 of id.timestamp.body.",
      },
      errors: {
        400: "The body does not match the agent's inputs.",
        401: "Unknown webhook or invalid signature.",
        409: "A message with this id was already received.",
        429: "Too many messages per minute.",
        503: "The webhook is paused.",
      },
    }),
    async (c) => {
      const value = FORM.test(c.req.header("content-type") ?? "")
        ? await readForm(c)
        : await readJson(c, LIMITS.hosted);
      const result = await triggers.receive(c.req.param("id"), {
        header: (name) => c.req.header(name),
        token: c.req.query("token"),
        text: await c.req.text(),
        value,
      });
      return c.json(result, "status" in result && result.status === "running" ? 202 : 200);
    },
  );
}

const FORM = /^application\/x-www-form-urlencoded\s*(;|$)/i;

/** GitHub and Slack can send forms: JSON in the field `payload`, or plain fields. */
async function readForm(c: Context): Promise<unknown> {
  const fields = new URLSearchParams(await readText(c, LIMITS.hosted));
  return parseJson(fields.get("payload") ?? JSON.stringify(Object.fromEntries(fields)));
}
