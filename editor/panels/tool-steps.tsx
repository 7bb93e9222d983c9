import { ChevronRight, CircleX, Wrench } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { ToolView } from "../../runtime/fold-run.ts";
import { shortToolName } from "../../runtime/preview.ts";
import * as format from "../i18n/format.ts";
import { Badge } from "../ui/badge.tsx";
import { cx } from "../ui/cx.ts";
import { Spinner } from "../ui/spinner.tsx";
import { ValueView } from "./value-view.tsx";

/** Tool calls in order. Each expands to its arguments and result. */
export function ToolSteps({ tools }: { tools: readonly ToolView[] }) {
  return (
    <ul className="flex flex-col gap-1">
      {tools.map((tool) => (
        <ToolStep key={tool.call} tool={tool} />
      ))}
    </ul>
  );
}

function ToolStep({ tool }: { tool: ToolView }) {
  const { t } = useTranslation("panels");
  const [open, setOpen] = useState(false);
  const name = tool.start.tool ?? tool.start.call.name;
  const failed = tool.end?.result.error === true;
  return (
    <li>
      <button
        type="button"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        className="flex w-full items-center gap-2 rounded-sm text-left text-ink-2 text-sm hover:text-ink"
      >
        {!tool.end ? (
          <Spinner label={t("toolRunning")} />
        ) : failed ? (
          <CircleX size={15} aria-label={t("toolFailed")} className="text-bad" />
        ) : (
          <Wrench size={15} aria-hidden className="text-kind-tools" />
        )}
        <span className="min-w-0 flex-1 truncate">
          <span className="font-mono text-xs">{shortToolName(name)}</span>{" "}
          <span className="font-mono text-ink-3 text-xs">
            {brief(tool.start.call.arguments ?? tool.start.call.raw)}
          </span>
          {tool.end && !failed && (
            <span className="font-mono text-ink-3 text-xs">
              {" "}
              → {brief(tool.end.result.value ?? tool.end.result.content)}
            </span>
          )}
        </span>
        {tool.start.proposed !== undefined && <Badge>{t("editedByPerson")}</Badge>}
        {tool.end && <span className="text-ink-3 text-xs tnum">{format.span(tool.end.ms)}</span>}
        <ChevronRight size={13} aria-hidden className={cx("text-ink-3 transition-transform", open && "rotate-90")} />
      </button>
      {open && (
        <div className="mt-1.5 mb-2 ml-6 flex flex-col gap-2">
          <div>
            <p className="mb-1 text-ink-3 text-xs">{t("toolArguments", { tool: name })}</p>
            <ValueView
              value={tool.start.call.arguments ?? tool.start.call.raw}
              name={t("toolArguments", { tool: name })}
            />
          </div>
          {tool.start.proposed !== undefined && (
            <div>
              <p className="mb-1 text-ink-3 text-xs">{t("proposedArguments")}</p>
              <ValueView value={tool.start.proposed} name={t("proposedArguments")} />
            </div>
          )}
          {tool.end && (
            <div>
              <p className={cx("mb-1 text-xs", failed ? "text-bad" : "text-ink-3")}>
                {failed ? t("toolFailed") : t("toolResult")}
              </p>
              <ValueView value={tool.end.result.value ?? tool.end.result.content} name={t("toolResult")} />
            </div>
          )}
        </div>
      )}
    </li>
  );
}

function brief(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  const line = text.replaceAll(/\s+/g, " ");
  return line.length > 90 ? `${line.slice(0, 90)}…` : line;
}
