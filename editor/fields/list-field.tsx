import { ArrowDown, ArrowUp, Plus, X } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../ui/button.tsx";
import { IconButton } from "../ui/icon-button.tsx";

/** A list whose items are edited in place: add, remove, move up and down. */
export function ListField<T>({
  items,
  set,
  fresh,
  add,
  itemLabel,
  disabled,
  max = 50,
  slim,
  children,
}: {
  items: readonly T[];
  set(items: T[]): void;
  fresh(): T;
  /** The label of the add button. */
  add: string;
  itemLabel(item: T, index: number): string;
  disabled: boolean;
  max?: number;
  /** Items of one line, without a box around each. */
  slim?: boolean;
  children(item: T, change: (next: T) => void, index: number): ReactNode;
}) {
  const { t } = useTranslation("fields");
  const replace = (index: number, next: T) => set(items.map((one, at) => (at === index ? next : one)));
  const swap = (a: number, b: number) => {
    const next = [...items];
    [next[a], next[b]] = [next[b]!, next[a]!];
    set(next);
  };
  return (
    <div className="flex flex-col gap-2">
      {items.map((item, index) => (
        // biome-ignore lint/a11y/useSemanticElements: a fieldset would need a visible legend
        <div
          // biome-ignore lint/suspicious/noArrayIndexKey: items are values without an identity
          key={index}
          role="group"
          aria-label={itemLabel(item, index)}
          className={
            slim ? "flex items-center gap-1" : "flex gap-1.5 rounded-md border border-line bg-paper/60 py-2 pr-1 pl-2"
          }
        >
          <div className="min-w-0 flex-1">{children(item, (next) => replace(index, next), index)}</div>
          {!disabled && (
            <div className={slim ? "flex shrink-0 flex-row-reverse" : "flex shrink-0 flex-col"}>
              <IconButton
                size="sm"
                side="left"
                icon={X}
                danger
                label={t("removeItem", { name: itemLabel(item, index) })}
                onClick={() => set(items.filter((_one, at) => at !== index))}
              />
              {index > 0 && (
                <IconButton
                  size="sm"
                  side="left"
                  icon={ArrowUp}
                  label={t("moveUp", { name: itemLabel(item, index) })}
                  onClick={() => swap(index, index - 1)}
                />
              )}
              {index === 0 && items.length > 1 && (
                <IconButton
                  size="sm"
                  side="left"
                  icon={ArrowDown}
                  label={t("moveDown", { name: itemLabel(item, index) })}
                  onClick={() => swap(index, index + 1)}
                />
              )}
            </div>
          )}
        </div>
      ))}
      {!disabled && items.length < max && (
        <Button size="sm" icon={Plus} className="self-start" onClick={() => set([...items, fresh()])}>
          {add}
        </Button>
      )}
    </div>
  );
}

/** The first of `name`, `name_2`, `name_3`… that is not taken. */
export function freeName(name: string, taken: readonly string[]): string {
  if (!taken.includes(name)) return name;
  let n = 2;
  while (taken.includes(`${name}_${n}`)) n++;
  return `${name}_${n}`;
}
