import type { NodeDefinition } from "../../runtime/node.ts";
import { TONE_SOFT } from "../ui/badge.tsx";
import { cx } from "../ui/cx.ts";
import { nodeIcon, nodeTone } from "./node-icons.ts";

/** The icon of a node type on a square in its colour. */
export function NodeTile({ definition, small }: { definition: NodeDefinition | undefined; small?: boolean }) {
  const Icon = nodeIcon(definition);
  return (
    <span
      className={cx(
        "flex shrink-0 items-center justify-center",
        small ? "size-6 rounded-sm" : "size-7 rounded-md",
        TONE_SOFT[nodeTone(definition)],
      )}
    >
      <Icon size={small ? 14 : 15} aria-hidden />
    </span>
  );
}
