/** Schedules as a choice of rhythms, and as cron patterns. */
import { Cron } from "croner";

export const KINDS = ["minutes", "hour", "day", "weekday", "week", "month", "custom"] as const;

export interface Rhythm {
  every: (typeof KINDS)[number];
  /** Minutes between two times, one of `STEPS`. */
  step: number;
  /** 0 to 23 and 0 to 59; an hourly rhythm uses only the minute. */
  hour: number;
  minute: number;
  /** 0 (Sunday) to 6, for a weekly rhythm. */
  weekday: number;
  /** 1 to 31, for a monthly rhythm. */
  day: number;
  /** The pattern of a custom rhythm. */
  cron: string;
}

/** The divisors of an hour: others would leave a shorter gap at its end. */
export const STEPS = [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30];

export const MORNING: Rhythm = {
  every: "weekday",
  step: 5,
  hour: 9,
  minute: 0,
  weekday: 1,
  day: 1,
  cron: "*/15 8-18 * * 1-5",
};

export function cronOf({ every, step, hour, minute, weekday, day, cron }: Rhythm): string {
  switch (every) {
    case "minutes":
      return `*/${step} * * * *`;
    case "hour":
      return `${minute} * * * *`;
    case "day":
      return `${minute} ${hour} * * *`;
    case "weekday":
      return `${minute} ${hour} * * 1-5`;
    case "week":
      return `${minute} ${hour} * * ${weekday}`;
    case "month":
      return `${minute} ${hour} ${day} * *`;
    case "custom":
      return cron.trim();
  }
}

/** The rhythm of a pattern; `custom` if no simpler rhythm matches. */
export function rhythmOf(cron: string): Rhythm {
  const custom: Rhythm = { ...MORNING, every: "custom", cron };
  const step = Number(/^\*\/(\d{1,2}) \* \* \* \*$/.exec(cron.trim())?.[1]);
  if (STEPS.includes(step) && cron.trim() === `*/${step} * * * *`) return { ...custom, every: "minutes", step };
  const fields = /^(\d{1,2}) (\d{1,2}|\*) (\d{1,2}|\*) \* (1-5|[0-6]|\*)$/.exec(cron.trim());
  if (!fields) return custom;
  const [, minute, hour, day, weekday] = fields as unknown as [string, string, string, string, string];
  const rhythm: Rhythm = {
    ...MORNING,
    cron,
    minute: Number(minute),
    hour: hour === "*" ? 0 : Number(hour),
    day: day === "*" ? 1 : Number(day),
    weekday: /^[0-6]$/.test(weekday) ? Number(weekday) : 1,
    every:
      hour === "*" ? "hour" : day !== "*" ? "month" : weekday === "*" ? "day" : weekday === "1-5" ? "weekday" : "week",
  };
  const isWhole = rhythm.minute < 60 && rhythm.hour < 24 && rhythm.day >= 1 && rhythm.day <= 31;
  return isWhole && cronOf(rhythm) === cron.trim() ? rhythm : custom;
}

/**
 * The next times as the server computes them, in Unix milliseconds. `undefined` if the pattern or zone is invalid, or
 * no time follows.
 */
export function nextTimes(cron: string, timeZone: string, count: number, from = new Date()): number[] | undefined {
  try {
    const times = new Cron(cron, { timezone: timeZone, paused: true, mode: "5-part" }).nextRuns(count, from);
    return times.length > 0 ? times.map((time) => time.getTime()) : undefined;
  } catch {
    return undefined;
  }
}
