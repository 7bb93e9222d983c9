import { useStoreApi } from "@xyflow/react";
import { useLayoutEffect, useRef } from "react";

const GAP = 22;
/** The smallest distance between two dots, at any zoom, in window pixels. */
const MIN_GAP = 14;

/**
 * The dotted background. One layer, larger than the canvas, that is shifted by less than the distance of two dots: a move
 * of the viewport paints nothing.
 */
export function Dots() {
  const store = useStoreApi();
  const layer = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const update = ({ transform: [x, y, zoom] }: { transform: [number, number, number] }) => {
      const { style } = layer.current!;
      let gap = GAP * zoom;
      while (gap < MIN_GAP) gap *= 2;
      const size = `${gap}px`;
      if (style.getPropertyValue("--gap") !== size) {
        style.setProperty("--gap", size);
        style.setProperty("--dot", `${Math.min(1.4, Math.max(0.8, zoom))}px`);
      }
      style.transform = `translate3d(${remainder(x, gap)}px, ${remainder(y, gap)}px, 0)`;
    };
    update(store.getState());
    return store.subscribe((state, before) => state.transform !== before.transform && update(state));
  }, [store]);
  return <div ref={layer} aria-hidden className="dots" />;
}

/** Never negative, unlike `%`. */
const remainder = (value: number, divisor: number): number => ((value % divisor) + divisor) % divisor;
