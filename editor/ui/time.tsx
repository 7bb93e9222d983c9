import type { ReactNode } from "react";
import { ago, dateTime } from "../i18n/format.ts";

/** A time in milliseconds as "3 minutes ago" or as given; the date and time are in its tooltip. */
export function Time({ at, className, children }: { at: number; className?: string; children?: ReactNode }) {
  return (
    <time dateTime={new Date(at).toISOString()} title={dateTime(at)} className={className}>
      {children ?? ago(at)}
    </time>
  );
}
