import { z } from "zod";
import { PatchbayError } from "../../../runtime/error.ts";
import { defineTool } from "./builtin.ts";

export const clock = defineTool({
  name: "clock",
  summary:
    "Returns the date, the weekday and the time, now or some days away, in any time zone. 查询当前日期、星期和时间。",
  args: z.strictObject({
    timezone: z.string().max(64).optional().describe('IANA name such as "Asia/Shanghai"; UTC when left out.'),
    addDays: z.number().int().min(-100_000).max(100_000).optional().describe("Days from now; negative is the past."),
  }),
  effect: "read",
  run: ({ timezone = "UTC", addDays = 0 }, { now }) => {
    const at = new Date(now() + addDays * 86_400_000);
    const value = { ...inZone(at, timezone), timezone, unixMs: at.getTime() };
    return { content: `${value.weekday} ${value.date} ${value.time} (${value.iso}, ${timezone})`, value };
  },
});

function inZone(at: Date, timezone: string): { iso: string; date: string; time: string; weekday: string } {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: timezone,
      calendar: "iso8601",
      numberingSystem: "latn",
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      weekday: "long",
      timeZoneName: "longOffset",
    });
  } catch (cause) {
    const message = `"${timezone}" is not a time zone. Use an IANA name such as "Europe/Paris" or "UTC".`;
    throw new PatchbayError("bad_arguments", message, { cause });
  }
  const part = Object.fromEntries(format.formatToParts(at).map((each) => [each.type, each.value]));
  const date = `${part.year}-${part.month}-${part.day}`;
  const time = `${part.hour}:${part.minute}:${part.second}`;
  const offset = part.timeZoneName!.replace("GMT", "") || "Z";
  return { iso: `${date}T${time}${offset}`, date, time, weekday: part.weekday! };
}
