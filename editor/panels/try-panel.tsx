import { CircleStop, Plus, SendHorizontal } from "lucide-react";
import { type FormEvent, type KeyboardEvent, memo, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
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
import type { Turn } from "../session/conversation.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { cx } from "../ui/cx.ts";
import { IconButton } from "../ui/icon-button.tsx";
import { inputClass } from "../ui/input.tsx";
import { FieldInputs, useExtraFields } from "./extra-fields.tsx";
import { PinnedNotice } from "./pin-note.tsx";
import { answerText, TurnView } from "./turn-view.tsx";

/** Where the message that is not sent yet is kept. */
const MESSAGE = "try/message";

/** The conversation that tries the agent as it stands now, saved or not. */
export function TryPanel() {
  const { t } = useTranslation("panels");
  const workbench = useWorkbench();
  const turns = useConversation((state) => state.turns);
  const busy = useConversation((state) => state.busy);
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
  // Kept with the agent until it is sent: another graph may open meanwhile, or another panel.
  const message = useStore(workbench.unfinished, ({ texts }) => texts.get(MESSAGE) ?? "");
  const setMessage = (text: string) => workbench.unfinished.keep(MESSAGE, text === "" ? undefined : text);
  const scroller = useRef<HTMLDivElement>(null);
  const stick = useRef(true);

  const send = (text: string) => {
    const trimmed = text.trim();
    if (trimmed === "" || busy) return;
    setMessage("");
    stick.current = true;
    void workbench.conversation.send({ ...fields.values, message: trimmed });
  };

  // The view follows the answer as it grows, unless the reader has scrolled away. Asked for when the size has changed and
  // is known: to ask at each token would lay the page out once more for each.
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
          {demo && usesDefault && (
            <p className="mb-3 flex items-start gap-2 text-ink-2 text-sm">
              <Badge tone="warn">{t("demo", { ns: "common" })}</Badge>
              {t("demoHelp")}
            </p>
          )}
          {turns.length === 0 ? (
            <Start greeting={greeting} suggestions={suggestions} onPick={send} />
          ) : (
            <ol className="flex flex-col gap-5" aria-label={t("conversation")}>
              {turns.map((turn, index) => (
                <TurnItem key={turn.id} turn={turn} last={index === turns.length - 1} />
              ))}
            </ol>
          )}
        </div>
      </div>
      <RunNews />
      <footer className="shrink-0 border-line border-t bg-surface p-3">
        <PinnedNotice />
        <FieldInputs fields={fields} />
        <Composer
          message={message}
          setMessage={setMessage}
          busy={busy}
          onSend={() => send(message)}
          onStop={() => void workbench.conversation.cancel()}
          onRestart={turns.length > 0 ? workbench.conversation.restart : undefined}
        />
      </footer>
    </div>
  );
}

/** For those who hear the page: that a run is under way, and what came of it when it ends. Never text on its way. */
function RunNews() {
  const { t } = useTranslation("panels");
  const busy = useConversation((state) => state.busy);
  const said = useConversation((state) => state.turns.length > 0);
  const news = useLive(({ runState }) => {
    if (!runState || busy || !said) return "";
    const { view } = runState;
    if (view.waits.length > 0) return view.waits.map((wait) => wait.question).join(" ");
    return view.error?.message ?? answerText(runState) ?? t(`status.${view.status}`);
  });
  return (
    <p role="status" className="sr-only">
      {busy ? t("working") : news}
    </p>
  );
}

/**
 * The newest turn reads the live run; older ones stay as they ended and are not drawn again. It is the same element in
 * both lives: what a person has unfolded in it stays so when the run ends.
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
      {suggestions.length > 0 && (
        <ul className="flex flex-col gap-1.5" aria-label={t("suggestions")}>
          {suggestions.map((suggestion) => (
            <li key={suggestion}>
              <button
                type="button"
                className="w-full rounded-lg border border-line bg-surface px-3 py-2 text-left hover:border-line-strong hover:bg-hover"
                onClick={() => onPick(suggestion)}
              >
                {suggestion}
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function Composer({
  message,
  setMessage,
  busy,
  onSend,
  onStop,
  onRestart,
}: {
  message: string;
  setMessage(text: string): void;
  busy: boolean;
  onSend(): void;
  onStop(): void;
  onRestart?(): void;
}) {
  const { t } = useTranslation("panels");
  const area = useRef<HTMLTextAreaElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the height follows the text
  useEffect(() => {
    const box = area.current;
    if (!box) return;
    box.style.height = "auto";
    box.style.height = `${Math.min(160, box.scrollHeight + 2)}px`;
  }, [message]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSend();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    onSend();
  };
  return (
    <form onSubmit={submit} className="flex items-end gap-1.5">
      {onRestart && <IconButton icon={Plus} label={t("newConversation")} side="top" onClick={onRestart} />}
      <textarea
        id="try-message"
        ref={area}
        rows={1}
        aria-label={t("message")}
        placeholder={t("messageEmpty")}
        className={cx(inputClass, "min-h-8 flex-1 resize-none py-1.5 leading-snug")}
        value={message}
        onChange={(event) => setMessage(event.target.value)}
        onKeyDown={onKeyDown}
      />
      {busy ? (
        <Button icon={CircleStop} onClick={onStop}>
          {t("stop")}
        </Button>
      ) : (
        <Button
          type="submit"
          variant="solid"
          icon={SendHorizontal}
          aria-label={t("send")}
          className="!px-2.5"
          disabled={message.trim() === ""}
        />
      )}
    </form>
  );
}
