import { Pin } from "lucide-react";
import { useTranslation } from "react-i18next";
import { pinOf } from "../graph/pins.ts";
import { useGraph } from "../hooks/use-workbench.ts";
import { cx } from "../ui/cx.ts";

/** On a card: its output is pinned in the draft (icon and text), or was in the displayed run (icon only). */
export function PinMark({ node, inRun }: { node: string; inRun: boolean }) {
  const { t } = useTranslation("testing");
  const pinned = useGraph((graph) => pinOf(graph, node) !== undefined);
  if (!pinned && !inRun) return null;
  return (
    <span
      title={pinned ? t("pinnedHelp") : t("pinned")}
      className={cx(
        "flex shrink-0 items-center gap-1 text-warn text-xs",
        pinned && "rounded-full bg-warn-soft px-1.5 py-px font-medium",
      )}
    >
      <Pin size={11} aria-hidden />
      <span className={pinned ? undefined : "sr-only"}>{t("pinned")}</span>
    </span>
  );
}
