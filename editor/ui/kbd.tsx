import { cx } from "./cx.ts";

const MAC = typeof navigator !== "undefined" && /mac|iphone|ipad/i.test(navigator.platform);
const GLYPH: Record<string, string> = {
  mod: MAC ? "⌘" : "Ctrl",
  shift: MAC ? "⇧" : "Shift",
  alt: MAC ? "⌥" : "Alt",
  enter: "↵",
  escape: "Esc",
  tab: "Tab",
  click: "Click",
  backspace: "⌫",
  up: "↑",
  down: "↓",
  left: "←",
  right: "→",
  arrows: "← ↑ ↓ →",
};

/** A shortcut as written on this platform: `mod` is ⌘ or Ctrl. */
export function keysText(keys: string[]): string {
  return keys.map((key) => GLYPH[key] ?? key.toUpperCase()).join(MAC ? "" : "+");
}

/** A shortcut shown beside its action. Hidden from screen readers; add `aria-keyshortcuts` where it matters. */
export function Kbd({ keys, className }: { keys: string[]; className?: string }) {
  return (
    <kbd
      aria-hidden
      className={cx(
        "whitespace-nowrap rounded-xs border border-current/25 px-1 py-px font-sans text-2xs leading-none font-medium",
        className,
      )}
    >
      {keysText(keys)}
    </kbd>
  );
}
