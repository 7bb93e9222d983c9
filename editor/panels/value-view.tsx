import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Document } from "../../runtime/message.ts";
import { isDocuments } from "../../runtime/preview.ts";
import * as format from "../i18n/format.ts";
import { CopyButton } from "../ui/code-block.tsx";
import { PassageText } from "../ui/passage-text.tsx";

const LONG = 1200;

/** A value of a port: text, passages with their sources, or JSON. A long value is shortened until it is expanded. */
export function ValueView({ value, name }: { value: unknown; name: string }) {
  const { t } = useTranslation("panels");
  const [whole, setWhole] = useState(false);
  if (isDocuments(value)) return <Passages documents={value} />;
  const text = typeof value === "string" ? value : (JSON.stringify(value, null, 2) ?? "undefined");
  const long = text.length > LONG;
  return (
    <div className="group relative">
      <section aria-label={name}>
        <pre
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable element must be reachable by keyboard
          tabIndex={0}
          className={`max-h-64 overflow-auto whitespace-pre-wrap break-words rounded-md border border-line bg-paper px-2.5 py-2 text-sm leading-relaxed ${typeof value === "string" ? "font-sans" : "font-mono text-xs"}`}
        >
          {text === "" ? (
            <span className="text-ink-3">{t("emptyText")}</span>
          ) : whole || !long ? (
            text
          ) : (
            `${text.slice(0, LONG)}…`
          )}
        </pre>
      </section>
      <CopyButton
        text={text}
        className="absolute top-1 right-1 bg-paper opacity-0 focus:opacity-100 group-hover:opacity-100"
      />
      {long && !whole && (
        <button
          type="button"
          className="mt-1 rounded-sm text-accent text-sm hover:underline"
          onClick={() => setWhole(true)}
        >
          {t("showAll", { size: format.compact(text.length) })}
        </button>
      )}
    </div>
  );
}

function Passages({ documents }: { documents: Document[] }) {
  return (
    <ol className="flex flex-col gap-1.5">
      {documents.map((document, index) => (
        <li key={document.id} className="rounded-md border border-line bg-paper px-2.5 py-1.5 text-sm">
          <p className="flex items-baseline gap-1.5">
            <span className="rounded-xs bg-kind-documents/11 px-1 font-medium text-kind-documents text-xs tnum">
              {index + 1}
            </span>
            <span className="min-w-0 flex-1 truncate font-medium">
              {[document.title, sourceText(document)].filter(Boolean).join(" · ")}
            </span>
            <span className="text-ink-3 text-xs tnum">{document.score.toFixed(2)}</span>
          </p>
          <PassageText text={document.text} lines={3} className="mt-0.5 text-ink-2" />
        </li>
      ))}
    </ol>
  );
}

/** The position of a passage in its source. */
export function sourceText(document: Pick<Document, "source">): string {
  const { source } = document;
  if (!source) return "";
  const parts = [source.heading, source.page === undefined ? undefined : `p. ${source.page}`].filter(Boolean);
  // The line is shown only if there is neither a heading nor a page.
  return parts.length > 0 || source.line === undefined ? parts.join(" ") : `:${source.line}`;
}
