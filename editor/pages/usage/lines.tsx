import { cx } from "../../ui/cx.ts";
import { Plot } from "./plot.tsx";

export interface Line {
  name: string;
  /** One value per day; undefined leaves a gap in the line. */
  values: (number | undefined)[];
  /** The visual weight of the line; the first is the strongest. */
  weight: "first" | "second" | "third";
}

const STROKE: Record<Line["weight"], string> = {
  first: "stroke-accent",
  second: "stroke-ink-2",
  third: "stroke-ink-3",
};
const DASH: Record<Line["weight"], string | undefined> = { first: undefined, second: "5 3", third: "1.5 3" };

/** Lines over the same days. They differ in stroke as well as in colour. */
export function Lines({
  title,
  summary,
  labels,
  lines,
  words,
}: {
  title: string;
  summary: string;
  labels: string[];
  lines: Line[];
  words(value: number): string;
}) {
  const max = Math.max(...lines.flatMap((line) => line.values.map((value) => value ?? 0)), 0) || 1;
  const x = (day: number) => ((day + 0.5) / labels.length) * 100;
  const y = (value: number) => 98 - (value / max) * 94;
  return (
    <Plot
      title={title}
      summary={summary}
      labels={labels}
      legend={
        <span className="inline-flex flex-wrap items-center gap-x-3">
          {lines.map((line) => (
            <span key={line.name} className="inline-flex items-center gap-1.5">
              <svg aria-hidden width="18" height="4" className="overflow-visible">
                <path d="M0 2H18" className={cx("stroke-2", STROKE[line.weight])} strokeDasharray={DASH[line.weight]} />
              </svg>
              {line.name}
            </span>
          ))}
          <span>{words(max)} ↑</span>
        </span>
      }
      describe={(at) =>
        lines
          .flatMap(({ name, values }) => (values[at] === undefined ? [] : `${name} ${words(values[at])}`))
          .join(" · ") || "–"
      }
    >
      {(at) => (
        <>
          <svg aria-hidden viewBox="0 0 100 100" preserveAspectRatio="none" className="absolute inset-0 size-full">
            {at !== undefined && (
              <path d={`M${x(at)} 0V100`} className="stroke-line-strong" vectorEffect="non-scaling-stroke" />
            )}
            {lines.map((line) => (
              <path
                key={line.name}
                d={path(line.values, x, y)}
                fill="none"
                strokeWidth={line.weight === "first" ? 2 : 1.5}
                strokeDasharray={DASH[line.weight]}
                strokeLinejoin="round"
                strokeLinecap="round"
                vectorEffect="non-scaling-stroke"
                className={STROKE[line.weight]}
              />
            ))}
          </svg>
          {lines.flatMap((line) =>
            line.values.map((value, day) =>
              // A single day without neighbours cannot draw a line; the chosen day is marked too.
              value !== undefined && (day === at || isAlone(line.values, day)) ? (
                <span
                  key={`${line.name} ${labels[day]}`}
                  className={cx(
                    "-translate-x-1/2 -translate-y-1/2 absolute size-1.5 rounded-full",
                    line.weight === "first" ? "bg-accent" : line.weight === "second" ? "bg-ink-2" : "bg-ink-3",
                  )}
                  style={{ left: `${x(day)}%`, top: `${y(value)}%` }}
                />
              ) : null,
            ),
          )}
        </>
      )}
    </Plot>
  );
}

function isAlone(values: Line["values"], day: number): boolean {
  return values[day - 1] === undefined && values[day + 1] === undefined;
}

function path(values: Line["values"], x: (day: number) => number, y: (value: number) => number): string {
  return values
    .map((value, day) =>
      value === undefined
        ? ""
        : `${values[day - 1] === undefined ? "M" : "L"}${x(day).toFixed(2)} ${y(value).toFixed(2)}`,
    )
    .join("");
}
