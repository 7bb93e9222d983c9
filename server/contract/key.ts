/** Agent keys. The key itself is shown once, when it is made. */
import { z } from "zod";

/** Absent limits are the server's own. */
export const KeyLimits = z.strictObject({
  callsPerMinute: z.number().int().min(1).max(1_000_000).optional(),
  liveRuns: z.number().int().min(1).max(100_000).optional(),
  openStreams: z.number().int().min(1).max(100_000).optional(),
  tokensPerDay: z.number().int().min(1).max(1e12).optional().describe("Input and output, all models, a day (UTC)."),
  costUsdPerDay: z
    .number()
    .positive()
    .max(1e6)
    .optional()
    .describe("At the prices of the models' profiles, a day (UTC). A model without prices is refused then."),
});
export type KeyLimits = z.infer<typeof KeyLimits>;

export const Right = z.enum(["run", "answer"]);

export const AgentKey = z.object({
  id: z.string(),
  name: z.string(),
  /** Slugs, or all of them. */
  agents: z.union([z.array(z.string()), z.literal("*")]),
  rights: z.array(Right),
  expiresAt: z.number().optional().describe("Unix milliseconds."),
  limits: KeyLimits.optional(),
  /** The first characters of the key, for recognising it. */
  prefix: z.string(),
  createdAt: z.number(),
  lastUsedAt: z.number().optional(),
  today: z
    .object({ tokens: z.number(), costUsd: z.number() })
    .optional()
    .describe("What it used since 00:00 UTC, where it has a limit of tokens or money."),
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
    .describe("Slugs, or * for all."),
  rights: Rights.default(["run"]),
  expiresAt: Expiry.optional().describe("Unix milliseconds, or a date and time of ISO 8601."),
  limits: KeyLimits.optional(),
});

export const KeyChange = NewKey.partial().extend({
  rights: Rights.optional(),
  expiresAt: Expiry.nullable().optional().describe("null removes the expiry."),
  limits: KeyLimits.optional().describe("All of them: what is not named is not limited by the key any more."),
});
