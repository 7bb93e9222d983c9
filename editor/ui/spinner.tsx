import { LoaderCircle } from "lucide-react";
import { cx } from "./cx.ts";

/** Work under way. `label` is read aloud; leave it out where the words beside it already say so. */
export function Spinner({ label, className }: { label?: string; className?: string }) {
  return (
    <span role={label ? "status" : undefined} className={cx("inline-flex text-ink-3", className)}>
      <LoaderCircle size={16} className="animate-spin" aria-hidden />
      {label && <span className="sr-only">{label}</span>}
    </span>
  );
}
