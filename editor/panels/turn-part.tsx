import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { lookup } from "../graph/lookup.ts";
import { useConversation, useGraph, useWorkbench } from "../hooks/use-workbench.ts";
import { useNodeWords } from "../i18n/node-words.ts";
import { addTest } from "../session/agent-tests.ts";
import type { Turn } from "../session/turn.ts";
import { toast } from "../ui/toast.tsx";

/** Below a message: which part of the graph ran, if it was not the whole. */
export function TurnPart({ turn }: { turn: Turn }) {
  const { t } = useTranslation("testing");
  const words = useNodeWords();
  const node = useGraph((graph) => (turn.part ? lookup(graph).node(turn.part.node) : undefined));
  if (!turn.part && !turn.pins) return null;
  const title = node ? words.nodeTitle(node) : turn.part?.node;
  return (
    <p className="-mt-1.5 self-end text-ink-3 text-sm">
      {[
        turn.part && t(`part.${turn.part.how}`, { node: title }),
        turn.pins ? t("reused", { count: turn.pins }) : undefined,
      ]
        .filter(Boolean)
        .join(" · ")}
    </p>
  );
}

const linkClass = "rounded-sm text-ink-3 text-sm hover:text-ink hover:underline";

/** Actions of a finished turn: save its message as a test, compare it with the previous run. */
export function TurnTools({ turn }: { turn: Turn }) {
  const { t } = useTranslation("testing");
  const workbench = useWorkbench();
  const before = useConversation(
    ({ turns }) =>
      turns.slice(0, turns.indexOf(turn)).findLast((other) => other.runState !== undefined)?.runState?.view.id,
  );
  const run = turn.runState?.view.id;
  if (!run) return null;
  const saveTest = () => {
    const { history: _history, ...input } = turn.runState?.view.start?.input ?? turn.input;
    workbench.apply(addTest(input));
    toast({ title: t("savedAsTest") });
  };
  return (
    <>
      {!turn.part && (
        <button type="button" className={linkClass} onClick={saveTest}>
          {t("saveAsTest")}
        </button>
      )}
      {before && (
        <Link href={`/compare/${before}/${run}`} className={linkClass}>
          {t("compareBefore")}
        </Link>
      )}
    </>
  );
}
