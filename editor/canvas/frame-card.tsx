import { memo } from "react";
import { useTranslation } from "react-i18next";
import { setGroup } from "../graph/commands.ts";
import { useWorkbench } from "../hooks/use-workbench.ts";
import type { FrameNode } from "./flow-model.ts";

/** The frame around the nodes of a group, with its editable title. */
export const FrameCard = memo(function FrameCard({ data }: { data: FrameNode["data"] }) {
  const { t } = useTranslation("canvas");
  const { apply, document } = useWorkbench();
  const { group } = data;
  return (
    <div className="pointer-events-none size-full rounded-xl border border-line-strong border-dashed bg-hover/40">
      <input
        aria-label={t("groupTitle")}
        className="nodrag pointer-events-auto mx-2 mt-1 w-1/2 rounded-sm bg-transparent px-1.5 py-0.5 font-semibold text-ink-3 text-sm outline-none hover:bg-hover focus:bg-surface focus:text-ink"
        placeholder={t("groupTitle")}
        value={group.title}
        onChange={(event) => apply(setGroup(group.id, { title: event.target.value }))}
        onBlur={() => document.seal()}
      />
    </div>
  );
});
