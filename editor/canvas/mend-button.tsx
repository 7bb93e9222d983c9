import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import type { ErrorData } from "../../runtime/error.ts";
import { type Mend, mendForError } from "../state/mends.ts";
import { useWorkbench } from "../state/use-workbench.ts";
import { Button } from "../ui/button.tsx";

/** Does a mend: a command at once, or a way to where a person can do it. */
export function useMend(): (mend: Mend) => void {
  const workbench = useWorkbench();
  const [, go] = useLocation();
  return (mend) => {
    switch (mend.does) {
      case "command":
        workbench.apply(mend.command);
        return;
      case "field":
        workbench.selection.choose([mend.node]);
        workbench.places.open("node");
        // The form is there after the next paint.
        requestAnimationFrame(() => requestAnimationFrame(() => focusField(mend.key)));
        return;
      case "page":
        go(mend.href);
        return;
      case "panel":
        workbench.places.open(mend.panel);
    }
  };
}

function focusField(key: string | undefined): void {
  const field = document.querySelector<HTMLElement>(key ? `[data-field="${CSS.escape(key)}"]` : "[data-field]");
  field?.scrollIntoView({ block: "center" });
  field?.querySelector<HTMLElement>("input, textarea, button, select, [tabindex]")?.focus();
}

/** The mend as a button, or nothing where there is none. Inside a card it does not drag the card. */
export function MendButton({ error, mend: given, node }: { error?: ErrorData; mend?: Mend; node?: string }) {
  const { t } = useTranslation("canvas");
  const act = useMend();
  const mend = given ?? (error && mendForError(error, node));
  if (!mend) return null;
  return (
    <Button
      size="sm"
      className="nodrag nopan self-start"
      onClick={(event) => {
        event.stopPropagation();
        act(mend);
      }}
    >
      {t(`mend.${mend.says}`, { what: mend.what ?? "" })}
    </Button>
  );
}
