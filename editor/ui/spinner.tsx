import { LoaderCircle } from "lucide-react";
import { cx } from "./cx.ts";

/** Shows that work is in progress. `label` is the accessible name; leave it out if the text beside it says the same. */
export function Spinner({ label, className }: { label?: string; className?: string }) {
  return (
    <span role={label ? "status" : undefined} className={cx("inline-flex text-ink-3", className)}>
      <LoaderCircle size={16} className="animate-spin" aria-hidden />
      {label && <span className="sr-only">{label}</span>}
    </span>
  );
}
