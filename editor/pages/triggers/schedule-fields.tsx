import { useTranslation } from "react-i18next";
import { Field } from "../../ui/field.tsx";
import { Input } from "../../ui/input.tsx";
import { Select } from "../../ui/select.tsx";
import { cronOf, KINDS, nextTimes, type Rhythm, STEPS } from "./schedule.ts";
import { clock, inZone, weekdayName } from "./schedule-words.ts";

const ZONES = Intl.supportedValuesOf("timeZone");

/** When a schedule fires: a rhythm to choose, and its next three times as a check. */
export function ScheduleFields({
  rhythm,
  zone,
  onRhythm,
  onZone,
}: {
  rhythm: Rhythm;
  zone: string;
  onRhythm(rhythm: Rhythm): void;
  onZone(zone: string): void;
}) {
  const { t, i18n } = useTranslation("triggers");
  const change = (more: Partial<Rhythm>) => onRhythm({ ...rhythm, ...more });
  const times = nextTimes(cronOf(rhythm), zone, 3);
  return (
    <>
      <div className="grid grid-cols-2 gap-3">
        <Field label={t("frequency")}>
          <Select
            value={rhythm.every}
            // A custom pattern starts from the rhythm chosen before.
            onChange={(every) => change({ every, ...(every === "custom" && { cron: cronOf(rhythm) }) })}
            options={KINDS.map((every) => ({ value: every, label: t(`every.${every}`) }))}
          />
        </Field>
        {rhythm.every === "custom" ? (
          <Field label={t("cron")}>
            <Input mono value={rhythm.cron} onChange={(event) => change({ cron: event.target.value })} />
          </Field>
        ) : rhythm.every === "minutes" ? (
          <Field label={t("step")}>
            <Select
              value={String(rhythm.step)}
              onChange={(step) => change({ step: Number(step) })}
              options={STEPS.map((step) => ({ value: String(step), label: t("schedule.minutes", { count: step }) }))}
            />
          </Field>
        ) : rhythm.every === "hour" ? (
          <Field label={t("minute")}>
            <Input
              type="number"
              min={0}
              max={59}
              value={rhythm.minute}
              onChange={(event) => change({ minute: within(event.target.value, 0, 59) })}
            />
          </Field>
        ) : (
          <Field label={t("at")}>
            <Input
              type="time"
              required
              value={clock(rhythm.hour, rhythm.minute)}
              onChange={(event) => {
                const [hour, minute] = event.target.value.split(":");
                if (hour && minute) change({ hour: Number(hour), minute: Number(minute) });
              }}
            />
          </Field>
        )}
        {rhythm.every === "week" && (
          <Field label={t("weekday")}>
            <Select
              value={String(rhythm.weekday)}
              onChange={(weekday) => change({ weekday: Number(weekday) })}
              options={[1, 2, 3, 4, 5, 6, 0].map((day) => ({
                value: String(day),
                label: weekdayName(day, i18n.language),
              }))}
            />
          </Field>
        )}
        {rhythm.every === "month" && (
          <Field label={t("dayOfMonth")}>
            <Input
              type="number"
              min={1}
              max={31}
              value={rhythm.day}
              onChange={(event) => change({ day: within(event.target.value, 1, 31) })}
            />
          </Field>
        )}
        <Field label={t("zone")} className={rhythm.every === "week" || rhythm.every === "month" ? "" : "col-span-2"}>
          <Input value={zone} list="time-zones" onChange={(event) => onZone(event.target.value.trim())} />
        </Field>
        <datalist id="time-zones">
          {ZONES.map((one) => (
            <option key={one} value={one} />
          ))}
        </datalist>
      </div>
      {times ? (
        <p className="text-ink-2 text-sm tnum">
          <span className="mr-2 text-ink-3">{t("next")}</span>
          {times.map((time) => inZone(time, zone, i18n.language)).join(" · ")}
        </p>
      ) : (
        <p role="alert" className="text-bad text-sm">
          {t("neverOccurs")} {rhythm.every === "custom" && t("cronHelp")}
        </p>
      )}
    </>
  );
}

function within(text: string, min: number, max: number): number {
  return Math.min(max, Math.max(min, Math.round(Number(text)) || min));
}
