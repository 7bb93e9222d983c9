import { cx } from "./cx.ts";
import { passageParts } from "./passage-parts.ts";

/** The text of a passage, with its Markdown tables as tables. `lines`: of text; longer text is cut, and tables scroll. */
export function PassageText({ text, lines, className }: { text: string; lines?: 3 | 5; className?: string }) {
  const parts = passageParts(text);
  const hasTable = parts.some((part) => "rows" in part);
  if (!hasTable)
    return (
      <p className={cx("whitespace-pre-line", lines === 3 && "line-clamp-3", lines === 5 && "line-clamp-5", className)}>
        {text}
      </p>
    );
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable element must be reachable by keyboard
    <div tabIndex={0} className={cx("flex flex-col gap-2 overflow-auto", lines && "max-h-44", className)}>
      {parts.map((part, index) =>
        "text" in part ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text do not move
          <p key={index} className="whitespace-pre-line">
            {part.text}
          </p>
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text do not move
          <table key={index} className="w-full border-collapse text-left text-sm">
            {part.head && (
              <thead>
                <tr>{part.head.map(cell("th"))}</tr>
              </thead>
            )}
            <tbody>
              {part.rows.map((row, number) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: rows of one text do not move
                <tr key={number}>{row.map(cell("td"))}</tr>
              ))}
            </tbody>
          </table>
        ),
      )}
    </div>
  );
}

function cell(Tag: "td" | "th") {
  return (text: string, index: number) => (
    <Tag key={index} className={cx("border border-line px-2 py-1 align-top", Tag === "th" && "bg-hover font-medium")}>
      {text}
    </Tag>
  );
}
