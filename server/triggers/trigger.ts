/** What starts a published agent without a caller, and who is told of its runs: the shapes, as they come in and are stored. */
import { Cron } from "croner";
import { z } from "zod";
import { PatchbayError } from "../../runtime/error.ts";

const Name = z.string().min(1).max(200);
const Session = z.string().min(1).max(200).describe("All its runs are turns of this conversation.");

const NewWebhook = z.strictObject({
  kind: z.literal("webhook"),
  name: Name,
  take: z
    .record(
      z.string().max(64),
      z
        .string()
        .max(500)
        .regex(/^(?:\/.*)?$/, "Must be a JSON pointer: empty, or beginning with /"),
    )
    .optional()
    .describe(
      "Inputs by the place of their value in the body, as JSON pointers; empty is the whole body. Without it the body holds the inputs themselves and nothing else.",
    ),
  session: Session.optional(),
});

const NewSchedule = z.strictObject({
  kind: z.literal("schedule"),
  name: Name,
  cron: z.string().max(200).describe("Five fields: minute, hour, day, month, weekday; or @daily and its like."),
  timeZone: z.string().max(64).default("UTC").describe("A name of the IANA database, such as Europe/Berlin."),
  input: z.record(z.string(), z.unknown()).describe("message, and the fields that the agent declares."),
  session: Session.optional(),
});

const NewNotice = z.strictObject({
  kind: z.literal("notice"),
  name: Name,
  url: z.string().max(2000).describe("Where a signed message is posted to."),
  on: z
    .array(z.enum(["wait", "end"]))
    .min(1)
    .max(2)
    .default(["wait", "end"]),
});

export const NewTrigger = z.discriminatedUnion("kind", [NewWebhook, NewSchedule, NewNotice]);
export type NewTrigger = z.infer<typeof NewTrigger>;

const kept = {
  id: z.string(),
  agent: z.string(),
  createdAt: z.number(),
  /** When it last did what it is for, and the run. */
  lastAt: z.number().optional(),
  lastRun: z.string().optional(),
  lastError: z.string().optional().describe("Why it did not work the last time; absent when it did."),
};

export const Trigger = z.discriminatedUnion("kind", [
  NewWebhook.extend(kept),
  NewSchedule.extend({ ...kept, nextAt: z.number().describe("Unix milliseconds.") }),
  NewNotice.extend(kept),
]);
export type Trigger = z.infer<typeof Trigger>;
export type Webhook = Extract<Trigger, { kind: "webhook" }>;
export type Schedule = Extract<Trigger, { kind: "schedule" }>;
export type Notice = Extract<Trigger, { kind: "notice" }>;

/** By this key its runs are found, and its calls are told from others'. */
export function keyOf(trigger: Pick<Trigger, "id">): string {
  return `trigger-${trigger.id}`;
}

export function secretName(id: string): string {
  return `trigger.${id}`;
}

/** The first moment after `now` that the pattern names. Throws `bad_request` for what is no pattern, no zone, or never comes. */
export function nextAt(cron: string, timeZone: string, now: number): number {
  let next: Date | null;
  try {
    new Intl.DateTimeFormat("en", { timeZone });
  } catch {
    throw new PatchbayError("bad_request", `"${timeZone}" is no time zone; use a name such as Europe/Berlin or UTC.`, {
      path: "/timeZone",
    });
  }
  try {
    next = new Cron(cron, { timezone: timeZone, paused: true, mode: "5-part" }).nextRun(new Date(now));
  } catch (error) {
    throw new PatchbayError(
      "bad_request",
      `"${cron}" is no schedule of five fields (minute, hour, day, month, weekday), for example "0 9 * * 1-5".`,
      { path: "/cron", cause: error },
    );
  }
  if (!next) throw new PatchbayError("bad_request", `"${cron}" names a time that never comes.`, { path: "/cron" });
  return next.getTime();
}
