import { useTranslation } from "react-i18next";
import { useDocument } from "../hooks/use-workbench.ts";
import { Button } from "../ui/button.tsx";
import { IconButton } from "../ui/icon-button.tsx";
import type { ActionId } from "./action.ts";
import { useActions } from "./actions.ts";

const ALIGN = [
  ["alignLeft", "alignCenter", "alignRight"],
  ["alignTop", "alignMiddle", "alignBottom"],
  ["spreadX", "spreadY"],
] as const satisfies ActionId[][];
const OTHERS = ["arrange", "group", "duplicate", "encapsulate", "bypass", "delete"] as const satisfies ActionId[];

/** What can be done with several selected nodes, as buttons. */
export function SeveralActions() {
  const { t } = useTranslation("canvas");
  const actions = useActions();
  const frozen = useDocument((state) => state.frozen);
  if (frozen) return null;
  return (
    <>
      <div role="toolbar" aria-label={t("align")} className="flex flex-wrap gap-x-3 gap-y-1">
        {ALIGN.map((row) => (
          <div key={row[0]} className="flex rounded-md border border-line">
            {row.map((id) => {
              const { icon, keys, run } = actions.get(id)!;
              return <IconButton key={id} icon={icon} label={t(`action.${id}`)} keys={keys} onClick={run} />;
            })}
          </div>
        ))}
      </div>
      <div className="flex flex-wrap gap-2">
        {OTHERS.map((id) => {
          const { icon, keys, run } = actions.get(id)!;
          return (
            <Button
              key={id}
              size="sm"
              icon={icon}
              keys={keys}
              variant={id === "delete" ? "danger" : "outline"}
              onClick={run}
            >
              {t(`action.${id}`)}
            </Button>
          );
        })}
      </div>
    </>
  );
}
