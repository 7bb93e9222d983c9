import type { KeyboardEvent, PointerEvent } from "react";
import { cx } from "../ui/cx.ts";

/** A border that can be dragged or moved with the arrow keys. */
export function Divider({
  label,
  side,
  value,
  onResize,
}: {
  label: string;
  side: "left" | "top";
  value: number;
  onResize(value: number): void;
}) {
  const horizontal = side === "left";
  const onPointerDown = (event: PointerEvent) => {
    const start = horizontal ? event.clientX : event.clientY;
    const target = event.currentTarget;
    target.setPointerCapture(event.pointerId);
    const move = (moved: Event) => {
      const at = horizontal ? (moved as globalThis.PointerEvent).clientX : (moved as globalThis.PointerEvent).clientY;
      onResize(value + start - at);
    };
    const up = () => {
      target.removeEventListener("pointermove", move);
      target.removeEventListener("pointerup", up);
      target.removeEventListener("pointercancel", up);
    };
    target.addEventListener("pointermove", move);
    target.addEventListener("pointerup", up);
    target.addEventListener("pointercancel", up);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const more = horizontal ? "ArrowLeft" : "ArrowUp";
    const less = horizontal ? "ArrowRight" : "ArrowDown";
    if (event.key !== more && event.key !== less) return;
    event.preventDefault();
    onResize(value + (event.key === more ? 24 : -24));
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a separator that moves has no element of its own
    <div
      role="separator"
      tabIndex={0}
      aria-label={label}
      aria-orientation={horizontal ? "vertical" : "horizontal"}
      aria-valuenow={value}
      onPointerDown={onPointerDown}
      onKeyDown={onKeyDown}
      className={cx(
        "absolute z-10 transition-colors hover:bg-accent/35 focus-visible:bg-accent/60",
        horizontal ? "-left-[3px] inset-y-0 w-1.5 cursor-col-resize" : "-top-[3px] inset-x-0 h-1.5 cursor-row-resize",
      )}
    />
  );
}
