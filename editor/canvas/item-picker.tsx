/** Selects the item or turn whose state the cards of a body show. */
import { ChevronLeft, ChevronRight, Eye, TriangleAlert } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import { eachOf, isContainer } from "../graph/body.ts";
import { lookup } from "../graph/lookup.ts";
import { type BodyItem, defaultItem, type ItemStatus, itemsOf } from "../session/items.ts";
import type { Inside } from "../session/workbench.ts";
import { TONE_FILL, TONE_TEXT, type Tone } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { cx } from "../ui/cx.ts";
import { IconButton } from "../ui/icon-button.tsx";
import { Input } from "../ui/input.tsx";

export const STATUS_TONE: Record<ItemStatus, Tone> = {
  running: "accent",
  waiting: "warn",
  done: "ok",
  failed: "bad",
  stopped: "neutral",
};
/** With more items, the strip is left out. */
const MAX_STRIP = 40;

export function ItemPicker({ inside }: { inside: Inside }) {
  const { t } = useTranslation("bodies");
  const items = useStore(inside.outer.live, (state) => itemsOf(state.runState, inside.node));
  const chosen = useStore(inside.item, (state) => items.find((item) => item.key === state.item));
  const type = useStore(inside.outer.document, (state) => lookup(state.graph).node(inside.node)?.type);
  const shown = chosen ?? defaultItem(items);
  if (!shown) return <p className="ml-auto text-ink-3 text-sm">{t("noItems")}</p>;
  if (type === undefined || !isContainer({ type })) return <Status item={shown} className="ml-auto" />;
  const index = items.indexOf(shown);
  const choose = (item: BodyItem | undefined) => item && inside.item.setState({ item: item.key });
  const noun = eachOf(type);
  return (
    <fieldset aria-label={t("chooseItem")} className="ml-auto flex min-w-0 flex-wrap items-center gap-x-2 gap-y-1">
      <Status item={shown} />
      {items.length <= MAX_STRIP && <Strip items={items} shown={shown} noun={noun} onChoose={choose} />}
      <FailedButton items={items} shown={shown} onChoose={choose} />
      <div className="flex items-center">
        <IconButton
          size="sm"
          icon={ChevronLeft}
          label={t(`previous.${noun}`)}
          disabled={index <= 0}
          onClick={() => choose(items[index - 1])}
        />
        <Input
          type="number"
          min={1}
          max={(items.at(-1)?.at ?? 0) + 1}
          aria-label={t(`number.${noun}`)}
          className="h-7 w-14 text-center text-sm tnum"
          value={shown.at + 1}
          onChange={(event) => choose(items.find((item) => item.at + 1 === event.target.valueAsNumber))}
        />
        <span className="px-1.5 text-ink-3 text-sm tnum">{t("ofCount", { count: items.length })}</span>
        <IconButton
          size="sm"
          icon={ChevronRight}
          label={t(`next.${noun}`)}
          disabled={index >= items.length - 1}
          onClick={() => choose(items[index + 1])}
        />
      </div>
      <IconButton
        size="sm"
        icon={Eye}
        label={t("follow")}
        pressed={chosen === undefined}
        onClick={() => inside.item.setState({ item: chosen ? undefined : shown.key })}
      />
    </fieldset>
  );
}

/** The status of the shown item, with the error if it failed. */
function Status({ item, className }: { item: BodyItem; className?: string }) {
  const { t } = useTranslation("bodies");
  return (
    <p role="status" className={cx("max-w-80 truncate text-sm", TONE_TEXT[STATUS_TONE[item.status]], className)}>
      {t(`status.${item.status}`)}
      {item.error && <span title={item.error.message}>: {item.error.message}</span>}
    </p>
  );
}

interface ChoiceProps {
  items: readonly BodyItem[];
  shown: BodyItem;
  onChoose(item: BodyItem | undefined): void;
}

/** Each item as a small bar in the colour of its status. For the pointer only. */
function Strip({ items, shown, noun, onChoose }: ChoiceProps & { noun: "item" | "turn" }) {
  const { t } = useTranslation("bodies");
  return (
    <div className="flex min-w-0 gap-0.5 overflow-hidden max-lg:hidden" aria-hidden>
      {items.map((item) => (
        <button
          key={item.key}
          type="button"
          tabIndex={-1}
          title={`${t(noun, { number: item.at + 1 })} · ${item.error?.message ?? t(`status.${item.status}`)}`}
          className="flex h-6 w-3 items-center justify-center rounded-xs hover:bg-hover"
          onClick={() => onChoose(item)}
        >
          <span
            className={cx("w-1.5 rounded-full", TONE_FILL[STATUS_TONE[item.status]], item === shown ? "h-5" : "h-3.5")}
          />
        </button>
      ))}
    </div>
  );
}

/** The number of failed items. A click shows the next one. */
function FailedButton({ items, shown, onChoose }: ChoiceProps) {
  const { t } = useTranslation("bodies");
  const failed = items.filter((item) => item.status === "failed");
  if (failed.length === 0) return null;
  return (
    <Button
      size="sm"
      variant="ghost"
      icon={TriangleAlert}
      className="text-bad"
      title={t("goToFailed")}
      onClick={() => onChoose(failed.find((item) => items.indexOf(item) > items.indexOf(shown)) ?? failed[0])}
    >
      {t("failed", { count: failed.length })}
    </Button>
  );
}
