import { useState } from "react";
import { useTranslation } from "react-i18next";
import { cx } from "../ui/cx.ts";
import { Input } from "../ui/input.tsx";
import { Slider } from "../ui/slider.tsx";
import { Switch } from "../ui/switch.tsx";
import type { FieldProps } from "./field-props.ts";

/**
 * A number. Incomplete input is kept in the field and not yet stored; empty means the default, or null if that is
 * allowed.
 */
export function NumberField({ value, set, hint, schema, disabled, label }: FieldProps) {
  const { t } = useTranslation("fields");
  const [typed, setTyped] = useState<string>();
  const nullable = takesNull(schema);
  const written = typeof value === "number" ? String(value) : "";
  const text = typed ?? written;
  const parsed = Number(text);
  const fault =
    text.trim() !== "" && !inRange(parsed, hint)
      ? t("range", { min: hint.min ?? "−∞", max: hint.max ?? "∞" })
      : undefined;
  return (
    <div className="flex flex-col gap-1.5">
      <Input
        inputMode="decimal"
        className="tnum"
        value={text}
        disabled={disabled}
        aria-label={label}
        aria-invalid={fault !== undefined || undefined}
        placeholder={nullable ? t("unset") : undefined}
        onChange={(event) => {
          const next = event.target.value;
          setTyped(next);
          if (next.trim() === "") set(nullable ? null : undefined);
          else if (inRange(Number(next), hint)) set(Number(next));
        }}
        onBlur={() => fault === undefined && setTyped(undefined)}
      />
      {fault && (
        <p role="alert" className="text-bad text-sm">
          {fault}
        </p>
      )}
    </div>
  );
}

function inRange(value: number, { min, max }: { min?: number; max?: number }): boolean {
  return Number.isFinite(value) && (min === undefined || value >= min) && (max === undefined || value <= max);
}

export function takesNull(schema: Record<string, unknown>): boolean {
  const any = schema.anyOf;
  return (
    schema.type === "null" || (Array.isArray(any) && any.some((one) => (one as { type?: unknown }).type === "null"))
  );
}

/** A slider with its value beside it. If the value is optional, a switch turns it on and off. */
export function SliderField(props: FieldProps) {
  const { value, set, hint, schema, disabled, label } = props;
  const { t } = useTranslation("fields");
  const nullable = takesNull(schema);
  const low = hint.min ?? 0;
  const high = hint.max ?? 100;
  const number = typeof value === "number" ? value : low;
  const off = nullable && typeof value !== "number";
  return (
    <div className="flex items-center gap-3">
      {nullable && (
        <Switch
          checked={!off}
          label={t("setIt", { label })}
          disabled={disabled}
          onChange={(on) => set(on ? middle(low, high, hint.step) : null)}
        />
      )}
      <div
        className={cx("min-w-0 flex-1", (off || disabled) && "pointer-events-none opacity-45")}
        inert={off || disabled}
      >
        <Slider
          value={number}
          min={low}
          max={Math.max(high, number)}
          step={hint.step ?? 1}
          label={label}
          onChange={set}
        />
      </div>
      <span className="w-10 shrink-0 text-right tnum">{off ? "–" : number}</span>
    </div>
  );
}

function middle(low: number, high: number, step = 1): number {
  return Math.round((low + high) / 2 / step) * step;
}

export function ToggleField({ value, set, disabled, label }: FieldProps) {
  return <Switch checked={value === true} onChange={set} disabled={disabled} label={label} />;
}
