import { ArrowDown, Menu, MessageSquarePlus, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import type { FileRef } from "../../runtime/message.ts";
import { Answer } from "../panels/reply.tsx";
import { AppearanceMenu } from "../shell/appearance-menu.tsx";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { IconButton } from "../ui/icon-button.tsx";
import { Spinner } from "../ui/spinner.tsx";
import { Composer } from "./composer.tsx";
import type { ConversationStore, UserMessage } from "./conversation-store.ts";
import { askToClose, embedded } from "./embedding.ts";
import { Message } from "./message.tsx";
import type { AgentProfile } from "./visit.ts";

export interface ConversationProps {
  agent: AgentProfile;
  store: ConversationStore;
  upload(file: File): Promise<FileRef>;
  load(run: string, file: string): Promise<Blob>;
  onSaid(message: string): void;
  onNew(): void;
  /** Opens the list of conversations; absent if there are none. */
  onList?(): void;
}

/** Within this distance of the end, the view follows new text. */
const NEAR_PX = 60;

/** The messages of a conversation, and the composer below them. */
export function Conversation({ agent, store, upload, load, onSaid, onNew, onList }: ConversationProps) {
  const { t } = useTranslation("chat");
  const { messages, busy, lost, history } = useStore(store);
  const scroller = useRef<HTMLDivElement>(null);
  const [away, setAway] = useState(false);
  // Scrolls with new text, unless the reader has scrolled up.
  // biome-ignore lint/correctness/useExhaustiveDependencies: runs whenever the messages change
  useEffect(() => {
    const box = scroller.current;
    if (box && !away) box.scrollTop = box.scrollHeight;
  }, [messages]);
  const toEnd = () => {
    setAway(false);
    scroller.current?.scrollTo({ top: scroller.current.scrollHeight });
  };
  const send = (question: UserMessage) => {
    setAway(false);
    onSaid(question.message);
    void store.send(question);
  };
  // A message of an earlier visit does not have the values that this agent requires beside the text.
  const canReplace =
    !agent.fields.some((field) => field.required) || messages.every((one) => one.from === "agent" || one.fields);
  const waiting = messages.some((one) => one.waits?.length);

  return (
    <main className="relative flex min-w-0 flex-1 flex-col">
      <header className="flex h-13 shrink-0 items-center gap-1 border-line border-b bg-surface pr-2 pl-4">
        {onList && (
          <IconButton
            icon={Menu}
            label={t("conversations")}
            className="-ml-2 md:hidden"
            side="right"
            onClick={onList}
          />
        )}
        {agent.look.logo && <img src={agent.look.logo} alt="" className="mr-1.5 h-7 max-w-32 object-contain" />}
        <h1 className="min-w-0 truncate font-semibold text-md">{agent.look.title ?? agent.name}</h1>
        {agent.demo && (
          <Badge tone="warn" className="ml-1">
            {t("demo")}
          </Badge>
        )}
        <span className="flex-1" />
        <IconButton
          icon={MessageSquarePlus}
          label={t("newConversation")}
          className={onList ? "md:hidden" : undefined}
          side="bottom"
          onClick={onNew}
        />
        {embedded ? (
          <IconButton icon={X} label={t("closeChat")} side="left" onClick={askToClose} />
        ) : (
          <AppearanceMenu />
        )}
      </header>
      <div
        ref={scroller}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable element must be reachable by keyboard
        tabIndex={0}
        role="log"
        // Streamed text would be announced word by word; the finished reply is announced below.
        aria-live="off"
        aria-label={t("transcript")}
        className="min-h-0 flex-1 overflow-y-auto"
        onScroll={({ currentTarget: box }) => setAway(box.scrollHeight - box.scrollTop - box.clientHeight > NEAR_PX)}
      >
        <div className="mx-auto flex w-full max-w-2xl flex-col gap-4 px-4 py-6">
          {history === "loading" && <Spinner label={t("working")} />}
          {history === "failed" && (
            <div role="alert" className="flex items-center gap-3 text-ink-2">
              {t("offline")}
              <Button size="sm" onClick={() => void store.load()}>
                {t("tryAgain")}
              </Button>
            </div>
          )}
          {messages.length === 0 && history !== "loading" && history !== "failed" && (
            <Welcome agent={agent} onPick={(message) => send({ message })} />
          )}
          {messages.map((one, index) => (
            <Message
              key={one.id}
              message={one}
              busy={busy && index === messages.length - 1}
              lost={lost}
              last={index === messages.length - 1}
              editable={!busy && !waiting && canReplace}
              store={store}
              load={load}
            />
          ))}
        </div>
      </div>
      <p role="status" className="sr-only">
        {busy
          ? lost
            ? t("reconnecting")
            : t("working")
          : messages.at(-1)?.from === "agent"
            ? messages.at(-1)?.text
            : ""}
      </p>
      <div className="relative shrink-0">
        {away && (
          <IconButton
            icon={ArrowDown}
            label={t("scrollToEnd")}
            className="-top-10 -translate-x-1/2 absolute left-1/2 rounded-full border-line bg-raised shadow-float"
            onClick={toEnd}
          />
        )}
        <Composer
          agent={agent}
          busy={busy}
          waiting={waiting}
          onSend={send}
          onStop={() => void store.stop()}
          upload={upload}
        />
      </div>
    </main>
  );
}

function Welcome({ agent, onPick }: { agent: AgentProfile; onPick(message: string): void }) {
  const { t } = useTranslation("chat");
  // If required fields must be filled in first, a suggestion alone would be rejected.
  const asks = agent.fields.some((field) => field.required);
  return (
    <div className="flex flex-col gap-4 py-6">
      <div className="text-lg">
        {agent.greeting ? <Answer text={agent.greeting} documents={[]} /> : agent.description || t("hello")}
      </div>
      {agent.suggestions.length > 0 && !asks && (
        <ul className="flex flex-wrap gap-2">
          {agent.suggestions.map((suggestion) => (
            <li key={suggestion}>
              <button
                type="button"
                className="rounded-full border border-line-strong bg-surface px-3 py-1.5 text-left hover:bg-hover"
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
