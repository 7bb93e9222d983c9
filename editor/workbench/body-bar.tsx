/** The bar above a nested graph: the way back, its name, and the displayed item. */
import { ArrowLeft, Lock } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { useStore } from "zustand";
import { useShallow } from "zustand/react/shallow";
import { ItemPicker } from "../canvas/item-picker.tsx";
import { lookup } from "../graph/lookup.ts";
import { useBodies, useBodyStack } from "../hooks/body-views.tsx";
import { useGraph, useWorkbench } from "../hooks/use-workbench.ts";
import { useNodeWords } from "../i18n/node-words.ts";
import type { Inside } from "../session/workbench.ts";
import type { Crumb } from "../shell/top-bar.tsx";
import { Button } from "../ui/button.tsx";
import { AgentName } from "./agent-name.tsx";

/** Node titles from the agent's graph to the shown body. */
function useTitles(): string[] {
  const words = useNodeWords();
  const stack = useBodyStack();
  const { document } = stack[0]!;
  // Titles are part of the outer graphs, and each change of these changes the agent's document.
  return useStore(
    document,
    useShallow(() =>
      stack.slice(1).map(({ inside }) => {
        const node = lookup(inside!.outer.graph()).node(inside!.node);
        return node ? words.nodeTitle(node) : inside!.node;
      }),
    ),
  );
}

/** The breadcrumbs after "Agents". */
export function useBodyCrumbs(): Crumb[] {
  const stack = useBodyStack();
  const { back } = useBodies();
  const name = useStore(stack[0]!.document, (state) => state.graph.name);
  const titles = useTitles();
  if (titles.length === 0) return [{ label: <AgentName /> }];
  return [name, ...titles].map((label, depth) =>
    depth === titles.length
      ? { label }
      : {
          label: (
            <button
              type="button"
              className="truncate rounded-sm font-normal text-ink-2 text-md hover:text-ink"
              onClick={() => back(depth)}
            >
              {label}
            </button>
          ),
        },
  );
}

export function BodyBar() {
  const { inside } = useWorkbench();
  return inside ? <Bar inside={inside} /> : null;
}

function Bar({ inside }: { inside: Inside }) {
  const { t } = useTranslation("bodies");
  const { back } = useBodies();
  const titles = useTitles();
  const name = useStore(inside.root.document, (state) => state.graph.name);
  return (
    <div className="flex min-h-10 shrink-0 flex-wrap items-center gap-x-3 gap-y-1 border-line border-b bg-surface px-3 py-1.5">
      <Button size="sm" variant="ghost" icon={ArrowLeft} keys={["escape"]} onClick={() => back(titles.length - 1)}>
        {t("back", { name: titles.at(-2) ?? name })}
      </Button>
      {inside.called && <CalledNote called={inside.called} />}
      <ItemPicker inside={inside} />
    </div>
  );
}

/** The called agent that is shown, its version, and a link to edit it. */
function CalledNote({ called }: { called: NonNullable<Inside["called"]> }) {
  const { t } = useTranslation("bodies");
  const name = useGraph((graph) => graph.name);
  return (
    <p className="flex min-w-0 items-center gap-2 text-ink-2 text-sm">
      <Lock size={13} aria-hidden className="shrink-0 text-ink-3" />
      <span className="truncate">
        {called.version === undefined ? t("calledDraft", { name }) : t("calledVersion", { name, ...called })}
      </span>
      <Link
        href={`/agents/${encodeURIComponent(called.id)}`}
        className="whitespace-nowrap rounded-sm text-accent hover:underline"
      >
        {t("editAgent")}
      </Link>
    </p>
  );
}
