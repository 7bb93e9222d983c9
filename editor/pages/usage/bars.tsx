import { useState } from "react";
import { cx } from "../../ui/cx.ts";

export interface Bar {
  key: string;
  value: number;
  /** A part of `value` that is drawn in the colour of failure. */
  bad?: number;
  label: string;
}

/** A bar a day. The chosen one (by pointer or arrow keys) tells its number above. */
export function Bars({
  title,
  summary,
  bars,
  words,
}: {
  title: string;
  summary: string;
  bars: Bar[];
  words: (value: number) => string;
}) {
  const [at, setAt] = useState<number>();
  const max = Math.max(...bars.map((bar) => bar.value), 0);
  const shown = at === undefined ? undefined : bars[at];
  return (
    <figure className="rounded-xl border border-line bg-surface p-4">
      <figcaption className="flex items-baseline justify-between gap-3">
        <span className="font-medium text-ink-2">{title}</span>
        <span aria-live="polite" className="text-sm tnum">
          {shown ? (
            <>
              <span className="text-ink-3">{shown.label}</span>{" "}
              <span className="font-medium">{words(shown.value)}</span>
            </>
          ) : (
            <span className="text-ink-3">{words(max)} ↑</span>
          )}
        </span>
      </figcaption>
      <div
        role="img"
        aria-label={summary}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: as above
        tabIndex={0}
        onMouseLeave={() => setAt(undefined)}
        onBlur={() => setAt(undefined)}
        onKeyDown={(event) => {
          const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
          if (step === 0) return;
          event.preventDefault();
          setAt(Math.min(bars.length - 1, Math.max(0, (at ?? (step > 0 ? -1 : bars.length)) + step)));
        }}
        className="mt-3 flex h-28 items-end gap-[3px] rounded-sm border-line border-b"
      >
        {bars.map((bar, index) => (
          // biome-ignore lint/a11y/noStaticElementInteractions: hovering is the pointer's way; the arrow keys are the other
          <div key={bar.key} onMouseEnter={() => setAt(index)} className="flex h-full min-w-0 flex-1 items-end">
            <div
              className={cx(
                "w-full overflow-hidden rounded-t-xs transition-colors",
                index === at ? "bg-accent" : bar.value > 0 ? "bg-accent/55" : "bg-line",
              )}
              style={{ height: bar.value > 0 ? `max(3px, ${(bar.value / max) * 100}%)` : "1px" }}
            >
              {bar.bad ? <div className="bg-bad" style={{ height: `${(bar.bad / bar.value) * 100}%` }} /> : null}
            </div>
          </div>
        ))}
      </div>
      <div aria-hidden className="mt-1.5 flex justify-between text-2xs text-ink-3 tnum">
        <span>{bars[0]?.label}</span>
        <span>{bars.at(-1)?.label}</span>
      </div>
    </figure>
  );
}
