import { useReactFlow } from "@xyflow/react";
import { PanelLeftClose } from "lucide-react";
import { type DragEvent, type KeyboardEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { NodeDefinition } from "../../runtime/node.ts";
import { definitions } from "../graph/node-types.ts";
import { NodeTile } from "../hooks/node-tile.tsx";
import { useDocument, useWorkbench } from "../hooks/use-workbench.ts";
import { useNodeWords } from "../i18n/node-words.ts";
import { addNodeAt, DRAG_TYPE, newNodePosition } from "../session/add-node.ts";
import { IconButton } from "../ui/icon-button.tsx";
import { SearchInput } from "../ui/input.tsx";
import { Kbd } from "../ui/kbd.tsx";

export const SEARCH_ID = "palette-search";
export const GROUPS = ["think", "know", "act", "flow", "io"] as const;

/**
 * All node types: drag one to the canvas, click it, or choose it with the arrow keys and Enter. `onDone` is called when a
 * node was added, or Escape pressed in an empty search.
 */
export function Palette({ onDone }: { onDone?: () => void }) {
  const { t } = useTranslation("canvas");
  const words = useNodeWords();
  const addInView = useAddInView();
  const { panels } = useWorkbench();
  const frozen = useDocument((state) => state.frozen);
  const [query, setQuery] = useState("");
  const list = useRef<HTMLDivElement>(null);
  const found = definitions.filter((definition) =>
    matches(definition, query, words.title(definition.type), words.summary(definition.type)),
  );

  const add = (definition: NodeDefinition) => {
    addInView(definition);
    setQuery("");
    onDone?.();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const items = [...(list.current?.querySelectorAll<HTMLButtonElement>("button") ?? [])];
    const here = items.indexOf(document.activeElement as HTMLButtonElement);
    const inSearch = (event.target as Element).tagName === "INPUT";
    if (event.key === "ArrowDown") items[Math.min(items.length - 1, here + 1)]?.focus();
    else if (event.key === "ArrowUp" && here > 0) items[here - 1]?.focus();
    else if (event.key === "ArrowUp" && here === 0) document.getElementById(SEARCH_ID)?.focus();
    else if (event.key === "Enter" && inSearch && found[0]) add(found[0]);
    else if (event.key === "Escape" && query) setQuery("");
    else if (event.key === "Escape" && onDone) onDone();
    else return;
    event.preventDefault();
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: arrow keys move between the buttons inside
    <div className="flex h-full min-h-0 flex-col" onKeyDown={onKeyDown}>
      <div className="shrink-0 p-3 pb-1.5">
        <div className="relative">
          <SearchInput id={SEARCH_ID} label={t("addNode")} value={query} onChange={setQuery} aria-keyshortcuts="/" />
          {!query && (
            <Kbd keys={["/"]} className="-translate-y-1/2 pointer-events-none absolute top-1/2 right-2.5 text-ink-3" />
          )}
        </div>
      </div>
      <div ref={list} className="min-h-0 flex-1 overflow-y-auto px-2 pb-4">
        {GROUPS.map((group) => {
          const items = found.filter((definition) => definition.group === group);
          if (items.length === 0) return null;
          return (
            <section key={group} aria-labelledby={`palette-${group}`}>
              <h2 id={`palette-${group}`} className="px-1.5 pt-3 pb-1 font-semibold text-2xs text-ink-3">
                {t(`group.${group}`)}
              </h2>
              {items.map((definition) => (
                <PaletteItem
                  key={definition.type}
                  definition={definition}
                  disabled={frozen}
                  onAdd={() => add(definition)}
                />
              ))}
            </section>
          );
        })}
        {found.length === 0 && (
          <p className="px-2 py-6 text-center text-ink-3">{t("noMatch", { ns: "common", query })}</p>
        )}
      </div>
      {!onDone && (
        <div className="shrink-0 border-line border-t p-1.5">
          <IconButton
            icon={PanelLeftClose}
            label={t("list.icons")}
            side="right"
            onClick={() => panels.setState({ list: "icons" })}
          />
        </div>
      )}
    </div>
  );
}

function PaletteItem({
  definition,
  disabled,
  onAdd,
}: {
  definition: NodeDefinition;
  disabled: boolean;
  onAdd(): void;
}) {
  const words = useNodeWords();
  return (
    <button
      type="button"
      draggable={!disabled}
      disabled={disabled}
      onDragStart={(event) => startDrag(event, definition)}
      onClick={onAdd}
      className="flex w-full cursor-grab items-center gap-2.5 rounded-lg px-1.5 py-1.5 text-left hover:bg-hover focus-visible:bg-hover active:cursor-grabbing disabled:opacity-50"
    >
      <NodeTile definition={definition} />
      <span className="min-w-0">
        <span className="block truncate leading-4.5">{words.title(definition.type)}</span>
        <span className="block truncate text-ink-3 text-xs">{words.summary(definition.type)}</span>
      </span>
    </button>
  );
}

/** A node type that is dragged to the canvas. */
export function startDrag(event: DragEvent, definition: NodeDefinition): void {
  event.dataTransfer.setData(DRAG_TYPE, definition.type);
  event.dataTransfer.effectAllowed = "copy";
}

/** Adds a node beside the selected one, or in the middle of the view. */
export function useAddInView(): (definition: NodeDefinition) => void {
  const workbench = useWorkbench();
  const flow = useReactFlow();
  return (definition) => {
    const pane = document.querySelector(".react-flow")?.getBoundingClientRect();
    const middle = flow.screenToFlowPosition({
      x: (pane?.left ?? 0) + (pane?.width ?? 0) / 2,
      y: (pane?.top ?? 0) + (pane?.height ?? 0) / 2,
    });
    addNodeAt(workbench, definition, { position: newNodePosition(workbench, definition, middle) });
  };
}

/** Whether the query is part of the name or summary of a node type. */
export function matches(definition: NodeDefinition, query: string, title: string, summary: string): boolean {
  const wanted = query.trim().toLowerCase();
  return (
    wanted === "" ||
    [definition.type, definition.title, title, summary].some((text) => text.toLowerCase().includes(wanted))
  );
}
