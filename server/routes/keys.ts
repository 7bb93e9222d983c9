/** Agent keys. The key itself is returned once, on creation. */
import { Hono } from "hono";
import { z } from "zod";
import { AgentKey, KeyChange, NewKey } from "../contract/key.ts";
import { body, describe } from "../http/describe.ts";
import type { AppEnv } from "../http/guard.ts";
import { notFound } from "../lib/not-found.ts";
import type { Services } from "../services.ts";

/** Maximum number of models listed in a warning. */
const MAX_LISTED = 5;

const Warnings = z.array(z.string()).optional().describe("Warnings for the admin, one sentence each.");

export function keyRoutes({ keys, quota, models }: Pick<Services, "keys" | "quota" | "models">) {
  const withUsage = async (card: AgentKey) => {
    const today = await quota.today(card.id);
    return { ...card, ...(today && { today }) };
  };
  /** Warns about models without prices, which a key with a cost limit cannot use. */
  const warnings = async ({ limits }: AgentKey): Promise<{ warnings?: string[] }> => {
    if (limits?.costUsdPerDay === undefined) return {};
    const unpriced = (await models.cards()).filter((card) => !card.embeds && !card.profile.prices);
    if (unpriced.length === 0) return {};
    const names = unpriced.slice(0, MAX_LISTED).map((card) => card.name);
    const more = unpriced.length - names.length;
    return {
      warnings: [
        `This key has a cost limit, so it cannot use models without prices: ${names.join(", ")}${more > 0 ? ` and ${more} more` : ""}. Set their prices under Models (0 for a free model).`,
      ],
    };
  };
  return new Hono<AppEnv>()
    .get(
      "/",
      describe({ summary: "List agent keys", tag: "keys", response: z.object({ keys: z.array(AgentKey) }) }),
      async (c) => c.json({ keys: await Promise.all((await keys.list()).map(withUsage)) }),
    )
    .post(
      "/",
      describe({
        summary: "Create an agent key",
        tag: "keys",
        description: "The key is returned only in this response.",
        response: AgentKey.extend({ key: z.string(), warnings: Warnings }),
        status: 201,
      }),
      body(NewKey),
      async (c) => {
        const { card, key } = await keys.create(c.req.valid("json"));
        return c.json({ ...card, key, ...(await warnings(card)) }, 201);
      },
    )
    .get(
      "/:id",
      describe({
        summary: "Get an agent key",
        tag: "keys",
        response: AgentKey,
        errors: { 404: "Not found." },
      }),
      async (c) => {
        const card = (await keys.list()).find((one) => one.id === c.req.param("id"));
        if (!card) throw notFound("key", c.req.param("id"));
        return c.json(await withUsage(card));
      },
    )
    .patch(
      "/:id",
      describe({
        summary: "Change an agent key's name, agents, rights, expiry or limits, effective immediately",
        tag: "keys",
        response: AgentKey.extend({ warnings: Warnings }),
        errors: { 404: "Not found." },
      }),
      body(KeyChange),
      async (c) => {
        const card = await keys.change(c.req.param("id"), c.req.valid("json"));
        if (!card) throw notFound("key", c.req.param("id"));
        await quota.limitsChanged(card.id);
        return c.json({ ...(await withUsage(card)), ...(await warnings(card)) });
      },
    )
    .delete(
      "/:id",
      describe({
        summary: "Revoke an agent key immediately",
        tag: "keys",
        response: null,
        status: 204,
        errors: { 404: "Not found." },
      }),
      async (c) => {
        if (!(await keys.delete(c.req.param("id")))) throw notFound("key", c.req.param("id"));
        return c.body(null, 204);
      },
    );
}
