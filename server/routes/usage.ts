/** Usage of runs, summed by day, agent, version and key. */
import { Hono } from "hono";
import { z } from "zod";
import { PatchbayError } from "../../runtime/error.ts";
import { USAGE_DIMENSIONS, type UsageDimension, UsageRow } from "../contract/run.ts";
import { describe, query } from "../http/describe.ts";
import type { AppEnv } from "../http/guard.ts";
import type { Services } from "../services.ts";

const DAY = 86_400_000;
const Time = z
  .union([z.coerce.number().int(), z.iso.date(), z.iso.datetime({ offset: true })])
  .transform((time) => (typeof time === "number" ? time : Date.parse(time)));

export function usageRoutes({ log }: Pick<Services, "log">) {
  return new Hono<AppEnv>().get(
    "/",
    describe({
      summary: "Get usage by day, agent, version and key",
      tag: "usage",
      response: z.object({ usage: z.array(UsageRow) }),
      errors: { 400: "Invalid time range or grouping." },
    }),
    query(
      z.object({
        from: Time.optional().describe("Runs that started at or after this time: Unix milliseconds, or ISO 8601."),
        to: Time.optional().describe("Runs that started before this time. Default: now."),
        days: z.coerce
          .number()
          .int()
          .min(1)
          .max(366)
          .default(30)
          .describe("Number of days (UTC) when `from` is not given."),
        agent: z.string().optional(),
        version: z.coerce.number().int().min(0).optional().describe("0 for drafts."),
        key: z.string().optional().describe("Id of an agent key; empty: the admin's own runs."),
        by: z
          .string()
          .default("day,agent")
          .describe(
            "Comma-separated list of day, agent, version and key; one row per combination. Empty: one row in total.",
          ),
      }),
    ),
    async (c) => {
      const {
        days,
        by,
        to = Date.now() + 1,
        from = dayOf(to - 1) - (days - 1) * DAY,
        ...filter
      } = c.req.valid("query");
      if (from > to) throw new PatchbayError("bad_request", "`from` is later than `to`.", { path: "/from" });
      const usage = await log.usage({ ...only(filter), from, to, by: dimensions(by) });
      return c.json({ usage });
    },
  );
}

function dayOf(time: number): number {
  return Math.floor(time / DAY) * DAY;
}

function dimensions(by: string): UsageDimension[] {
  return by
    .split(",")
    .filter((one) => one !== "")
    .map((one) => {
      const known = USAGE_DIMENSIONS.find((dimension) => dimension === one.trim());
      if (!known)
        throw new PatchbayError(
          "bad_request",
          `Cannot group by "${one.slice(0, 50)}". Use ${USAGE_DIMENSIONS.join(", ")}.`,
          {
            path: "/by",
          },
        );
      return known;
    });
}

/** Without the keys that are undefined. */
function only<T extends object>(given: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as never;
}
