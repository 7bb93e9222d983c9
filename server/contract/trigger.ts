/** Triggers of a published agent (webhooks, schedules, notices) and their deliveries. */
import { z } from "zod";

const Name = z.string().min(1).max(200);
const Session = z.string().min(1).max(200).describe("Id of a session; every run becomes a turn of it.");

/** Who sends to a webhook, and so how its messages are checked. */
export const Sender = z.enum(["standard", "github", "stripe", "slack", "telegram", "token", "none"]);
export type Sender = z.infer<typeof Sender>;

const NewWebhook = z.strictObject({
  kind: z.literal("webhook"),
  name: Name,
  sender: Sender.optional().describe(
    "How messages are checked. `standard` (the default): Standard Webhooks. `token`: a token in `Authorization: Bearer`, `X-Webhook-Token` or `?token=`. `none`: not at all; whoever knows the address can start runs.",
  ),
  secret: z
    .string()
    .min(16)
    .max(500)
    .optional()
    .describe(
      "The secret that the sender signs with. Absent: one is made, but for `stripe` and `slack`, which make theirs.",
    ),
  take: z
    .record(
      z.string().max(64),
      z
        .string()
        .max(500)
        .regex(/^(?:\/.*)?$/, "Must be a JSON pointer: empty, or starting with /"),
    )
    .optional()
    .describe(
      "Maps each input to a JSON pointer into the body; an empty pointer is the whole body. Without it, the body contains exactly the inputs.",
    ),
  session: Session.optional(),
});

const NewSchedule = z.strictObject({
  kind: z.literal("schedule"),
  name: Name,
  cron: z.string().max(200).describe("Five fields (minute, hour, day, month, weekday), or a macro such as @daily."),
  timeZone: z.string().max(64).default("UTC").describe("IANA time zone, such as Europe/Berlin."),
  input: z.record(z.string(), z.unknown()).describe("`message` and the fields that the agent declares."),
  session: Session.optional(),
});

const NewNotice = z.strictObject({
  kind: z.literal("notice"),
  name: Name,
  url: z.string().max(2000).describe("URL that receives the signed messages by POST."),
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
  paused: z.boolean().optional().describe("A paused trigger does nothing until it is resumed."),
  /** Unix milliseconds of the last delivery. */
  lastAt: z.number().optional(),
  lastRun: z.string().optional(),
  lastError: z.string().optional().describe("Error of the last delivery; absent when it succeeded."),
};

export const Trigger = z.discriminatedUnion("kind", [
  NewWebhook.omit({ secret: true }).extend(kept),
  NewSchedule.extend({ ...kept, nextAt: z.number().describe("Next run, in Unix milliseconds.") }),
  NewNotice.extend(kept),
]);
export type Trigger = z.infer<typeof Trigger>;
export type Webhook = Extract<Trigger, { kind: "webhook" }>;
export type Schedule = Extract<Trigger, { kind: "schedule" }>;
export type Notice = Extract<Trigger, { kind: "notice" }>;

/** Changes to a trigger; the allowed keys depend on its kind. `null` removes a setting. */
export const TriggerChange = z.strictObject({
  name: Name.optional(),
  paused: z.boolean().optional(),
  sender: Sender.optional().describe("Another sender gets a new secret."),
  secret: NewWebhook.shape.secret,
  take: NewWebhook.shape.take.unwrap().nullable().optional(),
  session: Session.nullable().optional(),
  cron: NewSchedule.shape.cron.optional(),
  timeZone: z.string().max(64).optional(),
  input: NewSchedule.shape.input.optional(),
  url: NewNotice.shape.url.optional(),
  on: NewNotice.shape.on.unwrap().optional(),
});
export type TriggerChange = z.infer<typeof TriggerChange>;

/** One activation of a trigger: a started run, or a sent message. */
export const Delivery = z.object({
  id: z.string(),
  at: z.number().describe("Start or last attempt, in Unix milliseconds."),
  run: z.string().optional(),
  /** Status of the run, for a webhook or schedule. */
  runStatus: z.string().optional(),
  /** The event of a notice. */
  about: z.enum(["wait", "end", "test"]).optional(),
  status: z.enum(["started", "pending", "delivered", "failed"]),
  tries: z.number().optional(),
  nextAt: z.number().optional().describe("Next attempt, in Unix milliseconds."),
  error: z.string().optional(),
});
export type Delivery = z.infer<typeof Delivery>;

/** The response to a webhook message. */
export const HookResult = z.union([
  z.object({ id: z.string(), status: z.enum(["running", "duplicate"]) }),
  z.object({ status: z.literal("ignored"), reason: z.string() }),
  z.object({ challenge: z.string() }),
]);
export type HookResult = z.infer<typeof HookResult>;

/** A created or changed trigger. A secret that was made for it is returned only here. */
export const MadeTrigger = z.object({ trigger: Trigger, secret: z.string().optional(), url: z.string().optional() });
export type MadeTrigger = z.infer<typeof MadeTrigger>;
