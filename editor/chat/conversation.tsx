import { CircleAlert, MessageSquarePlus, Paperclip, ShieldQuestion, Volume2, VolumeX } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import type { FileRef } from "../../runtime/message.ts";
import { language } from "../i18n/index.ts";
import { Answer } from "../panels/answer.tsx";
import { Button } from "../ui/button.tsx";
import { CopyButton } from "../ui/code-block.tsx";
import { IconButton } from "../ui/icon-button.tsx";
import { Spinner } from "../ui/spinner.tsx";
import { Composer } from "./composer.tsx";
import type { Said, Talk } from "./talk.ts";
import type { Face } from "./visit.ts";

export interface ConversationProps {
  agent: Face;
  talk: Talk;
  upload(file: File): Promise<FileRef>;
  onSaid(message: string): void;
  onNew(): void;
  embedded: boolean;
}

/** Everything said, and the line to say more. */
export function Conversation({ agent, talk, upload, onSaid, onNew, embedded }: ConversationProps) {
  const { t } = useTranslation("chat");
  const { said, busy, lost } = useStore(talk);
  const end = useRef<HTMLDivElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  // Follows what comes in, unless the reader has gone up to read.
  // biome-ignore lint/correctness/useExhaustiveDependencies: at each change of what is said
  useEffect(() => {
    const box = scroller.current;
    if (box && box.scrollHeight - box.scrollTop - box.clientHeight < 160) end.current?.scrollIntoView({ block: "end" });
  }, [said]);
  const send = (message: string, files?: FileRef[]) => {
    onSaid(message);
    void talk.send(message, files);
  };

  return (
    <main className="flex min-w-0 flex-1 flex-col">
      <header className="flex h-13 shrink-0 items-center gap-2 border-line border-b bg-surface px-4">
        <h1 className="min-w-0 flex-1 truncate font-semibold text-md">{agent.name}</h1>
        <IconButton
          icon={MessageSquarePlus}
          label={t("newConversation")}
          className={embedded ? "" : "md:hidden"}
          onClick={onNew}
        />
      </header>
      <div
        ref={scroller}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        tabIndex={0}
        role="log"
        aria-label={t("transcript")}
        className="min-h-0 flex-1 overflow-y-auto"
      >
        <div className="mx-auto flex w-full max-w-2xl flex-col gap-4 px-4 py-6">
          {said.length === 0 && (
            <div className="flex flex-col gap-4 py-6">
              <div className="text-lg">
                {agent.greeting ? <Answer text={agent.greeting} documents={[]} /> : agent.description}
              </div>
              {agent.suggestions.length > 0 && (
                <ul className="flex flex-wrap gap-2">
                  {agent.suggestions.map((suggestion) => (
                    <li key={suggestion}>
                      <button
                        type="button"
                        className="rounded-full border border-line-strong bg-surface px-3 py-1.5 text-left hover:bg-hover"
                        onClick={() => send(suggestion)}
                      >
                        {suggestion}
                      </button>
                    </li>
                  ))}
                </ul>
              )}
            </div>
          )}
          {said.map((one, index) => (
            <Message key={one.id} said={one} busy={busy && index === said.length - 1} lost={lost} talk={talk} />
          ))}
          <div ref={end} />
        </div>
      </div>
      <Composer busy={busy} onSend={send} onStop={() => void talk.stop()} upload={upload} />
    </main>
  );
}

function Message({ said, busy, lost, talk }: { said: Said; busy: boolean; lost: boolean; talk: Talk }) {
  const { t } = useTranslation("chat");
  if (said.from === "user")
    return (
      <div className="ml-10 self-end rounded-xl rounded-br-sm bg-accent-soft px-3.5 py-2.5 text-md">
        <p className="whitespace-pre-wrap break-words">{said.text}</p>
        {said.files?.map((file) => (
          <p key={file.id} className="mt-1 flex items-center gap-1.5 text-ink-2 text-sm">
            <Paperclip size={13} aria-hidden />
            {file.name}
          </p>
        ))}
      </div>
    );
  return (
    <div className="group flex flex-col gap-2 text-md" aria-live={busy ? "polite" : undefined}>
      {said.text !== "" && <Answer text={said.text} documents={said.documents ?? []} />}
      {busy && said.text === "" && (
        <p className="flex items-center gap-2 text-ink-3">
          <Spinner label={t("working")} />
          {lost ? t("reconnecting") : t("working")}
        </p>
      )}
      {said.waits?.map((wait) => (
        <section
          key={wait.wait}
          aria-label={wait.question}
          className="rounded-xl border border-warn/40 bg-warn/7 px-3.5 py-3"
        >
          <p className="flex items-start gap-2 font-medium">
            <ShieldQuestion size={16} aria-hidden className="mt-0.5 shrink-0 text-warn" />
            {wait.kind === "uncertain" ? t("uncertain") : wait.question}
          </p>
          {wait.call && (
            <details className="mt-2 text-sm" open>
              <summary className="text-ink-2">{t("arguments")}</summary>
              <pre className="mt-1 max-h-52 overflow-auto whitespace-pre-wrap rounded-md border border-line bg-surface p-2 font-mono text-xs">
                {JSON.stringify(wait.call.arguments, null, 2)}
              </pre>
            </details>
          )}
          {said.owner ? (
            <p className="mt-2 text-ink-2 text-sm">{t("waitsForOwner")}</p>
          ) : (
            <div className="mt-3 flex flex-wrap gap-2">
              {(wait.kind === "uncertain"
                ? (["retry", "skip", "fail"] as const)
                : (["approve", "reject"] as const)
              ).map((choice, index) => (
                <Button
                  key={choice}
                  size="sm"
                  variant={index === 0 ? "solid" : "outline"}
                  disabled={busy}
                  onClick={() => void talk.answer({ wait: wait.wait, choice })}
                >
                  {t(choice === "fail" ? "giveUp" : choice)}
                </Button>
              ))}
            </div>
          )}
        </section>
      ))}
      {said.stopped && <p className="text-ink-3 text-sm">{t("stopped")}</p>}
      {said.error && (
        <p
          role="alert"
          className="flex items-start gap-2 rounded-md border border-bad/40 bg-bad/7 px-3 py-2 text-bad text-sm"
        >
          <CircleAlert size={15} aria-hidden className="mt-0.5 shrink-0" />
          {said.error === "offline" ? t("offline") : said.error}
        </p>
      )}
      {!busy && said.text !== "" && (
        <div className="flex gap-1 opacity-0 focus-within:opacity-100 group-hover:opacity-100">
          <CopyButton text={said.text} />
          <ReadAloud text={said.text} />
        </div>
      )}
    </div>
  );
}

/** Reads by the browser's own voice, where it has one. */
function ReadAloud({ text }: { text: string }) {
  const { t } = useTranslation("chat");
  const [speaking, setSpeaking] = useState(false);
  if (!("speechSynthesis" in window)) return null;
  return (
    <IconButton
      icon={speaking ? VolumeX : Volume2}
      size="sm"
      label={speaking ? t("quiet") : t("speak")}
      pressed={speaking}
      onClick={() => {
        speechSynthesis.cancel();
        if (speaking) return setSpeaking(false);
        const words = new SpeechSynthesisUtterance(text.replaceAll(/\[\d+\]|[*_#`>]/g, ""));
        words.lang = /\p{Script=Han}/u.test(text) ? "zh-CN" : language() === "zh" ? "zh-CN" : "en-US";
        words.onend = () => setSpeaking(false);
        setSpeaking(true);
        speechSynthesis.speak(words);
      }}
    />
  );
}
