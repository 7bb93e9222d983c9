import { PanelLeftOpen, Search } from "lucide-react";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import type { NodeDefinition } from "../../runtime/node.ts";
import { definitions } from "../graph/node-types.ts";
import { NodeTile } from "../hooks/node-tile.tsx";
import { useDocument, useWorkbench } from "../hooks/use-workbench.ts";
import { useNodeWords } from "../i18n/node-words.ts";
import { IconButton } from "../ui/icon-button.tsx";
import { Tooltip } from "../ui/tooltip.tsx";
import { GROUPS, Palette, startDrag, useAddInView } from "./palette.tsx";

/** The node types as a column of icons. The search opens the list with names over the canvas. */
export function IconPalette() {
  const { t } = useTranslation("canvas");
  const { panels, overlays } = useWorkbench();
  const searching = useStore(overlays, (state) => state.searching === true);
  const close = () => overlays.setState({ searching: undefined });
  return (
    <div className="relative flex h-full flex-col items-center gap-0.5 py-1.5">
      <IconButton
        icon={Search}
        label={t("action.addNode")}
        keys={["/"]}
        side="right"
        onClick={() => overlays.setState({ searching: true })}
      />
      <div className="flex min-h-0 w-full flex-1 flex-col items-center overflow-y-auto [scrollbar-width:none]">
        {GROUPS.map((group) => (
          <section key={group} aria-label={t(`group.${group}`)} className="not-first:mt-1.5 flex flex-col">
            {definitions
              .filter((definition) => definition.group === group)
              .map((definition) => (
                <TypeIcon key={definition.type} definition={definition} />
              ))}
          </section>
        ))}
      </div>
      <IconButton
        icon={PanelLeftOpen}
        label={t("list.full")}
        side="right"
        onClick={() => panels.setState({ list: "full" })}
      />
      {searching && <Over onClose={close} />}
    </div>
  );
}

function TypeIcon({ definition }: { definition: NodeDefinition }) {
  const words = useNodeWords();
  const add = useAddInView();
  const frozen = useDocument((state) => state.frozen);
  return (
    <Tooltip
      side="right"
      label={
        <span>
          <strong>{words.title(definition.type)}</strong> {words.summary(definition.type)}
        </span>
      }
    >
      <button
        type="button"
        aria-label={words.title(definition.type)}
        draggable={!frozen}
        disabled={frozen}
        className="cursor-grab rounded-lg p-1 hover:bg-hover focus-visible:bg-hover active:cursor-grabbing disabled:opacity-50"
        onDragStart={(event) => startDrag(event, definition)}
        onClick={() => add(definition)}
      >
        <NodeTile definition={definition} />
      </button>
    </Tooltip>
  );
}

/** The list with names, over the canvas, until a node is added or the focus goes elsewhere. */
function Over({ onClose }: { onClose(): void }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    box.current?.querySelector("input")?.focus();
    const away = (event: PointerEvent) => !box.current?.contains(event.target as Element) && onClose();
    window.addEventListener("pointerdown", away, true);
    return () => window.removeEventListener("pointerdown", away, true);
  }, [onClose]);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it only notices that the focus leaves
    <div
      ref={box}
      className="absolute inset-y-0 left-0 z-20 w-56 border-line border-r bg-surface shadow-float"
      onBlur={({ relatedTarget }) => relatedTarget && !box.current?.contains(relatedTarget) && onClose()}
    >
      <Palette onDone={onClose} />
    </div>
  );
}
