import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import { useWorkbench } from "../hooks/use-workbench.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Kbd } from "../ui/kbd.tsx";
import type { Action, ActionId } from "./action.ts";

const GROUPS: Record<"edit" | "graph" | "panels", ActionId[]> = {
  edit: [
    "undo",
    "redo",
    "copy",
    "cut",
    "paste",
    "duplicate",
    "delete",
    "selectAll",
    "group",
    "ungroup",
    "encapsulate",
    "unpack",
    "find",
    "findReplace",
  ],
  graph: [
    "addNode",
    "run",
    "runOnly",
    "runTo",
    "runFrom",
    "pin",
    "openBody",
    "expandBody",
    "leaveBody",
    "rename",
    "bypass",
    "replaceNode",
    "arrange",
    "alignLeft",
    "alignCenter",
    "alignRight",
    "alignTop",
    "alignMiddle",
    "alignBottom",
    "fit",
    "zoomIn",
    "zoomOut",
  ],
  panels: ["commands", "issues", "toggleLeft", "toggleRight", "toggleBottom", "keys"],
};
/** `chat` has the key of `run`. */
const LISTED = new Set<ActionId>([...Object.values(GROUPS).flat(), "chat"]);
const OTHERS = [
  ["nextNode", ["tab"]],
  ["open", ["enter"]],
  ["move", ["arrows"]],
  ["selectMultiple", ["shift", "click"]],
  ["clearSelection", ["escape"]],
] as const;

/** The list of keyboard shortcuts. */
export function ShortcutsDialog({ actions }: { actions: ReadonlyMap<ActionId, Action> }) {
  const { overlays } = useWorkbench();
  const open = useStore(overlays, (state) => state.shortcuts);
  const { t } = useTranslation("canvas");
  const close = () => overlays.setState({ shortcuts: false });
  return (
    <Dialog
      open={open}
      onClose={close}
      title={t("keys.title")}
      className="!w-[min(760px,calc(100vw-32px))]"
      footer={<Button onClick={close}>{t("close", { ns: "common" })}</Button>}
    >
      <div className="grid gap-x-8 gap-y-4 sm:grid-cols-3">
        {(Object.keys(GROUPS) as (keyof typeof GROUPS)[]).map((name) => (
          <section key={name}>
            <h3 className="mb-1.5 font-semibold text-ink-3 text-xs">{t(`keys.groups.${name}`)}</h3>
            <dl className="flex flex-col gap-1">
              {GROUPS[name].map((id) => {
                const action = actions.get(id);
                return action?.keys && <Line key={id} label={t(`action.${id}`)} keys={action.keys} />;
              })}
              {/* An action that no group names is listed here, so that the list is complete. */}
              {name === "panels" &&
                [...actions.values()].map(
                  ({ id, keys }) => keys && !LISTED.has(id) && <Line key={id} label={t(`action.${id}`)} keys={keys} />,
                )}
              {name === "graph" &&
                OTHERS.map(([word, keys]) => <Line key={word} label={t(`keys.${word}`)} keys={[...keys]} />)}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}

function Line({ label, keys }: { label: string; keys: string[] }) {
  return (
    <div className="flex items-baseline justify-between gap-3">
      <dt className="text-ink-2">{label}</dt>
      <dd>
        <Kbd keys={keys} className="text-ink-2" />
        <span className="sr-only">{keys.join(" ")}</span>
      </dd>
    </div>
  );
}
