import { useTranslation } from "react-i18next";
import type { RunStatus } from "../../runtime/fold-run.ts";
import { Badge, type Tone } from "../ui/badge.tsx";

const TONE: Record<RunStatus, Tone> = {
  queued: "neutral",
  running: "accent",
  waiting: "warn",
  uncertain: "warn",
  done: "ok",
  failed: "bad",
  cancelled: "neutral",
};

/** The status of a run. `pulse`: whether it is at work; by default while it is running. */
export function RunBadge({ status, pulse = status === "running" }: { status: RunStatus; pulse?: boolean }) {
  const { t } = useTranslation("runs");
  return (
    <Badge tone={TONE[status]} dot pulse={pulse}>
      {t(`status.${status}`)}
    </Badge>
  );
}

export const isOpen = (status: RunStatus) => status === "queued" || status === "running";
export const hasEnded = (status: RunStatus) => status === "done" || status === "failed" || status === "cancelled";
