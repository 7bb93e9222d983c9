/** Above a container's body: the way back, and whose life the cards show. */
import { ArrowLeft } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import { useShallow } from "zustand/react/shallow";
import { useNodeWords } from "../i18n/node-words.ts";
import type { Crumb } from "../shell/top-bar.tsx";
import { lookup } from "../state/lookup.ts";
import { useWorkbench } from "../state/use-workbench.ts";
import type { Workbench } from "../state/workbench.ts";
import type { Tone } from "../ui/badge.tsx";
import { TONE_FILL } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { cx } from "../ui/cx.ts";
import { type BodyItem, type ItemStatus, itemsOf } from "./items.ts";
import { useBodies } from "./views.tsx";

type Inside = NonNullable<Workbench["inside"]>;

/** Node titles from the agent's graph to the one that is looked at. */
function useTitles(): string[] {
  const words = useNodeWords();
  const { stack } = useBodies();
  const { document } = stack[0]!;
  // Titles change in the outer graphs; each change of those is a change of the agent's document.
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

/** The crumbs of the bar on top, behind the one that leads to all agents. */
export function useBodyCrumbs(): Crumb[] {
  const { stack, back } = useBodies();
  const name = useStore(stack[0]!.document, (state) => state.graph.name);
  const titles = useTitles();
  if (titles.length === 0) return [{ label: name }];
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
  const { stack, back } = useBodies();
  const titles = useTitles();
  const name = useStore(inside.root.document, (state) => state.graph.name);
  return (
    <div className="flex h-10 shrink-0 items-center gap-3 border-line border-b bg-surface px-3">
      <Button size="sm" variant="ghost" icon={ArrowLeft} keys={["escape"]} onClick={() => back(stack.length - 2)}>
        {t("back", { name: titles.at(-2) ?? name })}
      </Button>
      <ItemPicker inside={inside} />
    </div>
  );
}

const STATUS_TONE: Record<ItemStatus, Tone> = { running: "accent", waiting: "warn", done: "ok", failed: "bad" };
/** More than these are chosen by number. */
const SHOWN = 40;

function ItemPicker({ inside }: { inside: Inside }) {
  const { t } = useTranslation("bodies");
  const items = useStore(
    inside.outer.live,
    useShallow((state) => itemsOf(state.life, inside.node).map((item) => `${item.status} ${item.at} ${item.key}`)),
  ).map((text) => {
    const [status, at, ...key] = text.split(" ");
    return { status: status as ItemStatus, at: Number(at), key: key.join(" ") };
  });
  const chosen = useStore(inside.item, (state) => state.item);
  const turns = lookup(inside.outer.graph()).node(inside.node)?.type === "loop";
  if (items.length === 0) return <p className="ml-auto text-ink-3 text-sm">{t("noItems")}</p>;
  const current = items.find((item) => item.key === chosen);
  const label = (item: Pick<BodyItem, "at" | "status">) =>
    `${t(turns ? "turn" : "item", { number: item.at + 1 })} · ${t(`status.${item.status}`)}`;
  return (
    <div className="ml-auto flex min-w-0 items-center gap-2">
      {items.length <= SHOWN && (
        <div className="flex min-w-0 gap-0.5 overflow-hidden max-lg:hidden" aria-hidden>
          {items.map((item) => (
            <button
              key={item.key}
              type="button"
              tabIndex={-1}
              title={label(item)}
              className="flex h-6 w-3 items-center justify-center rounded-xs hover:bg-hover"
              onClick={() => inside.item.setState({ item: item.key })}
            >
              <span
                className={cx(
                  "h-3.5 w-1.5 rounded-full",
                  TONE_FILL[STATUS_TONE[item.status]],
                  item.key === current?.key && "h-5",
                )}
              />
            </button>
          ))}
        </div>
      )}
      <select
        aria-label={t("chooseItem")}
        className="h-7 rounded-md border border-line-strong bg-surface px-2 text-ink text-sm"
        value={current?.key ?? ""}
        onChange={(event) => inside.item.setState({ item: event.target.value || undefined })}
      >
        <option value="">{t("latest")}</option>
        {items.map((item) => (
          <option key={item.key} value={item.key}>
            {label(item)}
          </option>
        ))}
      </select>
    </div>
  );
}
