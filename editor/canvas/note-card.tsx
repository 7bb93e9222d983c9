import { NodeResizer } from "@xyflow/react";
import { lazy, memo, Suspense, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { NOTE } from "../graph/card-size.ts";
import { resize, setConfig } from "../graph/commands.ts";
import { useWorkbench } from "../hooks/use-workbench.ts";
import { cx } from "../ui/cx.ts";
import type { CardNode } from "./flow-model.ts";

const NoteText = lazy(() => import("./note-text.tsx").then((module) => ({ default: module.NoteText })));

/** Words on the canvas. Double click, or Enter on the chosen note, writes in it; Escape leaves it. */
export const NoteCard = memo(function NoteCard({
  id,
  data,
  selected,
}: {
  id: string;
  data: CardNode["data"];
  selected?: boolean;
}) {
  const { t } = useTranslation("canvas");
  const { document, apply } = useWorkbench();
  const [writing, setWriting] = useState(false);
  const area = useRef<HTMLTextAreaElement>(null);
  const text = (data.node.config as { text?: string } | undefined)?.text ?? "";
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the way in by keyboard is Enter, which the canvas handles, and the inspector
    <div
      className={cx(
        "h-full rounded-lg border border-dashed bg-raised/80 px-3 py-2.5 text-ink-2",
        selected ? "border-accent" : "border-line-strong",
      )}
      onDoubleClick={() => setWriting(true)}
    >
      <NodeResizer
        isVisible={selected === true && !writing}
        minWidth={NOTE.minWidth}
        minHeight={NOTE.minHeight}
        lineClassName="!border-transparent"
        handleClassName="!size-2 !rounded-xs !border-accent !bg-surface"
        onResizeEnd={(_event, { x, y, width, height }) =>
          apply(
            resize(id, { x: Math.round(x), y: Math.round(y), width: Math.round(width), height: Math.round(height) }),
          )
        }
      />
      {writing ? (
        <textarea
          ref={area}
          aria-label={t("note")}
          // biome-ignore lint/a11y/noAutofocus: it opens because the person asked to write
          autoFocus
          className="nodrag nopan nowheel size-full resize-none bg-transparent text-ink outline-none"
          defaultValue={text}
          onChange={(event) => apply(setConfig(id, "text", event.target.value))}
          onBlur={() => {
            document.seal();
            setWriting(false);
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
