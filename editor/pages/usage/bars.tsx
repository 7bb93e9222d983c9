import { cx } from "../../ui/cx.ts";
import { Plot } from "./plot.tsx";

export interface Bar {
  label: string;
  value: number;
  /** A part of `value`, drawn separately at the bottom of the bar. */
  part?: number;
}

/** One bar per day. `partTone`: the meaning of its part. */
export function Bars({
  title,
  summary,
  bars,
  words,
  describePart,
  partTone = "bad",
}: {
  title: string;
  summary: string;
  bars: Bar[];
  words(value: number): string;
  /** Describes a day's part; shown after its value. */
  describePart?(part: number): string;
  /** `bad`: failure; `soft`: the smaller of two values; `whole`: the whole bar is failure. */
  partTone?: "bad" | "soft" | "whole";
}) {
  const max = Math.max(...bars.map((bar) => bar.value), 0);
  return (
    <Plot
      title={title}
      summary={summary}
      labels={bars.map((bar) => bar.label)}
      legend={<>{words(max)} ↑</>}
      describe={(at) => (
        <>
          {words(bars[at]!.value)}
          {describePart && bars[at]!.part ? (
            <span className="font-normal text-ink-3">, {describePart(bars[at]!.part)}</span>
          ) : null}
        </>
      )}
    >
      {(at) => (
        <div className="flex h-full items-end gap-[3px]">
          {bars.map((bar, index) => (
            <div key={bar.label} className="flex h-full min-w-0 flex-1 items-end">
              <div
                className={cx(
                  "flex w-full flex-col justify-end overflow-hidden rounded-t-xs transition-colors",
                  bar.value === 0
                    ? "bg-line"
                    : partTone === "whole"
                      ? index === at
                        ? "bg-bad"
                        : "bg-bad/65"
                      : index === at
                        ? "bg-accent"
                        : "bg-accent/55",
                )}
                style={{ height: bar.value > 0 ? `max(3px, ${(bar.value / max) * 100}%)` : "1px" }}
              >
                {bar.part ? (
                  <div
                    className={partTone === "bad" ? "bg-bad" : "bg-surface/45"}
                    style={{ height: `${(bar.part / bar.value) * 100}%` }}
                  />
                ) : null}
              </div>
            </div>
          ))}
        </div>
      )}
    </Plot>
  );
}
