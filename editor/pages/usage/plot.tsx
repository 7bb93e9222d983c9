import type { ReactNode } from "react";
import { useState } from "react";

/**
 * The frame of a plot with one column per day: the title, the value of the chosen day (by pointer or arrow keys) or
 * else the legend, the drawing, and the first and last day below it.
 */
export function Plot({
  title,
  summary,
  labels,
  legend,
  describe,
  children,
}: {
  title: string;
  /** A description of the whole drawing for screen readers. */
  summary: string;
  labels: readonly string[];
  legend: ReactNode;
  describe(at: number): ReactNode;
  /** Draws into the whole box; `at` is the chosen day. */
  children(at: number | undefined): ReactNode;
}) {
  const [at, setAt] = useState<number>();
  return (
    <figure className="min-w-0 rounded-xl border border-line bg-surface p-4">
      <figcaption className="flex flex-wrap items-baseline justify-between gap-x-3 gap-y-1">
        <span className="font-medium text-ink-2">{title}</span>
        <span aria-live="polite" className="text-sm tnum">
          {at === undefined ? (
            <span className="text-ink-3">{legend}</span>
          ) : (
            <>
              <span className="text-ink-3">{labels[at]}</span> <span className="font-medium">{describe(at)}</span>
            </>
          )}
        </span>
      </figcaption>
      <div
        role="img"
        aria-label={summary}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys choose a day
        tabIndex={0}
        onMouseLeave={() => setAt(undefined)}
        onBlur={() => setAt(undefined)}
        onKeyDown={(event) => {
          const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
          if (step === 0) return;
          event.preventDefault();
          setAt(Math.min(labels.length - 1, Math.max(0, (at ?? (step > 0 ? -1 : labels.length)) + step)));
        }}
        className="relative mt-3 h-32 rounded-sm border-line border-b"
      >
        {children(at)}
        <div className="absolute inset-0 flex">
          {labels.map((label, index) => (
            // biome-ignore lint/a11y/noStaticElementInteractions: for the pointer; the arrow keys do the same
            <div key={label} onMouseEnter={() => setAt(index)} className="h-full min-w-0 flex-1" />
          ))}
        </div>
      </div>
      <div aria-hidden className="mt-1.5 flex justify-between text-2xs text-ink-3 tnum">
        <span>{labels[0]}</span>
        <span>{labels.at(-1)}</span>
      </div>
    </figure>
  );
}
