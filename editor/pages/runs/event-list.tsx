import { useState } from "react";
import type { RunEvent } from "../../../runtime/event.ts";
import { span } from "../../i18n/format.ts";
import { CodeBlock } from "../../ui/code-block.tsx";
import { cx } from "../../ui/cx.ts";
import { ShowMore } from "../../ui/show-more.tsx";

const PAGE = 60;

/** The events of a run. Each expands to its JSON. */
export function EventList({ events, startedAt }: { events: RunEvent[]; startedAt: number }) {
  const [limit, setLimit] = useState(PAGE);
  return (
    <>
      <ol className="overflow-hidden rounded-xl border border-line bg-surface font-mono text-sm">
        {events.slice(0, limit).map((event) => (
          <li key={event.seq} className="border-line border-b last:border-b-0">
            <EventRow event={event} startedAt={startedAt} />
          </li>
        ))}
      </ol>
      {events.length > limit && <ShowMore onMore={() => setLimit(limit + PAGE)} />}
    </>
  );
}

function EventRow({ event, startedAt }: { event: RunEvent; startedAt: number }) {
  const [open, setOpen] = useState(false);
  const bad =
    event.type === "node-fail" || event.type === "run-fail" || (event.type === "tool-end" && event.result.error);
  return (
    <>
      <button
        type="button"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        className="grid w-full grid-cols-[36px_130px_minmax(0,1fr)_84px] items-baseline gap-3 px-4 py-1.5 text-left hover:bg-hover focus-visible:-outline-offset-2"
      >
        <span className="text-right text-ink-3 tnum">{event.seq}</span>
        <span className={cx("font-medium", bad && "text-bad")}>{event.type}</span>
        <span className="truncate text-ink-2">{summaryOf(event)}</span>
        <span className="text-right font-sans text-ink-3 tnum">{span(event.at - startedAt)}</span>
      </button>
      {open && (
        <div className="px-4 pb-3">
          <CodeBlock code={JSON.stringify(event, null, 2)} wrap />
        </div>
      )}
    </>
  );
}

/** A one-line summary of an event. */
function summaryOf(event: RunEvent): string {
  const node = "node" in event && event.node ? event.node : "";
  const details = (): string => {
    switch (event.type) {
      case "run-start":
        return event.input.message;
      case "retrieval":
        return `${event.hits.length} × ${event.query}`;
      case "prompt-built":
        return `${event.tokens} tokens, ${event.model}`;
      case "message":
        return event.message.content || (event.message.calls ?? []).map((call) => call.name).join(", ");
      case "tool-start":
        return `${event.tool ?? event.call.name} ${JSON.stringify(event.call.arguments ?? event.call.raw ?? {})}`;
      case "tool-end":
        return event.result.content;
      case "usage":
        return `${event.inputTokens} + ${event.outputTokens}`;
      case "node-end":
        return Object.keys(event.outputs).join(", ");
      case "node-fail":
      case "run-fail":
        return event.error.message;
      case "run-wait":
        return event.waits.map((wait) => wait.question).join("; ");
      default:
        return "";
    }
  };
  return [node, details()].filter(Boolean).join("  ").slice(0, 300);
}
