/** What runs used, by day and agent. */
import { Hono } from "hono";
import { z } from "zod";
import type { AppEnv } from "../guard.ts";
import type { Services } from "../services.ts";
import { about, query } from "./describe.ts";
import { Usage } from "./run-answers.ts";

const DAY = 86_400_000;

const Row = Usage.extend({
  day: z.string().describe("YYYY-MM-DD, UTC."),
  agent: z.string().optional(),
  name: z.string(),
  runs: z.number(),
  failed: z.number(),
});

export function usageRoutes({ log }: Pick<Services, "log">) {
  return new Hono<AppEnv>().get(
    "/",
    about({ summary: "Usage by day and agent", tag: "usage", gives: z.object({ usage: z.array(Row) }) }),
    query(
      z.object({
        days: z.coerce.number().int().min(1).max(366).default(30),
        to: z.coerce.number().int().optional().describe("Unix milliseconds; now where it is not said."),
        agent: z.string().optional(),
      }),
    ),
    async (c) => {
      const { days, agent, to = Date.now() } = c.req.valid("query");
      // Whole days, so that the first is no part of one.
      const from = Math.floor(to / DAY) * DAY - (days - 1) * DAY;
      return c.json({ usage: await log.usage({ from, to: to + 1, ...(agent !== undefined && { agent }) }) });
    },
  );
}
