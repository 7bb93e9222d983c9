import { Check, CloudOff } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useGraph, useSaving, useWorkbench } from "../hooks/use-workbench.ts";
import { DiffView } from "../panels/diff-view.tsx";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { CopyButton } from "../ui/code-block.tsx";
import { Notice } from "../ui/notice.tsx";

/** In the toolbar: whether the draft is saved. */
export function SaveBadge() {
  const { t } = useTranslation("panels");
  const { saver } = useWorkbench();
  const status = useSaving((state) => state.status);
  switch (status.is) {
    case "saved":
      return status.at === undefined ? null : (
        <span className="flex items-center gap-1 text-ink-3 text-sm" role="status">
          <Check size={14} aria-hidden />
          {t("save.saved")}
        </span>
      );
    case "unsaved":
    case "saving":
      return (
        <span className="text-ink-3 text-sm" role="status">
          {t("save.saving")}
        </span>
      );
    case "offline":
      return (
        <span className="flex items-center gap-2" role="status">
          <Badge tone="warn" icon={CloudOff} title={t("save.offlineHelp")}>
            {t("save.offline")}
          </Badge>
          <Button size="sm" variant="ghost" onClick={saver.wake}>
            {t("retry", { ns: "common" })}
          </Button>
        </span>
      );
    case "refused":
      return (
        <span className="flex items-center gap-2" role="alert">
          <Badge tone="bad" title={status.message}>
            {t("save.refused")}
          </Badge>
          <Button size="sm" variant="ghost" onClick={() => void saver.flush()}>
            {t("retry", { ns: "common" })}
          </Button>
        </span>
      );
    case "conflict":
      return (
        <Badge tone="warn" dot>
          {t("save.conflict")}
        </Badge>
      );
  }
}

/** Above the canvas: problems with saving that need a decision. */
export function SaveNotices() {
  return (
    <>
      <UnreadableDraft />
      <SaveConflict />
    </>
  );
}

function UnreadableDraft() {
  const { t } = useTranslation("panels");
  const { saver } = useWorkbench();
  const text = useSaving((state) => state.unreadable);
  if (text === undefined) return null;
  return (
    <Notice
      tone="warn"
      className="m-3"
      title={t("save.unreadable")}
      actions={
        <>
          <CopyButton text={text} label={t("save.copyUnreadable")} />
          <Button size="sm" onClick={saver.discardUnreadable}>
            {t("save.discardUnreadable")}
          </Button>
        </>
      }
    />
  );
}

/** Another tab or person has saved the agent. Nothing is saved until the person chooses one of the graphs. */
function SaveConflict() {
  const { t } = useTranslation("panels");
  const { saver } = useWorkbench();
  const status = useSaving((state) => state.status);
  const mine = useGraph((graph) => graph);
  const [shown, setShown] = useState(false);
  if (status.is === "refused")
    return (
      <Notice tone="bad" className="m-3" title={t("save.refusedTitle")}>
        {status.message}
      </Notice>
    );
  if (status.is !== "conflict") return null;
  return (
    <Notice
      tone="warn"
      className="m-3"
      title={t("save.conflictTitle")}
      actions={
        <>
          <Button size="sm" variant="solid" onClick={() => void saver.keepMine()}>
            {t("save.keepMine")}
          </Button>
          <Button size="sm" onClick={saver.takeTheirs}>
            {t("save.takeTheirs")}
          </Button>
          <Button size="sm" aria-expanded={shown} onClick={() => setShown(!shown)}>
            {t("save.difference")}
          </Button>
        </>
      }
    >
      {t("save.conflictHelp")}
      {shown && (
        <div className="mt-3 max-h-80 overflow-y-auto">
          <DiffView before={status.theirs.graph} after={mine} />
        </div>
      )}
    </Notice>
  );
}
