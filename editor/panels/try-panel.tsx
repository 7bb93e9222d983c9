import { memo, useEffect, useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import { readsFiles } from "../../runtime/agent-ports.ts";
import { api } from "../api/api.ts";
import { table } from "../graph/node-types.ts";
import { sendMessage, sendTyped } from "../hooks/send-message.ts";
import {
  useCatalogue,
  useConversation,
  useGraph,
  useIssues,
  useLive,
  useReader,
  useWorkbench,
} from "../hooks/use-workbench.ts";
import { defaultModel } from "../session/catalogue.ts";
import type { Turn } from "../session/turn.ts";
import { keepFiles, keepMessage, typedFiles, typedMessage } from "../session/typed-input.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Notice } from "../ui/notice.tsx";
import { Spinner } from "../ui/spinner.tsx";
import { AttachedFiles, useAttachments } from "./attachments.tsx";
import { Composer } from "./composer.tsx";
import { FieldInputs, useExtraFields } from "./extra-fields.tsx";
import { Suggestions } from "./parts.tsx";
import { PinnedNotice } from "./pin-note.tsx";
import { answerText, TurnView } from "./turn-view.tsx";

/** A chat with the draft, saved or not. */
export function TryPanel() {
  const { t } = useTranslation("panels");
  const workbench = useWorkbench();
  const turns = useConversation((state) => state.turns);
  const busy = useConversation((state) => state.busy);
  const earlier = useConversation((state) => state.earlier);
  const greeting = useGraph((graph) => graph.settings.greeting);
  const suggestions = useGraph((graph) => graph.settings.suggestions);
  const demo = useCatalogue((state) => defaultModel(state)?.demo === true);
  const reader = useReader();
  const usesDefault = useGraph((graph) =>
    graph.nodes.some((node) => {
      const config = reader.config(node);
      return config && reader.definition(node)?.needs?.(config).models?.includes("default");
    }),
  );
  const fields = useExtraFields("try");
  // The unsent message is stored with the agent, because another graph or panel may open in the meantime.
  const texts = useStore(workbench.unfinished, (state) => state.texts);
  const message = typedMessage(texts);
  const files = useMemo(() => typedFiles(texts), [texts]);
  const attachments = useAttachments({
    files,
    change: (update) => keepFiles(workbench.unfinished, update(typedFiles(workbench.unfinished.getState().texts))),
    upload: (file) => api.files.upload(file),
    refusal: useGraph((graph) => readsFiles(graph, table)) ? undefined : t("filesNotConnected"),
  });
  const scroller = useRef<HTMLDivElement>(null);
  const stick = useRef(true);

  const send = () => {
    stick.current = true;
    sendTyped(workbench);
  };

  // Scrolls with the reply, unless the reader has scrolled up. A resize observer, because measuring at each token would
  // force a layout for each.
  useEffect(() => {
    const view = scroller.current;
    if (!view?.firstElementChild) return;
    const follow = new ResizeObserver(() => {
      if (stick.current) view.scrollTop = view.scrollHeight;
    });
    follow.observe(view.firstElementChild);
    return () => follow.disconnect();
  }, []);

  return (
    <div className="flex h-full min-h-0 flex-col bg-paper">
      <div
        ref={scroller}
        className="min-h-0 flex-1 overflow-y-auto px-4 py-4"
        onScroll={({ currentTarget: view }) => {
          stick.current = view.scrollHeight - view.scrollTop - view.clientHeight < 40;
        }}
      >
        <div>
          {demo && usesDefault && turns.length === 0 && earlier === "loaded" && (
            <p className="mb-3 flex items-start gap-2 text-ink-2 text-sm">
              <Badge tone="warn">{t("demo", { ns: "common" })}</Badge>
              {t("demoHelp")}
            </p>
          )}
          {earlier === "failed" && (
            <Notice
              tone="warn"
              className="mb-3"
              title={t("earlierFailed")}
              actions={
                <Button size="sm" onClick={() => void workbench.conversation.load()}>
                  {t("retry", { ns: "common" })}
                </Button>
              }
            />
          )}
          {earlier === "loading" && <Spinner label={t("loading", { ns: "common" })} />}
          {turns.length === 0 ? (
            earlier === "loaded" && (
              <Start
                greeting={greeting}
                suggestions={suggestions}
                onPick={(text) => {
                  stick.current = true;
                  sendMessage(workbench, text);
                }}
              />
            )
          ) : (
            <ol className="flex flex-col gap-5" aria-label={t("conversation")}>
              {turns.map((turn, index) => (
                <TurnItem key={turn.id} turn={turn} last={index === turns.length - 1} />
              ))}
            </ol>
          )}
        </div>
      </div>
      <RunAnnouncement />
      <footer className="shrink-0 border-line border-t bg-surface p-3">
        <PinnedNotice />
        <FieldInputs fields={fields} />
        <AttachedFiles attachments={attachments} className="mb-2" />
        <Composer
          id="try-message"
          label={t("message")}
          placeholder={t("messageEmpty")}
          send={t("send")}
          text={message}
          onText={(text) => keepMessage(workbench.unfinished, text)}
          last={turns.at(-1)?.input.message}
          attachments={attachments}
          busy={busy}
          onSend={send}
          onStop={() => void workbench.conversation.cancel()}
          onRestart={turns.length > 0 ? workbench.conversation.restart : undefined}
        />
      </footer>
    </div>
  );
}

/** For screen readers: that a run is active and, when it ends, its result. Streamed text is not announced. */
function RunAnnouncement() {
  const { t } = useTranslation(["panels", "runs"]);
  const busy = useConversation((state) => state.busy);
  const started = useConversation((state) => state.turns.length > 0);
  const result = useLive(({ runState }) => {
    if (!runState || busy || !started) return "";
    const { view } = runState;
    if (view.waits.length > 0) return view.waits.map((wait) => wait.question).join(" ");
    return view.error?.message ?? answerText(runState) ?? t(`runs:status.${view.status}`);
  });
  return (
    <p role="status" className="sr-only">
      {busy ? t("working") : result}
    </p>
  );
}

/**
 * The last turn shows the live run; earlier turns are not rendered again. The element stays the same when the run ends, so
 * that expanded parts stay expanded.
 */
const TurnItem = memo(function TurnItem({ turn, last }: { turn: Turn; last: boolean }) {
  const shown = useConversation((state) => state.shown === turn.id);
  const busy = useConversation((state) => last && state.busy && state.shown === turn.id);
  const runState = useLive((state) => (busy ? state.runState : undefined));
  const lost = useLive((state) => busy && state.lost === true);
  return <TurnView turn={turn} runState={busy ? runState : turn.runState} busy={busy} lost={lost} shown={shown} />;
});

function Start({
  greeting,
  suggestions,
  onPick,
}: {
  greeting: string;
  suggestions: readonly string[];
  onPick(text: string): void;
}) {
  const { t } = useTranslation("panels");
  const errors = useIssues((issues) => issues.errors);
  const { panels } = useWorkbench();
  return (
    <div className="flex flex-col gap-3">
      <p className="whitespace-pre-wrap text-ink-2">{greeting || t("chatStart")}</p>
      {errors > 0 && (
        <p className="text-bad text-sm">
          {t("chatIssues", { count: errors })}{" "}
          <button type="button" className="rounded-sm underline" onClick={() => panels.open("issues")}>
            {t("fix.issues", { ns: "canvas" })}
          </button>
        </p>
      )}
      {suggestions.length > 0 && <Suggestions label={t("suggestions")} messages={suggestions} onPick={onPick} />}
    </div>
  );
}
