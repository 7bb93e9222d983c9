import type { LucideIcon } from "lucide-react";
import { ContextMenu as RadixContext, DropdownMenu as RadixDropdown } from "radix-ui";
import type { ReactNode } from "react";
import { cx } from "./cx.ts";
import { Kbd } from "./kbd.tsx";

export type MenuItem =
  | "separator"
  | {
      label: ReactNode;
      icon?: LucideIcon;
      keys?: string[];
      danger?: boolean;
      disabled?: boolean;
      /** Marks the current choice with a check. */
      checked?: boolean;
      onSelect(): void;
    };

const contentClass = "z-50 min-w-48 max-w-80 rounded-lg border border-line bg-raised p-1 shadow-float animate-rise";
const itemClass =
  "flex cursor-pointer select-none items-center gap-2 rounded-md px-2 py-1.5 text-base outline-none data-[disabled]:cursor-default data-[disabled]:opacity-45 data-[highlighted]:bg-hover";

/** `parts`: the components of a dropdown or a context menu. */
function Entries({ items, parts }: { items: MenuItem[]; parts: Pick<typeof RadixDropdown, "Item" | "Separator"> }) {
  return items.map((item, index) => {
    // biome-ignore lint/suspicious/noArrayIndexKey: menu items keep their order
    if (item === "separator") return <parts.Separator key={index} className="my-1 h-px bg-line" />;
    const Icon = item.icon;
    return (
      <parts.Item
        // biome-ignore lint/suspicious/noArrayIndexKey: as above
        key={index}
        disabled={item.disabled}
        onSelect={item.onSelect}
        className={cx(itemClass, item.danger && "text-bad")}
      >
        {Icon && <Icon size={16} aria-hidden className={item.danger ? undefined : "text-ink-2"} />}
        <span className="flex-1">{item.label}</span>
        {item.checked && <span aria-hidden>✓</span>}
        {item.keys && <Kbd keys={item.keys} />}
      </parts.Item>
    );
  });
}

/** A menu behind a button. `trigger` is one element that accepts a ref. */
export function Menu({
  trigger,
  items,
  align = "end",
  side,
}: {
  trigger: ReactNode;
  items: MenuItem[];
  align?: "start" | "center" | "end";
  side?: "top" | "right" | "bottom" | "left";
}) {
  return (
    <RadixDropdown.Root modal={false}>
      <RadixDropdown.Trigger asChild>{trigger}</RadixDropdown.Trigger>
      <RadixDropdown.Portal>
        <RadixDropdown.Content align={align} side={side} sideOffset={4} collisionPadding={8} className={contentClass}>
          <Entries items={items} parts={RadixDropdown} />
        </RadixDropdown.Content>
      </RadixDropdown.Portal>
    </RadixDropdown.Root>
  );
}

/** The same items as a context menu (right click or menu key) of `children`. */
export function ContextMenu({ items, children }: { items: MenuItem[]; children: ReactNode }) {
  return (
    <RadixContext.Root modal={false}>
      <RadixContext.Trigger asChild>{children}</RadixContext.Trigger>
      <RadixContext.Portal>
        <RadixContext.Content collisionPadding={8} className={contentClass}>
          <Entries items={items} parts={RadixContext} />
        </RadixContext.Content>
      </RadixContext.Portal>
    </RadixContext.Root>
  );
}
