import { BookOpenText, CircleDashed, RotateCw, ShieldQuestion } from "lucide-react";
import { memo, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { WaitDecision as Decision, Wait } from "../../runtime/event.ts";
import type { NodeView, RunView } from "../../runtime/fold-run.ts";
import type { Document } from "../../runtime/message.ts";
import { isDocuments } from "../../runtime/preview.ts";
import { outputText } from "../graph/output-texts.ts";
import { useBodies } from "../hooks/body-views.tsx";
import { QuickFixButton } from "../hooks/quick-fix-button.tsx";
import { useScopeWords } from "../hooks/use-scope-words.ts";
import { useConversation, useWorkbench } from "../hooks/use-workbench.ts";
import { models, type RunState } from "../session/run-state.ts";
import type { Turn } from "../session/turn.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { CopyButton } from "../ui/code-block.tsx";
import { cx } from "../ui/cx.ts";
import { Notice } from "../ui/notice.tsx";
import { Spinner } from "../ui/spinner.tsx";
import { UserMessage } from "./parts.tsx";
import { Answer } from "./reply.tsx";
import { ToolSteps } from "./tool-steps.tsx";
import { TurnPart, TurnTools } from "./turn-part.tsx";
import { ValueView } from "./value-view.tsx";
import { WaitDecision } from "./wait-decision.tsx";

/** A turn: the message, passages, tool steps, pending approvals, and the reply with its grounding. */
export function TurnView({
  turn,
  runState,
  busy,
  lost,
  shown,
}: {
  turn: Turn;
  runState?: RunState;
  busy: boolean;
  lost?: boolean;
  shown: boolean;
}) {
  const { t } = useTranslation("panels");
  const { conversation } = useWorkbench();
  const several = useConversation((state) => state.turns.length > 1);
  const view = runState?.view;
  const active = useMemo(() => (view ? [...view.nodes.values()].filter(hasSteps) : []), [view]);
  const text = answerText(runState);
  const documents = answerDocuments(view);
  return (
    <li className="flex flex-col gap-2.5">
      <UserMessage files={turn.input.files}>{turn.input.message}</UserMessage>
      <TurnPart turn={turn} />
      {active.map((node) => (
        <NodeSteps key={`${node.scope?.map((part) => part.node).join() ?? ""} ${node.node}`} view={node} />
      ))}
      {text !== undefined && (
        <div
          className={cx(
            "group relative rounded-xl rounded-bl-sm border border-line bg-surface px-3 py-2",
            busy && "border-line-strong",
          )}
        >
          <div className={busy ? "typing" : undefined}>
            <Answer text={text} documents={documents} growing={busy} />
          </div>
          {!busy && (
            <CopyButton
              text={text}
              className="absolute top-1.5 right-1.5 bg-surface opacity-0 focus:opacity-100 group-hover:opacity-100"
            />
          )}
        </div>
      )}
      {busy && text === undefined && (
        <p className="flex items-center gap-2 text-ink-3 text-sm">
          <Spinner label={t("working")} />
          {lost ? t("reconnecting") : t("working")}
        </p>
      )}
      {!busy && view?.status === "done" && <ReplyBadges view={view} />}
      {view?.waits.map((wait) => (
        <WaitCard key={wait.wait} wait={wait} onAnswer={(answer) => conversation.answer(turn.id, answer)} />
      ))}
      {view?.status === "cancelled" && <p className="text-ink-3 text-sm">{t("stopped")}</p>}
      {(view?.error ?? turn.error) && (
        <Notice
          tone="bad"
          title={(view?.error ?? turn.error)!.message}
          actions={
            <>
              <QuickFixButton error={(view?.error ?? turn.error)!} node={view?.failedNode} run={view} />
              {!busy && (
                <Button size="sm" icon={RotateCw} onClick={() => void conversation.retry(turn.id)}>
                  {t("retry", { ns: "common" })}
                </Button>
              )}
            </>
          }
        />
      )}
      <div className="flex flex-wrap gap-x-4 gap-y-1 empty:hidden">
        {several && !busy && !shown && runState && (
          <button
            type="button"
            className="self-start rounded-sm text-ink-3 text-sm hover:text-ink hover:underline"
            onClick={() => conversation.show(turn.id)}
          >
            {t("showOnGraph")}
          </button>
        )}
        {!busy && runState && <TurnTools turn={turn} />}
      </div>
    </li>
  );
}

const hasSteps = (node: NodeView) =>
  node.tools.length > 0 || node.retrievals.some((retrieval) => retrieval.of === "knowledge");

/** The searches and tool calls of a node. */
const NodeSteps = memo(function NodeSteps({ view }: { view: NodeView }) {
  const { t } = useTranslation("panels");
  const found = view.retrievals
    .filter((retrieval) => retrieval.of === "knowledge")
    .reduce((sum, retrieval) => sum + retrieval.hits.length, 0);
  const searched = view.retrievals.some((retrieval) => retrieval.of === "knowledge");
  const documents = isDocuments(view.outputs?.documents) ? view.outputs.documents : undefined;
  const [open, setOpen] = useState(false);
  return (
    <div className="flex flex-col gap-1.5">
      {searched && (
        <div>
          <button
            type="button"
            aria-expanded={open}
            disabled={!documents}
            className="flex items-center gap-2 rounded-sm text-ink-2 text-sm enabled:hover:text-ink"
            onClick={() => setOpen(!open)}
          >
            <BookOpenText size={15} aria-hidden className="text-kind-documents" />
            {t("passages", { count: found })}
          </button>
          {open && documents && (
            <div className="mt-1.5 ml-6">
              <ValueView value={documents} name={t("passages", { count: found })} />
            </div>
          )}
        </div>
      )}
      {view.tools.length > 0 && <ToolSteps tools={view.tools} />}
    </div>
  );
});

/** Badges for a reply without sources, or with an unbacked claim. A reply of the demo model says itself what it is. */
function ReplyBadges({ view }: { view: RunView }) {
  const { t } = useTranslation("panels");
  const grounding = [...view.nodes.values()].flatMap((node) => node.grounding ?? []);
  // The demo model claims nothing; its reply says that it is the demo.
  if (models(view).every((model) => model.startsWith("demo/"))) return null;
  const claim = grounding.find((one) => one.claim)?.claim;
  const nothing =
    grounding.length > 0 && grounding.every((one) => one.documents.length === 0 && one.tools.length === 0);
  if (!claim && !nothing) return null;
  return (
    <div className="flex flex-wrap items-center gap-1.5">
      {nothing && (
        <Badge icon={CircleDashed} title={t("noSources")}>
          {t("noSourcesBadge")}
        </Badge>
      )}
      {claim && (
        <Badge tone="bad" title={claim}>
          {t("claim")}
        </Badge>
      )}
    </div>
  );
}

/** Where a wait inside a container is, such as "Map, item 2". A click shows it on the canvas. */
function WaitLocation({ wait }: { wait: Wait }) {
  const bodies = useBodies();
  const { panels } = useWorkbench();
  const location = useScopeWords(wait.scope);
  if (location === "") return null;
  return (
    <button
      type="button"
      className="mt-0.5 ml-6 rounded-sm text-left text-ink-3 text-sm hover:text-ink hover:underline"
      onClick={() => void bodies.showAt(wait.scope, wait.node).then(() => panels.open("try"))}
    >
      {location}
    </button>
  );
}

/** A pending approval. The decision applies to exactly the shown or edited arguments. */
function WaitCard({ wait, onAnswer }: { wait: Wait; onAnswer(answer: Decision): Promise<void> }) {
  const { t } = useTranslation("panels");
  const [disabled, setDisabled] = useState(false);
  const decide = (decision: Decision) => {
    setDisabled(true);
    void onAnswer(decision).finally(() => setDisabled(false));
  };
  return (
    <section aria-label={wait.question} className="rounded-xl border border-warn/30 bg-warn-soft px-3 py-2.5">
      <p className="flex items-start gap-2 font-medium">
        <ShieldQuestion size={16} aria-hidden className="mt-0.5 text-warn" />
        <span className="min-w-0 flex-1">{wait.kind === "uncertain" ? t("uncertain") : wait.question}</span>
      </p>
      <WaitLocation wait={wait} />
      <WaitDecision wait={wait} size="sm" disabled={disabled} onDecide={decide} />
    </section>
  );
}

/** The reply, or its streamed part; undefined before the first text. */
export function answerText(runState: RunState | undefined): string | undefined {
  if (!runState) return undefined;
  const { view } = runState;
  if (view.output) return outputText(view.output.reply);
  for (const typing of runState.streamed.values()) if (typing.answer && typing.text !== "") return typing.text;
  return undefined;
}

/** The passages that citations refer to: those of the output, else all that the nodes found. */
export function answerDocuments(view: RunView | undefined): Document[] {
  if (!view) return [];
  if (isDocuments(view.output?.documents)) return view.output.documents;
  const found = [...view.nodes.values()].flatMap((node) =>
    !node.scope?.length && isDocuments(node.outputs?.documents) ? [node.outputs.documents] : [],
  );
  return found.flat();
}
