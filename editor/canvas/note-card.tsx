import { type NodeProps, NodeResizer } from "@xyflow/react";
import { lazy, memo, Suspense, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import { NOTE } from "../graph/card-size.ts";
import { resize, setConfig } from "../graph/commands.ts";
import { useWorkbench } from "../hooks/use-workbench.ts";
import { cx } from "../ui/cx.ts";
import type { CardNode } from "./flow-model.ts";

const NoteText = lazy(() => import("./note-text.tsx").then((module) => ({ default: module.NoteText })));

/** A note. A double click, or Enter or a letter on the selected note, starts editing; Escape ends it. */
export const NoteCard = memo(function NoteCard({ id, data, selected }: NodeProps<CardNode>) {
  const { t } = useTranslation("canvas");
  const { document, apply, overlays } = useWorkbench();
  const editing = useStore(overlays, (state) => state.writing === id);
  const area = useRef<HTMLTextAreaElement>(null);
  const text = (data.node.config as { text?: string } | undefined)?.text ?? "";
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the keyboard has Enter, which the canvas handles, and the inspector
    <div
      className={cx(
        "h-full rounded-lg border border-dashed bg-raised/80 px-3 py-2.5 text-ink-2",
        selected ? "border-accent" : "border-line-strong",
      )}
      onDoubleClick={() => document.getState().frozen || overlays.setState({ writing: id })}
    >
      <NodeResizer
        isVisible={selected && !editing}
        minWidth={NOTE.minWidth}
        minHeight={NOTE.minHeight}
        lineClassName="!border-transparent"
        handleClassName="!size-2 !rounded-xs !border-accent !bg-surface"
        onResizeEnd={(_event, { x, y, width, height }) => apply(resize(id, { x, y, width, height }))}
      />
      {editing ? (
        <textarea
          ref={area}
          aria-label={t("note")}
          // biome-ignore lint/a11y/noAutofocus: it opens because the person wants to write
          autoFocus
          className="nodrag nopan nowheel size-full resize-none bg-transparent text-ink outline-none"
          defaultValue={text}
          onFocus={({ target }) => target.setSelectionRange(target.value.length, target.value.length)}
          onChange={(event) => apply(setConfig(id, "text", event.target.value))}
          onBlur={() => {
            document.seal();
            if (overlays.getState().writing === id) overlays.setState({ writing: undefined });
          }}
          onKeyDown={(event) => event.key === "Escape" && area.current?.blur()}
        />
      ) : (
        <div className="prose-note h-full overflow-hidden">
          {text ? (
            <Suspense fallback={<p className="whitespace-pre-wrap">{text}</p>}>
              <NoteText text={text} />
            </Suspense>
          ) : (
            <p className="text-ink-3">{t("noteEmpty")}</p>
          )}
        </div>
      )}
    </div>
  );
});
