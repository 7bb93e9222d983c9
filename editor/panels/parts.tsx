import { ChevronRight } from "lucide-react";
import { type ReactNode, useState } from "react";
import type { FileRef } from "../../runtime/message.ts";
import { cx } from "../ui/cx.ts";
import { SentFiles } from "./attachments.tsx";

/** Less important content, collapsed behind its label. `note` is shown while it is collapsed. */
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

/** Messages to start a conversation with. A click sends one. */
export function Suggestions({
  label,
  messages,
  disabled,
  onPick,
}: {
  label: string;
  messages: readonly string[];
  disabled?: boolean;
  onPick(message: string): void;
}) {
  return (
    <ul className="flex flex-col gap-1.5" aria-label={label}>
      {messages.map((message) => (
        <li key={message}>
          <button
            type="button"
            disabled={disabled}
            className="w-full rounded-lg border border-line bg-surface px-3 py-2 text-left hover:border-line-strong hover:bg-hover disabled:pointer-events-none disabled:text-ink-3"
            onClick={() => onPick(message)}
          >
            {message}
          </button>
        </li>
      ))}
    </ul>
  );
}

/** A message of the person. */
export function UserMessage({ children, files }: { children: string; files?: readonly FileRef[] }) {
  return (
    <p className="ml-8 self-end whitespace-pre-wrap break-words rounded-xl rounded-br-sm bg-accent-soft px-3 py-2">
      {children}
      <SentFiles files={files} />
    </p>
  );
}
