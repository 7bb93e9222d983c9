/** Agent keys: made, listed, revoked. The key itself is shown once, when it is made. */
import { Hono } from "hono";
import { z } from "zod";
import { PatchbayError } from "../../runtime/error.ts";
import type { AppEnv } from "../guard.ts";
import type { Services } from "../services.ts";
import { about, body } from "./describe.ts";

const Limits = z.strictObject({
  callsPerMinute: z.number().int().min(1).max(1_000_000).optional(),
  liveRuns: z.number().int().min(1).max(100_000).optional(),
  openStreams: z.number().int().min(1).max(100_000).optional(),
});

const Card = z.object({
  id: z.string(),
  name: z.string(),
  agents: z.union([z.array(z.string()), z.literal("*")]),
  rights: z.array(z.enum(["run", "answer"])),
  expiresAt: z.number().optional().describe("Unix milliseconds."),
  limits: Limits.optional(),
  prefix: z.string(),
  createdAt: z.number(),
  lastUsedAt: z.number().optional(),
});

const NewKey = z.strictObject({
  name: z.string().min(1).max(200),
  agents: z
    .union([z.array(z.string().min(1).max(64)).min(1).max(1000), z.literal("*")])
    .describe("Slugs, or * for all."),
  rights: z
    .array(z.enum(["run", "answer"]))
    .min(1)
    .default(["run"]),
  expiresAt: z
    .union([z.number().int().positive(), z.iso.datetime({ offset: true }).transform((text) => Date.parse(text))])
    .optional()
    .describe("Unix milliseconds, or a date and time of ISO 8601."),
  limits: Limits.optional(),
});

export function keyRoutes({ keys }: Pick<Services, "keys">) {
  return new Hono<AppEnv>()
    .get("/", about({ summary: "List agent keys", tag: "keys", gives: z.object({ keys: z.array(Card) }) }), async (c) =>
      c.json({ keys: await keys.list() }),
    )
    .post(
      "/",
      about({
        summary: "Make an agent key",
        tag: "keys",
        description: "The answer is the only place where the key is ever shown.",
        gives: Card.extend({ key: z.string() }),
        status: 201,
      }),
      body(NewKey),
      async (c) => {
        const { card, key } = await keys.create(c.req.valid("json"));
        return c.json({ ...card, key }, 201);
      },
    )
    .get(
      "/:id",
      about({ summary: "Get an agent key's card", tag: "keys", gives: Card, errors: { 404: "There is none." } }),
      async (c) => {
        const card = (await keys.list()).find((one) => one.id === c.req.param("id"));
        if (!card) throw missing(c.req.param("id"));
        return c.json(card);
      },
    )
    .delete(
      "/:id",
      about({
        summary: "Revoke an agent key, at once",
        tag: "keys",
        gives: null,
        status: 204,
        errors: { 404: "There is none." },
      }),
      async (c) => {
        if (!(await keys.delete(c.req.param("id")))) throw missing(c.req.param("id"));
        return c.body(null, 204);
      },
    );
}

function missing(id: string): PatchbayError {
  return new PatchbayError("not_found", `There is no key "${id}".`);
}
