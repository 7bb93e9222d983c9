import { CircleAlert, Pencil, RefreshCw, RotateCcw, Volume2, VolumeX } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { language } from "../i18n/index.ts";
import { SentFiles } from "../panels/attachments.tsx";
import { Answer } from "../panels/reply.tsx";
import { Button } from "../ui/button.tsx";
import { CopyButton } from "../ui/code-block.tsx";
import { cx } from "../ui/cx.ts";
import { Form } from "../ui/form.tsx";
import { IconButton } from "../ui/icon-button.tsx";
import { Textarea } from "../ui/input.tsx";
import { Spinner } from "../ui/spinner.tsx";
import type { ChatMessage, ConversationStore } from "./conversation-store.ts";
import { Comment, Thumbs } from "./feedback.tsx";
import { OpenWait } from "./open-wait.tsx";
import { fileIn, RunFile } from "./run-file.tsx";
import { Steps } from "./steps.tsx";

export interface MessageProps {
  message: ChatMessage;
  /** The reply is being produced. */
  busy: boolean;
  lost: boolean;
  /** The newest message, whose actions are always visible. */
  last: boolean;
  /** Messages can be replaced: nothing is being produced, and nothing waits for a decision. */
  editable: boolean;
  store: ConversationStore;
  load(run: string, file: string): Promise<Blob>;
}

export function Message(props: MessageProps) {
  return props.message.from === "user" ? <UserBubble {...props} /> : <AgentBubble {...props} />;
}

function UserBubble({ message, editable, store }: Pick<MessageProps, "message" | "editable" | "store">) {
  const { t } = useTranslation("chat");
  const [text, setText] = useState<string>();
  const send = () => {
    const trimmed = text?.trim();
    setText(undefined);
    if (trimmed) void store.edit(message.id, trimmed);
  };
  if (text !== undefined)
    return (
      <Form onSubmit={send} className="ml-10 flex flex-col gap-2">
        <Textarea
          autoFocus
          aria-label={t("editMessage")}
          value={text}
          rows={Math.min(8, Math.max(2, text.split("\n").length))}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Escape") {
              event.preventDefault();
              setText(undefined);
            }
            if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
            event.preventDefault();
            send();
          }}
        />
        <p className="text-ink-3 text-sm">{t("editHelp")}</p>
        <div className="flex justify-end gap-2">
          <Button size="sm" onClick={() => setText(undefined)}>
            {t("cancel", { ns: "common" })}
          </Button>
          <Button size="sm" variant="solid" type="submit" disabled={text.trim() === ""}>
            {t("send")}
          </Button>
        </div>
      </Form>
    );
  return (
    <div className="group ml-10 flex max-w-[85%] flex-col items-end self-end">
      <div className="max-w-full rounded-xl rounded-br-sm bg-(--brand-soft,var(--accent-soft)) px-3.5 py-2.5 text-md">
        <p className="whitespace-pre-wrap break-words">{message.text}</p>
        <SentFiles files={message.files} />
      </div>
      {message.text !== "" && (
        <div className="flex gap-0.5 opacity-0 focus-within:opacity-100 group-hover:opacity-100 pointer-coarse:opacity-100">
          <CopyButton text={message.text} />
          {editable && (
            <IconButton icon={Pencil} size="sm" label={t("editMessage")} onClick={() => setText(message.text)} />
          )}
        </div>
      )}
    </div>
  );
}

function AgentBubble({ message, busy, lost, last, editable, store, load }: MessageProps) {
  const { t } = useTranslation("chat");
  const [commenting, setCommenting] = useState(false);
  const { id, run, text, documents, steps, media, waits, rating } = message;
  const empty = text === "" && !media?.length && !waits?.length && !message.error && !message.stopped;
  return (
    <article className="group flex min-w-0 flex-col gap-2 text-md" aria-busy={busy}>
      {steps && steps.length > 0 && <Steps steps={steps} />}
      {text !== "" && (
        <Answer
          text={text}
          documents={documents ?? []}
          file={
            run === undefined
              ? undefined
              : (address, name) => {
                  const file = fileIn(address);
                  return file && <RunFile key={file} load={() => load(run, file)} name={name || file} />;
                }
          }
        />
      )}
      {run !== undefined &&
        media
          // Files that the text already shows are not shown again.
          ?.filter((file) => !new RegExp(`\\]\\((?:artifact:/|/api/files)/${file.id}\\)`).test(text))
          .map((file) => <RunFile key={file.id} load={() => load(run, file.id)} name={file.name} />)}
      {busy && (lost || empty) && (
        <p className="flex items-center gap-2 text-ink-3">
          <Spinner label={t("working")} />
          {lost ? t("reconnecting") : t("working")}
        </p>
      )}
      {waits?.map((wait) => (
        <OpenWait key={wait.wait} wait={wait} busy={busy} onDecide={(decision) => void store.decide(id, decision)} />
      ))}
      {message.stopped && <p className="text-ink-3 text-sm">{t("stopped")}</p>}
      {message.error && (
        <div
          role="alert"
          className="flex items-start gap-2 rounded-md border border-bad/40 bg-bad/7 px-3 py-2 text-bad text-sm"
        >
          <CircleAlert size={15} aria-hidden className="mt-0.5 shrink-0" />
          <span className="min-w-0 flex-1 break-words">
            {message.error === "offline" ? t("offline") : message.error}
          </span>
          {last && (message.error === "offline" || editable) && (
            <Button
              size="sm"
              icon={RotateCcw}
              onClick={() => void (message.error === "offline" ? store.retry(id) : store.regenerate(id))}
            >
              {t("tryAgain")}
            </Button>
          )}
        </div>
      )}
      {!busy && text !== "" && (
        <div
          className={cx(
            "-ml-1 flex gap-0.5",
            !last && "opacity-0 focus-within:opacity-100 group-hover:opacity-100 pointer-coarse:opacity-100",
          )}
        >
          <CopyButton text={text} />
          {last && editable && (
            <IconButton icon={RefreshCw} size="sm" label={t("regenerate")} onClick={() => void store.regenerate(id)} />
          )}
          <ReadAloud text={text} />
          {run !== undefined && (
            <Thumbs
              rating={rating}
              onThumb={(score) => {
                setCommenting(true);
                void store.rate(id, { ...rating, score }).catch(() => undefined);
              }}
            />
          )}
        </div>
      )}
      {commenting && rating && (
        <Comment
          rating={rating}
          onSend={(comment) => store.rate(id, { score: rating.score, comment })}
          onClose={() => setCommenting(false)}
        />
      )}
    </article>
  );
}

/** Reads the text aloud with the browser's speech synthesis, if available. */
function ReadAloud({ text }: { text: string }) {
  const { t } = useTranslation("chat");
  const [speaking, setSpeaking] = useState(false);
  if (!("speechSynthesis" in window)) return null;
  return (
    <IconButton
      icon={speaking ? VolumeX : Volume2}
      size="sm"
      label={speaking ? t("stopReading") : t("readAloud")}
      pressed={speaking}
      onClick={() => {
        speechSynthesis.cancel();
        if (speaking) return setSpeaking(false);
        const words = new SpeechSynthesisUtterance(spoken(text));
        words.lang = /\p{Script=Han}/u.test(text) || language() === "zh" ? "zh-CN" : "en-US";
        words.onend = () => setSpeaking(false);
        words.onerror = () => setSpeaking(false);
        setSpeaking(true);
        speechSynthesis.speak(words);
      }}
    />
  );
}

/** The words of a Markdown text, without markup, code and link addresses. */
function spoken(text: string): string {
  return text
    .replaceAll(/```[\s\S]*?(?:```|$)/g, " ")
    .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replaceAll(/\[\d+\]|[*_#`>|]/g, "");
}
