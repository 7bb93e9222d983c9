import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { NodeDefinition } from "../../runtime/node.ts";
import { fittingTypes } from "../graph/can-connect.ts";
import { nodeIcon, nodeTone } from "../hooks/node-icons.ts";
import { useNodeWords } from "../i18n/node-words.ts";
import type { OpenEnd } from "../session/add-node.ts";
import { TONE_SOFT } from "../ui/badge.tsx";
import { cx } from "../ui/cx.ts";
import { matches } from "./palette.tsx";

const SIZE = { width: 264, height: 320 };

/** The nodes that can go to a spot: all, or, on the end of a loose wire, what the wire fits, best first. Escape lets it be. */
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
  const [chosen, setChosen] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  const offers = useMemo(
    () =>
      loose
        ? fittingTypes(definitions, loose.kind, loose.side === "out" ? "in" : "out")
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
    if (event.key === "ArrowDown") setChosen(Math.min(found.length - 1, chosen + 1));
    else if (event.key === "ArrowUp") setChosen(Math.max(0, chosen - 1));
    else if (event.key === "Enter" && found[chosen]) onPick(found[chosen].definition);
    else if (event.key === "Escape" || event.key === "Tab") onClose();
    else return;
    event.preventDefault();
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a combobox; keys go to its input
    <div
      ref={box}
      onKeyDown={onKeyDown}
      className="fixed z-30 flex flex-col overflow-hidden rounded-lg border border-line bg-raised shadow-float animate-rise"
      style={{
        width: SIZE.width,
        maxHeight: SIZE.height,
        left: Math.min(at.x, window.innerWidth - SIZE.width - 12),
        top: Math.min(at.y, window.innerHeight - SIZE.height - 12),
      }}
    >
      <input
        role="combobox"
        aria-expanded
        aria-controls="quick-add"
        aria-activedescendant={found[chosen] ? `quick-add-${found[chosen].definition.type}` : undefined}
        aria-label={t("addNode")}
        placeholder={t("addNode")}
        // biome-ignore lint/a11y/noAutofocus: it opens because the person asked for it, at the spot they look at
        autoFocus
        autoComplete="off"
        className="h-9 shrink-0 border-line border-b bg-transparent px-3 outline-none"
        value={query}
        onChange={(event) => {
          setQuery(event.target.value);
          setChosen(0);
        }}
      />
      <div id="quick-add" role="listbox" aria-label={t("addNode")} className="min-h-0 flex-1 overflow-y-auto p-1">
        {found.map(({ definition, port }, index) => {
          const Icon = nodeIcon(definition);
          return (
            <div
              key={definition.type}
              id={`quick-add-${definition.type}`}
              role="option"
              tabIndex={-1}
              aria-selected={index === chosen}
              ref={(element) => {
                if (index === chosen) element?.scrollIntoView({ block: "nearest" });
              }}
              onPointerEnter={() => setChosen(index)}
              onPointerDown={(event) => {
                event.preventDefault();
                onPick(definition);
              }}
              className={cx(
                "flex cursor-pointer items-center gap-2 rounded-md px-2 py-1.5",
                index === chosen && "bg-hover",
              )}
            >
              <span
                className={cx(
                  "flex size-6 shrink-0 items-center justify-center rounded-sm",
                  TONE_SOFT[nodeTone(definition)],
                )}
              >
                <Icon size={14} aria-hidden />
              </span>
              <span className="min-w-0 flex-1 truncate">{words.title(definition.type)}</span>
              {port && <span className="truncate text-ink-3 text-xs">{words.port(definition.type, port)}</span>}
            </div>
          );
        })}
        {found.length === 0 && (
          <p className="px-2 py-4 text-center text-ink-3">
            {loose ? t("noNodeFits") : t("noMatch", { ns: "common", query })}
          </p>
        )}
      </div>
    </div>
  );
}
