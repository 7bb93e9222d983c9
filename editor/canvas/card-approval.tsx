import { Pencil } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { scopeKey, type WaitDecision } from "../../runtime/event.ts";
import type { NodeView } from "../../runtime/fold-run.ts";
import { api } from "../api/api.ts";
import { useConversation, useLive, useWorkbench } from "../hooks/use-workbench.ts";
import { useErrorWords } from "../shell/query-state.tsx";
import { Button } from "../ui/button.tsx";
import { IconButton } from "../ui/icon-button.tsx";
import { toast } from "../ui/toast.tsx";

/** In characters. A decision is about the exact arguments: longer ones are shown beside the graph, not on the card. */
const MAX_ON_CARD = 110;

/** On the card of a waiting node: the question, and buttons to decide. */
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
  const decide = (choice: WaitDecision["choice"]) => {
    setBusy(true);
    const decision = { wait: wait.wait, choice };
    // A past run is not a turn of this conversation. It is followed, too.
    const sent = turn === undefined ? api.runs.answer(run, [decision]) : conversation.answer(turn, decision);
    sent.catch((error: unknown) => toast({ tone: "bad", title: words(error).title })).finally(() => setBusy(false));
  };
  const args = wait.call === undefined ? "" : JSON.stringify(wait.call.arguments);
  const readable = wait.kind !== "uncertain" && args.length <= MAX_ON_CARD && wait.question.length <= MAX_ON_CARD;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a click here must not select the card, which would open the inspector over the chat
    // biome-ignore lint/a11y/useKeyWithClickEvents: the buttons inside handle the keyboard
    <div className="nodrag nopan flex flex-col gap-1.5" onClick={(event) => event.stopPropagation()}>
      <p className="line-clamp-4 break-words text-warn">
        {wait.kind === "uncertain" ? t("panels:uncertain") : wait.question}
      </p>
      {readable && args !== "" && <p className="break-all font-mono text-ink text-xs">{args}</p>}
      <div className="flex gap-1.5">
        {readable ? (
          <>
            <Button size="sm" variant="solid" disabled={busy} onClick={() => decide("approve")}>
              {t("panels:choice.approve")}
            </Button>
            <Button size="sm" disabled={busy} onClick={() => decide("reject")}>
              {t("panels:choice.reject")}
            </Button>
            <IconButton
              icon={Pencil}
              size="sm"
              label={t("panels:editBeforeApproval")}
              onClick={() => (turn === undefined ? go(`/runs/${run}`) : panels.open("try"))}
            />
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
