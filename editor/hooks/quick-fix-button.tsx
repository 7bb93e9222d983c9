import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import type { ErrorData } from "../../runtime/error.ts";
import type { NodeView, RunView } from "../../runtime/fold-run.ts";
import { fixForError, type QuickFix } from "../graph/quick-fixes.ts";
import { originOf } from "../session/run-life.ts";
import { Button } from "../ui/button.tsx";
import { useBodies } from "./body-views.tsx";
import { useWorkbench } from "./use-workbench.ts";

/**
 * Does a mend: a command at once, or a way to where a person can do it. `at`: the node of a run that is to be mended, where
 * it ran; absent, it is one of the graph that is worked on here.
 */
export function useQuickFix(): (mend: QuickFix, at?: NodeView) => void {
  const workbench = useWorkbench();
  const bodies = useBodies();
  const [, go] = useLocation();
  return (mend, at) => {
    switch (mend.does) {
      case "command":
        workbench.apply(mend.command);
        return;
      case "field":
        workbench.panels.open("node");
        workbench.panels.setState({ inspect: "form" });
        if (at) void bodies.showAt(at.scope, at.node).then(() => focusField(mend.key));
        else {
          bodies.show(workbench, mend.node);
          focusField(mend.key);
        }
        return;
      case "page":
        go(mend.href);
        return;
      case "panel":
        workbench.panels.open(mend.panel);
    }
  };
}

/** The form is there after a paint or two: longer where another graph opens for it. */
function focusField(key: string | undefined, frames = 30): void {
  requestAnimationFrame(() => {
    const field = document.querySelector<HTMLElement>(key ? `[data-field="${CSS.escape(key)}"]` : "[data-field]");
    if (!field) {
      if (frames > 0) focusField(key, frames - 1);
      return;
    }
    field.scrollIntoView({ block: "center" });
    field.querySelector<HTMLElement>("input, textarea, button, select, [tabindex]")?.focus();
  });
}

/**
 * The mend as a button, or nothing where there is none. Inside a card it does not drag the card. `error`: of a node in
 * `run` (absent: the run that is shown); where it came from deeper inside, that is what is mended.
 */
export function QuickFixButton({
  error,
  mend: given,
  node,
  run,
}: {
  error?: ErrorData;
  mend?: QuickFix;
  node?: string;
  run?: RunView;
}) {
  const { t } = useTranslation("canvas");
  const { live } = useWorkbench();
  const act = useQuickFix();
  const mend = given ?? (error && fixForError(error, node));
  if (!mend) return null;
  return (
    <Button
      size="sm"
      className="nodrag nopan self-start"
      onClick={(event) => {
        event.stopPropagation();
        act(mend, error && originOf(error, run ?? live.getState().life?.view));
      }}
    >
      {t(`fix.${mend.label}`, { what: mend.what ?? "" })}
    </Button>
  );
}
