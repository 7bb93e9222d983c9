import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { scopeKey, type WaitDecision } from "../../runtime/event.ts";
import type { NodeView } from "../../runtime/fold-run.ts";
import { api } from "../api/api.ts";
import { useConversation, useLive, useWorkbench } from "../hooks/use-workbench.ts";
import { useErrorWords } from "../shell/query-state.tsx";
import { Button } from "../ui/button.tsx";
import { toast } from "../ui/toast.tsx";

/** More cannot be read on a card, and an answer holds for the exact arguments: they are then shown beside the graph. */
const READABLE = 110;

/** On the card of a node that waits: the question and its answer. */
export function CardApproval({ view }: { view?: NodeView }) {
  const { t } = useTranslation(["canvas", "panels", "bodies"]);
  const { conversation, panels } = useWorkbench();
  const words = useErrorWords();
  const wait = useLive((state) =>
    state.runState?.view.waits.find((one) => one.node === view?.node && scopeKey(one.scope) === scopeKey(view?.scope)),
  );
  const run = useLive((state) => state.runState?.view.id);
  const turn = useConversation((state) => state.shown);
  const [busy, setBusy] = useState(false);
  const [, go] = useLocation();
  if (!wait || run === undefined) return <p className="text-warn">{t("waitingForDecision")}</p>;
  const answer = (choice: WaitDecision["choice"]) => {
    setBusy(true);
    const given = { wait: wait.wait, choice };
    // A run that is no turn of this conversation (a past one) is followed all the same.
    const sent = turn === undefined ? api.runs.answer(run, [given]) : conversation.answer(turn, given);
    sent.catch((error: unknown) => toast({ tone: "bad", title: words(error).title })).finally(() => setBusy(false));
  };
  const given = wait.call === undefined ? "" : JSON.stringify(wait.call.arguments);
  const readable = wait.kind !== "uncertain" && given.length <= READABLE && wait.question.length <= READABLE;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: an answer is no choice of the card, which would take the conversation's place
    // biome-ignore lint/a11y/useKeyWithClickEvents: the buttons inside are what is pressed
    <div className="nodrag nopan flex flex-col gap-1.5" onClick={(event) => event.stopPropagation()}>
      <p className="line-clamp-4 break-words text-warn">
        {wait.kind === "uncertain" ? t("panels:uncertain") : wait.question}
      </p>
      {readable && given !== "" && <p className="break-all font-mono text-ink text-xs">{given}</p>}
      <div className="flex gap-1.5">
        {readable ? (
          <>
            <Button size="sm" variant="solid" disabled={busy} onClick={() => answer("approve")}>
              {t("panels:choice.approve")}
            </Button>
            <Button size="sm" disabled={busy} onClick={() => answer("reject")}>
              {t("panels:choice.reject")}
            </Button>
          </>
        ) : (
          <Button size="sm" onClick={() => (turn === undefined ? go(`/runs/${run}`) : panels.open("try"))}>
            {t("bodies:review")}
          </Button>
        )}
      </div>
    </div>
  );
}
