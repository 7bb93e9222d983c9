/** Settings, keys and times of triggers; their types are in `contract/trigger.ts`. */
import { Cron } from "croner";
import { PatchbayError } from "../../runtime/error.ts";
import { NewTrigger, type Sender, type Trigger, type TriggerChange, type Webhook } from "../contract/trigger.ts";

/** The settings of a trigger after a change. Throws `bad_request` for a setting that this kind does not have. */
export function changed(trigger: Trigger, { paused: _paused, ...change }: TriggerChange): NewTrigger {
  const { id, agent, createdAt, paused, lastAt, lastRun, lastError, ...settings } = trigger;
  const { nextAt: _nextAt, ...old } = settings as typeof settings & { nextAt?: number };
  const merged = Object.fromEntries(Object.entries({ ...old, ...change }).filter(([, value]) => value !== null));
  const parsed = NewTrigger.safeParse(merged);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new PatchbayError("bad_request", `This change of a ${trigger.kind} is not valid: ${issue?.message}.`, {
    path: `/${issue?.path.join("/") ?? ""}`,
  });
}

/** The key of its runs. */
export function keyOf(trigger: Pick<Trigger, "id">): string {
  return `trigger-${trigger.id}`;
}

export function senderOf(trigger: Pick<Webhook, "sender">): Sender {
  return trigger.sender ?? "standard";
}

export function secretName(id: string): string {
  return `trigger.${id}`;
}

/** The first time after `now` that the schedule matches. Throws `bad_request` for an invalid schedule or time zone. */
export function nextAt(cron: string, timeZone: string, now: number): number {
  let next: Date | null;
  try {
    new Intl.DateTimeFormat("en", { timeZone });
  } catch {
    throw new PatchbayError(
      "bad_request",
      `"${timeZone}" is not a time zone. Use a name such as Europe/Berlin or UTC.`,
      {
        path: "/timeZone",
      },
    );
  }
  try {
    next = new Cron(cron, { timezone: timeZone, paused: true, mode: "5-part" }).nextRun(new Date(now));
  } catch (error) {
    throw new PatchbayError(
      "bad_request",
      `"${cron}" is not a schedule. Use five fields (minute, hour, day, month, weekday), for example "0 9 * * 1-5".`,
      { path: "/cron", cause: error },
    );
  }
  if (!next) throw new PatchbayError("bad_request", `"${cron}" never matches a time.`, { path: "/cron" });
  return next.getTime();
}
