import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import type { ErrorData } from "../../runtime/error.ts";
import type { NodeView, RunView } from "../../runtime/fold-run.ts";
import { fixForError, type QuickFix } from "../graph/quick-fixes.ts";
import { originOf } from "../session/run-state.ts";
import { Button } from "../ui/button.tsx";
import { waitForElement } from "../ui/wait-for-element.ts";
import { useBodies } from "./body-views.tsx";
import { useWorkbench } from "./use-workbench.ts";

/**
 * Applies a fix: runs a command, or opens the form where a person can fix it. `at`: the failed node of a run, in its
 * scope; absent, the node is in the displayed graph.
 */
export function useQuickFix(): (fix: QuickFix, at?: NodeView) => void {
  const workbench = useWorkbench();
  const bodies = useBodies();
  const [, go] = useLocation();
  return (fix, at) => {
    switch (fix.does) {
      case "command":
        workbench.apply(fix.command);
        return;
      case "field":
        workbench.panels.open("node");
        workbench.panels.setState({ inspect: "form" });
        if (at) void bodies.showAt(at.scope, at.node).then(() => focusField(fix.key));
        else {
          bodies.show(workbench, fix.node);
          focusField(fix.key);
        }
        return;
      case "page":
        go(fix.href);
        return;
      case "panel":
        workbench.panels.open(fix.panel);
    }
  };
}

/** `key` absent: the first field of the form. */
function focusField(key: string | undefined): void {
  const field = key === undefined ? "[data-field]" : `[data-field="${CSS.escape(key)}"]`;
  waitForElement(`${field} :is(input, textarea, button, select, [tabindex])`, (control) => {
    control.scrollIntoView({ block: "center" });
    control.focus();
  });
}

/**
 * The fix as a button, or nothing if there is none. A click on it does not drag the card. `error`: of a node in `run`
 * (absent: the displayed run). If the error came from a nested node, that node is fixed.
 */
export function QuickFixButton({
  error,
  fix: given,
  node,
  run,
}: {
  error?: ErrorData;
  fix?: QuickFix;
  node?: string;
  run?: RunView;
}) {
  const { t } = useTranslation("canvas");
  const { live } = useWorkbench();
  const act = useQuickFix();
  const fix = given ?? (error && fixForError(error, node));
  if (!fix) return null;
  return (
    <Button
      size="sm"
      className="nodrag nopan self-start"
      onClick={(event) => {
        event.stopPropagation();
        act(fix, error && originOf(error, run ?? live.getState().runState?.view));
      }}
    >
      {t(`fix.${fix.label}`, { what: fix.what ?? "" })}
    </Button>
  );
}
