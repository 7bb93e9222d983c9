import { Slider as Radix } from "radix-ui";
import { useFieldProps } from "./field.tsx";

/** A number on a scale. `onCommit` is called once, when the thumb is released. */
export function Slider({
  value,
  onChange,
  onCommit,
  min,
  max,
  step = 1,
  label,
}: {
  value: number;
  onChange(value: number): void;
  onCommit?(value: number): void;
  min: number;
  max: number;
  step?: number;
  label?: string;
}) {
  const { id, ...field } = useFieldProps();
  return (
    <Radix.Root
      value={[value]}
      min={min}
      max={max}
      step={step}
      onValueChange={([next]) => next !== undefined && onChange(next)}
      onValueCommit={([next]) => next !== undefined && onCommit?.(next)}
      className="relative flex h-5 w-full touch-none select-none items-center"
    >
      <Radix.Track className="relative h-1 grow rounded-full bg-line-strong">
        <Radix.Range className="absolute h-full rounded-full bg-ink" />
      </Radix.Track>
      <Radix.Thumb
        {...field}
        aria-label={label}
        aria-labelledby={!label && id ? `${id}-label` : undefined}
        className="block size-4 rounded-full border border-line-strong bg-surface shadow-card hover:border-ink-3"
      />
    </Radix.Root>
  );
}
