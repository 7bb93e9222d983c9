/** How triggers are changed, named and scheduled; their shapes are in `contract/trigger.ts`. */
import { Cron } from "croner";
import { PatchbayError } from "../../runtime/error.ts";
import { NewTrigger, type Trigger, type TriggerChange } from "../contract/trigger.ts";

/** The settings of a trigger as it is made anew with them. Throws `bad_request` for what this kind does not have. */
export function changed(trigger: Trigger, { paused: _paused, ...change }: TriggerChange): NewTrigger {
  const { id, agent, createdAt, paused, lastAt, lastRun, lastError, ...settings } = trigger;
  const { nextAt: _nextAt, ...old } = settings as typeof settings & { nextAt?: number };
  const merged = Object.fromEntries(Object.entries({ ...old, ...change }).filter(([, value]) => value !== null));
  const parsed = NewTrigger.safeParse(merged);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new PatchbayError("bad_request", `A ${trigger.kind} cannot be changed so: ${issue?.message}.`, {
    path: `/${issue?.path.join("/") ?? ""}`,
  });
}

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
    throw new PatchbayError(
      "bad_request",
      `"${timeZone}" is not a time zone; use a name such as Europe/Berlin or UTC.`,
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
      `"${cron}" is not a schedule of five fields (minute, hour, day, month, weekday), for example "0 9 * * 1-5".`,
      { path: "/cron", cause: error },
    );
  }
  if (!next) throw new PatchbayError("bad_request", `"${cron}" names a time that never comes.`, { path: "/cron" });
  return next.getTime();
}
