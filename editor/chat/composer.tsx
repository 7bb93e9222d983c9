import { ArrowUp, Square } from "lucide-react";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { FileRef } from "../../runtime/message.ts";
import { AttachButton, AttachedFiles, useAttachments } from "../panels/attachments.tsx";
import { cx } from "../ui/cx.ts";
import { IconButton } from "../ui/icon-button.tsx";
import type { UserMessage } from "./conversation-store.ts";
import { onOpened } from "./embedding.ts";
import { FieldsForm, useFields } from "./fields.tsx";
import type { AgentProfile } from "./visit.ts";
import { Voice } from "./voice.tsx";

export interface ComposerProps {
  agent: AgentProfile;
  /** A reply is being produced. */
  busy: boolean;
  /** The run waits for a decision, which must come first. */
  waiting: boolean;
  onSend(question: UserMessage): void;
  onStop(): void;
  upload(file: File): Promise<FileRef>;
}

/**
 * The message box: Enter sends, Shift+Enter adds a line; files by button, paste or drop; voice input if the browser
 * supports it.
 */
export function Composer({ agent, busy, waiting, onSend, onStop, upload }: ComposerProps) {
  const { t } = useTranslation("chat");
  const [text, setText] = useState("");
  const [files, setFiles] = useState<readonly FileRef[]>([]);
  const attachments = useAttachments({
    files,
    change: setFiles,
    upload,
    refusal: agent.files ? undefined : t("noFiles"),
  });
  const [asked, setAsked] = useState(false);
  const fields = useFields(agent.fields);
  const box = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    // On a touch screen the keyboard would cover the conversation.
    if (matchMedia("(pointer: fine)").matches) box.current?.focus();
    return onOpened(() => box.current?.focus());
  }, []);

  const empty = text.trim() === "" && files.length === 0;
  const held = busy || waiting || attachments.uploading > 0;
  const send = () => {
    if (held || empty) return;
    setAsked(true);
    if (fields.missing.length > 0) return;
    onSend({ message: text.trim(), files: [...files], fields: fields.values });
    setText("");
    setFiles([]);
    attachments.setProblem(undefined);
  };
  const onKey = (event: KeyboardEvent) => {
    // An Enter that ends input-method composition does not send.
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };

  return (
    <div className="px-4 pb-[max(1rem,env(safe-area-inset-bottom))]">
      <div
        className={cx(
          "mx-auto w-full max-w-2xl rounded-xl border bg-surface shadow-card focus-within:border-accent",
          attachments.over ? "border-accent" : "border-line-strong",
        )}
        {...attachments.drop}
      >
        <FieldsForm fields={fields} asked={asked} />
        <AttachedFiles attachments={attachments} className="px-3 pt-2.5" />
        <textarea
          ref={box}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={onKey}
          onPaste={attachments.onPaste}
          rows={Math.min(8, Math.max(1, text.split("\n").length))}
          aria-label={t("ask")}
          placeholder={waiting ? t("decideFirst") : t("ask")}
          className="field-sizing-content block max-h-52 w-full resize-none bg-transparent px-3.5 pt-3 pb-1 text-md outline-none placeholder:text-ink-3 max-md:text-[16px]"
        />
        <div className="flex items-center gap-1 px-2 pb-2">
          {agent.files && <AttachButton attachments={attachments} />}
          <Voice
            onText={(heard) => setText((before) => (before ? `${before} ${heard}` : heard))}
            onProblem={attachments.setProblem}
          />
          <span className="flex-1" />
          {busy || waiting ? (
            <IconButton icon={Square} label={t("stop")} onClick={onStop} />
          ) : (
            <button
              type="button"
              aria-label={t("send")}
              disabled={held || empty}
              onClick={send}
              className="grid size-8 place-items-center rounded-full bg-(--brand,var(--ink)) text-(--on-brand,var(--surface)) disabled:opacity-35"
            >
              <ArrowUp size={16} aria-hidden />
            </button>
          )}
        </div>
      </div>
    </div>
  );
}
