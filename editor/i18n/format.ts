/** Formats numbers, sizes, durations and times in the current language. All times are Unix milliseconds. */
import { language } from "./index.ts";

const locale = () => (language() === "zh" ? "zh-CN" : "en");

export function number(value: number, digits = 0): string {
  return new Intl.NumberFormat(locale(), { maximumFractionDigits: digits }).format(value);
}

/** 1.2K, 34K, 5M: for compact display, alike in all languages. */
export function compact(value: number): string {
  return new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 }).format(value);
}

/** The context length of a model, as its maker writes it: 32,768 is 32K, 200,000 is 200K. */
export function contextSize(tokens: number): string {
  if (tokens % 1024 !== 0) return compact(tokens);
  const thousands = tokens / 1024;
  return thousands % 1024 === 0 ? `${thousands / 1024}M` : `${thousands}K`;
}

export function percent(share: number): string {
  return new Intl.NumberFormat(locale(), { style: "percent", maximumFractionDigits: share < 0.1 ? 1 : 0 }).format(
    share,
  );
}

export function bytes(count: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let value = count;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${number(value, unit === 0 || value >= 100 ? 0 : 1)} ${units[unit]}`;
}

/** 4 ms, 1.2 s, 3 min 5 s. */
export function span(ms: number): string {
  const zh = language() === "zh";
  if (ms < 1000) return `${number(ms, ms < 10 ? 1 : 0)} ${zh ? "毫秒" : "ms"}`;
  if (ms < 60_000) return `${number(ms / 1000, ms < 10_000 ? 2 : 1)} ${zh ? "秒" : "s"}`;
  const minutes = Math.floor(ms / 60_000);
  const seconds = Math.round((ms % 60_000) / 1000);
  return zh ? `${minutes} 分 ${seconds} 秒` : `${minutes} min ${seconds} s`;
}

/** Cost with enough digits to show a value other than zero. */
export function dollars(usd: number): string {
  const digits = usd === 0 ? 2 : usd < 0.01 ? 6 : usd < 1 ? 4 : 2;
  return `$${new Intl.NumberFormat("en", { minimumFractionDigits: Math.min(2, digits), maximumFractionDigits: digits }).format(usd)}`;
}

/** "3 minutes ago"; the date if it is over a week ago. */
export function ago(at: number, now = Date.now()): string {
  const seconds = Math.round((at - now) / 1000);
  const format = new Intl.RelativeTimeFormat(locale(), { numeric: "auto", style: "short" });
  const size = Math.abs(seconds);
  if (size < 45) return format.format(0, "second");
  if (size < 3000) return format.format(Math.round(seconds / 60), "minute");
  if (size < 80_000) return format.format(Math.round(seconds / 3600), "hour");
  if (size < 6 * 86_400) return format.format(Math.round(seconds / 86_400), "day");
  return date(at);
}

export function date(at: number): string {
  return new Intl.DateTimeFormat(locale(), { dateStyle: "medium" }).format(at);
}

export function dateTime(at: number): string {
  return new Intl.DateTimeFormat(locale(), { dateStyle: "medium", timeStyle: "medium" }).format(at);
}

/** A UTC day, `YYYY-MM-DD`, as month and day. */
export function shortDay(day: string): string {
  return new Intl.DateTimeFormat(locale(), { month: "short", day: "numeric", timeZone: "UTC" }).format(Date.parse(day));
}
