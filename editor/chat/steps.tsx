import { BookOpen, ChevronRight, CircleX, Wrench } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { HostedStep } from "../../server/contract/hosted-item.ts";
import { cx } from "../ui/cx.ts";
import { Spinner } from "../ui/spinner.tsx";

/** More steps than this are collapsed into one line. */
const FEW = 3;

/** The steps of a reply, one line each: the tool, whether it succeeded, the number of passages found. */
export function Steps({ steps: all }: { steps: readonly HostedStep[] }) {
  const { t } = useTranslation("chat");
  const [open, setOpen] = useState(false);
  // A search that found nothing tells a visitor nothing.
  const steps = all.filter((step) => step.kind !== "search" || step.found > 0);
  const running = steps.some((step) => step.kind === "tool" && step.state === "running");
  const folded = steps.length > FEW && !open;
  if (steps.length === 0) return null;
  return (
    <div className="flex flex-col gap-1 text-ink-2 text-sm">
      {steps.length > FEW && (
        <button
          type="button"
          aria-expanded={open}
          className="flex items-center gap-1.5 self-start rounded-sm hover:text-ink"
          onClick={() => setOpen(!open)}
        >
          {running ? <Spinner label={t("working")} /> : <Wrench size={14} aria-hidden className="text-kind-tools" />}
          {t("steps", { count: steps.length })}
          <ChevronRight size={13} aria-hidden className={cx("transition-transform", open && "rotate-90")} />
        </button>
      )}
      {!folded && (
        <ul className={cx("flex flex-col gap-1", steps.length > FEW && "ml-5")}>
          {steps.map((step, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: steps are only appended
            <Line key={index} step={step} />
          ))}
        </ul>
      )}
    </div>
  );
}

function Line({ step }: { step: HostedStep }) {
  const { t } = useTranslation("chat");
  if (step.kind === "search")
    return (
      <li className="flex items-center gap-1.5">
        <BookOpen size={14} aria-hidden className="shrink-0 text-kind-documents" />
        {t("found", { count: step.found })}
      </li>
    );
  return (
    <li className="flex min-w-0 items-center gap-1.5">
      {step.state === "running" ? (
        <Spinner label={t("working")} />
      ) : step.state === "failed" ? (
        <CircleX size={14} aria-hidden className="shrink-0 text-bad" />
      ) : (
        <Wrench size={14} aria-hidden className="shrink-0 text-kind-tools" />
      )}
      <span className="truncate">
        {t(`tool.${step.state}`, { tool: step.tool.replaceAll("__", " › ").replaceAll("_", " ") })}
      </span>
    </li>
  );
}
