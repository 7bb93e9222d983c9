/** Triggers: webhooks, schedules and notices of a published agent, and what they did. */
import { z } from "zod";

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
  paused: z.boolean().optional().describe("It does nothing until it is resumed."),
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

/** What may be changed of a trigger; which of it fits depends on its kind. Null takes a setting away. */
export const TriggerChange = z.strictObject({
  name: Name.optional(),
  paused: z.boolean().optional(),
  take: NewWebhook.shape.take.unwrap().nullable().optional(),
  session: Session.nullable().optional(),
  cron: NewSchedule.shape.cron.optional(),
  timeZone: z.string().max(64).optional(),
  input: NewSchedule.shape.input.optional(),
  url: NewNotice.shape.url.optional(),
  on: NewNotice.shape.on.unwrap().optional(),
});
export type TriggerChange = z.infer<typeof TriggerChange>;

/** Something that a trigger did: a run that it started, or a message that it sends. Newest first in lists. */
export const Delivery = z.object({
  id: z.string(),
  at: z.number().describe("When it began, or was last tried: Unix milliseconds."),
  run: z.string().optional(),
  /** Of a webhook or schedule: where the run stands. */
  runStatus: z.string().optional(),
  /** Of a notice. */
  about: z.enum(["wait", "end", "test"]).optional(),
  status: z.enum(["started", "pending", "delivered", "failed"]),
  tries: z.number().optional(),
  nextAt: z.number().optional().describe("When it is tried again."),
  error: z.string().optional(),
});
export type Delivery = z.infer<typeof Delivery>;

/** The secret of a webhook or a notice is shown only here. */
export const MadeTrigger = z.object({ trigger: Trigger, secret: z.string().optional(), url: z.string().optional() });
export type MadeTrigger = z.infer<typeof MadeTrigger>;
