import { useTranslation } from "react-i18next";
import { rhythmOf } from "./schedule.ts";

/** A schedule in words: "Every weekday at 09:00, Asia/Shanghai". */
export function useScheduleWords(): (cron: string, zone: string) => string {
  const { t, i18n } = useTranslation("triggers");
  return (cron, zone) => {
    const { every, step, hour, minute, weekday, day } = rhythmOf(cron);
    return t(`schedule.${every}`, {
      cron,
      zone,
      day,
      minute,
      count: step,
      time: clock(hour, minute),
      weekday: weekdayName(weekday, i18n.language),
    });
  };
}

export function clock(hour: number, minute: number): string {
  return `${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}`;
}

/** 0 is Sunday. */
export function weekdayName(weekday: number, language: string): string {
  // 2 January 2000 was a Sunday.
  return new Intl.DateTimeFormat(language, { weekday: "long", timeZone: "UTC" }).format(Date.UTC(2000, 0, 2 + weekday));
}

/** A time formatted in a time zone. */
export function inZone(time: number, zone: string, language: string): string {
  return new Intl.DateTimeFormat(language, {
    timeZone: zone,
    weekday: "short",
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }).format(time);
}
