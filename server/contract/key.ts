/** Agent keys. The key itself is returned once, on creation. */
import { z } from "zod";

/** An absent limit uses the server's default. */
export const KeyLimits = z.strictObject({
  callsPerMinute: z.number().int().min(1).max(1_000_000).optional(),
  liveRuns: z.number().int().min(1).max(100_000).optional(),
  openStreams: z.number().int().min(1).max(100_000).optional(),
  tokensPerDay: z
    .number()
    .int()
    .min(1)
    .max(1e12)
    .optional()
    .describe("Input and output tokens of all models, per day (UTC)."),
  costUsdPerDay: z
    .number()
    .positive()
    .max(1e6)
    .optional()
    .describe("Cost per day (UTC), at the prices in the model profiles. Models without prices are refused."),
});
export type KeyLimits = z.infer<typeof KeyLimits>;

export const Right = z.enum(["run", "answer"]);

export const AgentKey = z.object({
  id: z.string(),
  name: z.string(),
  /** Slugs, or `*` for all agents. */
  agents: z.union([z.array(z.string()), z.literal("*")]),
  rights: z.array(Right),
  expiresAt: z.number().optional().describe("Unix milliseconds."),
  limits: KeyLimits.optional(),
  /** The first characters of the key, to recognize it. */
  prefix: z.string(),
  createdAt: z.number(),
  lastUsedAt: z.number().optional(),
  today: z
    .object({ tokens: z.number(), costUsd: z.number() })
    .optional()
    .describe("Usage since 00:00 UTC, for a key with a token or cost limit."),
});
export type AgentKey = z.infer<typeof AgentKey>;

const Rights = z.array(Right).min(1);
const Expiry = z.union([
  z.number().int().positive(),
  z.iso.datetime({ offset: true }).transform((text) => Date.parse(text)),
]);

export const NewKey = z.strictObject({
  name: z.string().min(1).max(200),
  agents: z
    .union([z.array(z.string().min(1).max(64)).min(1).max(1000), z.literal("*")])
    .describe("Slugs, or * for all agents."),
  rights: Rights.default(["run"]),
  expiresAt: Expiry.optional().describe("Unix milliseconds, or an ISO 8601 date and time."),
  limits: KeyLimits.optional(),
});

export const KeyChange = NewKey.partial().extend({
  rights: Rights.optional(),
  expiresAt: Expiry.nullable().optional().describe("null removes the expiry."),
  limits: KeyLimits.optional().describe("Replaces all limits; limits that are not given are removed from the key."),
});
