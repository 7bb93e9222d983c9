import { ChevronRight } from "lucide-react";
import { type ReactNode, useState } from "react";
import { cx } from "../ui/cx.ts";

/** What most people need not see: folded away behind a line that says what is in it. */
export function More({
  label,
  note,
  open,
  children,
}: {
  label: string;
  note?: string;
  open?: boolean;
  children: ReactNode;
}) {
  const [shown, setShown] = useState(false);
  const isOpen = shown || open === true;
  return (
    <div className="flex flex-col gap-4">
      <button
        type="button"
        aria-expanded={isOpen}
        onClick={() => setShown(!isOpen)}
        className="-mx-1 flex items-center gap-1 self-start rounded-sm px-1 text-ink-2 hover:text-ink"
      >
        <ChevronRight size={14} aria-hidden className={cx("transition-transform", isOpen && "rotate-90")} />
        {label}
        {note && !isOpen && <span className="text-ink-3 text-sm">· {note}</span>}
      </button>
      {isOpen && children}
    </div>
  );
}

/** A part of a panel with its own heading. */
export function Part({ title, aside, children }: { title: string; aside?: ReactNode; children: ReactNode }) {
  return (
    <section className="border-line border-t px-4 py-3.5">
      <div className="mb-2 flex items-baseline justify-between gap-2">
        <h2 className="font-medium text-ink-2 text-sm">{title}</h2>
        {aside && <span className="text-ink-3 text-sm tnum">{aside}</span>}
      </div>
      {children}
    </section>
  );
}
