/** Agent keys: made, listed, changed, revoked. The key itself is shown once, when it is made. */
import { Hono } from "hono";
import { z } from "zod";
import { AgentKey, KeyChange, NewKey } from "../contract/key.ts";
import { body, describe } from "../http/describe.ts";
import type { AppEnv } from "../http/guard.ts";
import { notFound } from "../lib/not-found.ts";
import type { Services } from "../services.ts";

/** So many models without prices are named. */
const SHOWN_NAMES = 5;

const Warnings = z.array(z.string()).optional().describe("What the operator should know, a sentence each.");

export function keyRoutes({ keys, quota, models }: Pick<Services, "keys" | "quota" | "models">) {
  const shown = async (card: AgentKey) => {
    const today = await quota.today(card.id);
    return { ...card, ...(today && { today }) };
  };
  /** Models that a key with a limit of money will be refused, because nobody knows what they cost. */
  const warnings = async ({ limits }: AgentKey): Promise<{ warnings?: string[] }> => {
    if (limits?.costUsdPerDay === undefined) return {};
    const unpriced = (await models.cards()).filter((card) => !card.embeds && !card.profile.prices);
    if (unpriced.length === 0) return {};
    const names = unpriced.slice(0, SHOWN_NAMES).map((card) => card.name);
    const more = unpriced.length - names.length;
    return {
      warnings: [
        `This key limits money, and ${names.join(", ")}${more > 0 ? ` and ${more} more` : ""} ${unpriced.length === 1 ? "has" : "have"} no prices: calls of ${unpriced.length === 1 ? "it" : "them"} will be refused to it. Set prices under Models (0 where a model is free).`,
      ],
    };
  };
  return new Hono<AppEnv>()
    .get(
      "/",
      describe({ summary: "List agent keys", tag: "keys", response: z.object({ keys: z.array(AgentKey) }) }),
      async (c) => c.json({ keys: await Promise.all((await keys.list()).map(shown)) }),
    )
    .post(
      "/",
      describe({
        summary: "Make an agent key",
        tag: "keys",
        description: "The answer is the only place where the key is ever shown.",
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
        summary: "Get an agent key's card",
        tag: "keys",
        response: AgentKey,
        errors: { 404: "There is none." },
      }),
      async (c) => {
        const card = (await keys.list()).find((one) => one.id === c.req.param("id"));
        if (!card) throw notFound("key", c.req.param("id"));
        return c.json(await shown(card));
      },
    )
    .patch(
      "/:id",
      describe({
        summary: "Change an agent key's name, agents, rights, end or limits, at once",
        tag: "keys",
        response: AgentKey.extend({ warnings: Warnings }),
        errors: { 404: "There is none." },
      }),
      body(KeyChange),
      async (c) => {
        const card = await keys.change(c.req.param("id"), c.req.valid("json"));
        if (!card) throw notFound("key", c.req.param("id"));
        await quota.limitsChanged(card.id);
        return c.json({ ...(await shown(card)), ...(await warnings(card)) });
      },
    )
    .delete(
      "/:id",
      describe({
        summary: "Revoke an agent key, at once",
        tag: "keys",
        response: null,
        status: 204,
        errors: { 404: "There is none." },
      }),
      async (c) => {
        if (!(await keys.delete(c.req.param("id")))) throw notFound("key", c.req.param("id"));
        return c.body(null, 204);
      },
    );
}
