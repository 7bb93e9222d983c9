import { useStoreApi } from "@xyflow/react";
import { useLayoutEffect, useRef } from "react";

const GAP = 22;
/** Dots come no nearer to each other than this, however far one looks from. */
const LEAST_GAP = 14;

/**
 * The dotted ground. It moves with the view as one layer, a tile larger than the room and shifted by less than a tile:
 * nothing is painted for it while the view moves.
 */
export function Dots() {
  const store = useStoreApi();
  const ground = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const place = ({ transform: [x, y, zoom] }: { transform: [number, number, number] }) => {
      const { style } = ground.current!;
      let gap = GAP * zoom;
      while (gap < LEAST_GAP) gap *= 2;
      const size = `${gap}px`;
      if (style.getPropertyValue("--gap") !== size) {
        style.setProperty("--gap", size);
        style.setProperty("--dot", `${Math.min(1.4, Math.max(0.8, zoom))}px`);
      }
      style.transform = `translate3d(${part(x, gap)}px, ${part(y, gap)}px, 0)`;
    };
    place(store.getState());
    return store.subscribe((state, before) => state.transform !== before.transform && place(state));
  }, [store]);
  return <div ref={ground} aria-hidden className="dotted-ground" />;
}

/** What is left of `value` by whole gaps, from 0 up to `gap`. */
function part(value: number, gap: number): number {
  return ((value % gap) + gap) % gap;
}
