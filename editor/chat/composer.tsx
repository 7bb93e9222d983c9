import { ArrowUp, Paperclip, Square, X } from "lucide-react";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { FileRef } from "../../runtime/message.ts";
import { cx } from "../ui/cx.ts";
import { IconButton } from "../ui/icon-button.tsx";
import { Spinner } from "../ui/spinner.tsx";
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
  const [files, setFiles] = useState<FileRef[]>([]);
  const [uploading, setUploading] = useState(0);
  const [problem, setProblem] = useState<string>();
  const [over, setOver] = useState(false);
  const [asked, setAsked] = useState(false);
  const fields = useFields(agent.fields);
  const picker = useRef<HTMLInputElement>(null);
  const box = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    // On a touch screen the keyboard would cover the conversation.
    if (matchMedia("(pointer: fine)").matches) box.current?.focus();
    return onOpened(() => box.current?.focus());
  }, []);

  const empty = text.trim() === "" && files.length === 0;
  const held = busy || waiting || uploading > 0;
  const send = () => {
    if (held || empty) return;
    setAsked(true);
    if (fields.missing.length > 0) return;
    onSend({ message: text.trim(), files, fields: fields.values });
    setText("");
    setFiles([]);
    setProblem(undefined);
  };
  const take = async (chosen: Iterable<File>) => {
    setProblem(undefined);
    for (const file of chosen) {
      setUploading((count) => count + 1);
      try {
        const ref = await upload(file);
        setFiles((before) => [...before, ref]);
      } catch (error) {
        setProblem(t("uploadFailed", { name: file.name, why: (error as Error).message }));
      }
      setUploading((count) => count - 1);
    }
  };
  const onKey = (event: KeyboardEvent) => {
    // An Enter that ends input-method composition does not send.
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };

  return (
    <div className="px-4 pb-[max(1rem,env(safe-area-inset-bottom))]">
      {/* biome-ignore lint/a11y/noStaticElementInteractions: dropping is an alternative to the button */}
      <div
        className={cx(
          "mx-auto w-full max-w-2xl rounded-xl border bg-surface shadow-card focus-within:border-accent",
          over ? "border-accent" : "border-line-strong",
        )}
        onDragOver={(event) => {
          if (!event.dataTransfer.types.includes("Files")) return;
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          void take(event.dataTransfer.files);
        }}
      >
        <FieldsForm fields={fields} asked={asked} />
        {(files.length > 0 || uploading > 0 || problem) && (
          <div className="flex flex-wrap items-center gap-1.5 px-3 pt-2.5">
            {files.map((file) => (
              <span
                key={file.id}
                className="inline-flex max-w-full items-center gap-1 rounded-md bg-kind-files/10 px-2 py-0.5 text-kind-files text-sm"
              >
                <span className="truncate">{file.name}</span>
                <button
                  type="button"
                  aria-label={t("detach", { name: file.name })}
                  onClick={() => setFiles(files.filter((one) => one !== file))}
                >
                  <X size={12} aria-hidden />
                </button>
              </span>
            ))}
            {uploading > 0 && <Spinner label={t("uploading")} />}
            {problem && (
              <span role="alert" className="text-bad text-sm">
                {problem}
              </span>
            )}
          </div>
        )}
        <textarea
          ref={box}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={onKey}
          onPaste={(event) => {
            if (event.clipboardData.files.length === 0) return;
            event.preventDefault();
            void take([...event.clipboardData.files]);
          }}
          rows={Math.min(8, Math.max(1, text.split("\n").length))}
          aria-label={t("ask")}
          placeholder={waiting ? t("decideFirst") : t("ask")}
          className="field-sizing-content block max-h-52 w-full resize-none bg-transparent px-3.5 pt-3 pb-1 text-md outline-none placeholder:text-ink-3 max-md:text-[16px]"
        />
        <div className="flex items-center gap-1 px-2 pb-2">
          <input
            ref={picker}
            type="file"
            multiple
            hidden
            onChange={(event) => {
              const chosen = [...(event.target.files ?? [])];
              event.target.value = "";
              void take(chosen);
            }}
          />
          <IconButton icon={Paperclip} label={t("attach")} onClick={() => picker.current?.click()} />
          <Voice
            onText={(heard) => setText((before) => (before ? `${before} ${heard}` : heard))}
            onProblem={setProblem}
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
              className="grid size-8 place-items-center rounded-full bg-ink text-surface disabled:opacity-35"
            >
              <ArrowUp size={16} aria-hidden />
            </button>
          )}
        </div>
      </div>
    </div>
  );
}
