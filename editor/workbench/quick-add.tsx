import { Command } from "cmdk";
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { NodeDefinition } from "../../runtime/node.ts";
import { fittingTypes } from "../graph/can-connect.ts";
import { NodeTile } from "../hooks/node-tile.tsx";
import { useNodeWords } from "../i18n/node-words.ts";
import type { OpenEnd } from "../session/add-node.ts";
import { matches } from "./palette.tsx";

const SIZE = { width: 264, height: 320 };

/** The node types that can be added at a position. At the end of a dragged edge: the types that fit it, best first. */
export function QuickAdd({
  at,
  loose,
  definitions,
  onPick,
  onClose,
}: {
  at: { x: number; y: number };
  loose?: OpenEnd;
  definitions: readonly NodeDefinition[];
  onPick(definition: NodeDefinition): void;
  onClose(): void;
}) {
  const { t } = useTranslation("canvas");
  const words = useNodeWords();
  const [query, setQuery] = useState("");
  const box = useRef<HTMLDivElement>(null);
  const offers = useMemo(
    () =>
      loose
        ? fittingTypes(definitions, loose, loose.side === "out" ? "in" : "out")
        : definitions.map((definition) => ({ definition, port: undefined })),
    [definitions, loose],
  );
  const found = offers.filter(({ definition }) =>
    matches(definition, query, words.title(definition.type), words.summary(definition.type)),
  );

  useEffect(() => {
    const away = (event: PointerEvent) => !box.current?.contains(event.target as Element) && onClose();
    window.addEventListener("pointerdown", away, true);
    return () => window.removeEventListener("pointerdown", away, true);
  }, [onClose]);

  const onKeyDown = (event: KeyboardEvent) => {
    event.stopPropagation();
    if (event.key !== "Escape" && event.key !== "Tab") return;
    event.preventDefault();
    onClose();
  };

  return (
    <Command
      ref={box}
      label={t("addNode")}
      shouldFilter={false}
      vimBindings={false}
      onKeyDown={onKeyDown}
      className="fixed z-30 flex flex-col overflow-hidden rounded-lg border border-line bg-raised shadow-float animate-rise"
      style={{
        width: SIZE.width,
        maxHeight: SIZE.height,
        left: Math.min(at.x, window.innerWidth - SIZE.width - 12),
        top: Math.min(at.y, window.innerHeight - SIZE.height - 12),
      }}
    >
      <Command.Input
        aria-label={t("addNode")}
        placeholder={t("addNode")}
        autoFocus
        className="h-9 shrink-0 border-line border-b bg-transparent px-3 outline-none"
        value={query}
        onValueChange={setQuery}
      />
      <Command.List label={t("addNode")} className="min-h-0 flex-1 overflow-y-auto p-1">
        {found.map(({ definition, port }) => (
          <Command.Item
            key={definition.type}
            value={definition.type}
            onSelect={() => onPick(definition)}
            className="flex cursor-pointer items-center gap-2 rounded-md px-2 py-1.5 data-[selected=true]:bg-hover"
          >
            <NodeTile small definition={definition} />
            <span className="min-w-0 flex-1 truncate">{words.title(definition.type)}</span>
            {port && <span className="truncate text-ink-3 text-xs">{words.port(definition.type, port)}</span>}
          </Command.Item>
        ))}
        <Command.Empty className="px-2 py-4 text-center text-ink-3">
          {loose ? t("noNodeFits") : t("noMatch", { ns: "common", query })}
        </Command.Empty>
      </Command.List>
    </Command>
  );
}
