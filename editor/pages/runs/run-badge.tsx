import { useTranslation } from "react-i18next";
import type { RunStatus } from "../../../runtime/fold-run.ts";
import { Badge, type Tone } from "../../ui/badge.tsx";

const TONE: Record<RunStatus, Tone> = {
  queued: "neutral",
  running: "accent",
  waiting: "warn",
  uncertain: "warn",
  done: "ok",
  failed: "bad",
  cancelled: "neutral",
};

export function RunBadge({ status }: { status: RunStatus }) {
  const { t } = useTranslation("runs");
  return (
    <Badge tone={TONE[status]} dot pulse={status === "running"}>
      {t(`status.${status}`)}
    </Badge>
  );
}

export const isOpen = (status: RunStatus) => status === "queued" || status === "running";
export const hasEnded = (status: RunStatus) => status === "done" || status === "failed" || status === "cancelled";
