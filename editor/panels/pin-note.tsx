import { Pin } from "lucide-react";
import { useTranslation } from "react-i18next";
import { pinOf, pinsOf, removePins, setPin } from "../graph/pins.ts";
import { useBodies } from "../hooks/body-views.tsx";
import { useDocument, useGraph, useWorkbench } from "../hooks/use-workbench.ts";

const linkClass = "rounded-sm text-accent hover:underline";

/** In the chat panel: how many outputs are pinned. Pins apply to the draft only. */
export function PinnedNotice() {
  const { t } = useTranslation("testing");
  const workbench = useWorkbench();
  const bodies = useBodies();
  const count = useGraph((graph) => Object.keys(pinsOf(graph)).length);
  if (count === 0) return null;
  return (
    <p className="mb-2 flex items-start gap-1.5 text-ink-2 text-sm">
      <Pin size={13} aria-hidden className="mt-0.5 shrink-0 text-warn" />
      <span>
        {t("pinnedCount", { count })} {t("publishedRunsThem")}{" "}
        <button
          type="button"
          className={linkClass}
          onClick={() => {
            bodies.reach(workbench);
            workbench.selection.select(Object.keys(pinsOf(workbench.graph())));
          }}
        >
          {t("showPinned")}
        </button>
        {" · "}
        <button type="button" className={linkClass} onClick={() => workbench.apply(removePins)}>
          {t("unpinAll")}
        </button>
      </span>
    </p>
  );
}

/** In the form of a pinned node. */
export function PinnedNodeNotice({ node }: { node: string }) {
  const { t } = useTranslation("testing");
  const workbench = useWorkbench();
  const pinned = useGraph((graph) => pinOf(graph, node) !== undefined);
  const frozen = useDocument((state) => state.frozen);
  if (!pinned || frozen) return null;
  return (
    <p className="mx-4 mb-3 flex items-start gap-1.5 rounded-md bg-warn-soft px-2.5 py-2 text-ink-2 text-sm">
      <Pin size={13} aria-hidden className="mt-0.5 shrink-0 text-warn" />
      <span>
        {t("pinnedHelp")}{" "}
        <button type="button" className={linkClass} onClick={() => workbench.apply(setPin(node, undefined))}>
          {t("unpin")}
        </button>
      </span>
    </p>
  );
}
