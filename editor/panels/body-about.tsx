import { Settings2 } from "lucide-react";
import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import { bodyFields, eachOf } from "../graph/body.ts";
import { lookup } from "../graph/lookup.ts";
import { useBodies } from "../hooks/body-views.tsx";
import { useNodeWords } from "../i18n/node-words.ts";
import type { Inside } from "../session/workbench.ts";
import { Button } from "../ui/button.tsx";
import { Part } from "./parts.tsx";

/** About an open body, shown when nothing is selected: when it runs, and its input values. */
export function BodyAbout({ inside }: { inside: Inside }) {
  const { t } = useTranslation("bodies");
  const words = useNodeWords();
  const { back } = useBodies();
  const holder = useStore(inside.outer.document, (state) => lookup(state.graph).node(inside.node));
  if (!holder) return null;
  const each = eachOf(holder.type);
  return (
    <div className="flex flex-col gap-3 px-4 py-4">
      <h2 className="font-semibold text-md">{t(`about.${each}`)}</h2>
      <p className="text-ink-2">{t(`aboutHelp.${each}`)}</p>
      <Part title={t("availableValues")}>
        <ul className="flex flex-col gap-1">
          {[{ name: "message", kind: "text" as const }, ...bodyFields(holder)].map((field) => (
            <li key={field.name} className="flex items-center gap-2">
              <code className="text-sm">{field.name}</code>
              <span className="text-ink-3 text-xs">{words.kind(field.kind)}</span>
            </li>
          ))}
        </ul>
      </Part>
      <Button icon={Settings2} className="self-start" onClick={() => back(inside.path.length - 1)}>
        {t("containerSettings", { name: words.nodeTitle(holder) })}
      </Button>
    </div>
  );
}
