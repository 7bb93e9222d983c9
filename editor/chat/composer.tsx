import { ArrowUp, Mic, Paperclip, Square, X } from "lucide-react";
import { type KeyboardEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { FileRef } from "../../runtime/message.ts";
import { language } from "../i18n/index.ts";
import { IconButton } from "../ui/icon-button.tsx";

/** Where a message is written: Enter sends, Shift+Enter breaks the line; files and, where the browser can, the voice. */
export function Composer({
  busy,
  onSend,
  onStop,
  upload,
}: {
  busy: boolean;
  onSend(message: string, files: FileRef[]): void;
  onStop(): void;
  upload(file: File): Promise<FileRef>;
}) {
  const { t } = useTranslation("chat");
  const [text, setText] = useState("");
  const [files, setFiles] = useState<FileRef[]>([]);
  const [problem, setProblem] = useState<string>();
  const picker = useRef<HTMLInputElement>(null);
  const send = () => {
    const message = text.trim();
    if (busy || (message === "" && files.length === 0)) return;
    onSend(message, files);
    setText("");
    setFiles([]);
  };
  const onKey = (event: KeyboardEvent) => {
    // Enter that ends a word of an input method sends nothing.
    if (event.key !== "Enter" || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };
  return (
    <div className="shrink-0 px-4 pb-[max(1rem,env(safe-area-inset-bottom))]">
      <div className="mx-auto w-full max-w-2xl rounded-xl border border-line-strong bg-surface shadow-card focus-within:border-accent">
        {(files.length > 0 || problem) && (
          <div className="flex flex-wrap items-center gap-1.5 px-3 pt-2.5">
            {files.map((file) => (
              <span
                key={file.id}
                className="inline-flex items-center gap-1 rounded-md bg-kind-files/10 px-2 py-0.5 text-kind-files text-sm"
              >
                {file.name}
                <button
                  type="button"
                  aria-label={t("detach", { name: file.name })}
                  onClick={() => setFiles(files.filter((one) => one !== file))}
                >
                  <X size={12} aria-hidden />
                </button>
              </span>
            ))}
            {problem && (
              <span role="alert" className="text-bad text-sm">
                {problem}
              </span>
            )}
          </div>
        )}
        <textarea
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={onKey}
          rows={Math.min(8, Math.max(1, text.split("\n").length))}
          aria-label={t("ask")}
          placeholder={t("ask")}
          className="block w-full resize-none bg-transparent px-3.5 pt-3 pb-1 text-md outline-none placeholder:text-ink-3"
        />
        <div className="flex items-center gap-1 px-2 pb-2">
          <input
            ref={picker}
            type="file"
            multiple
            hidden
            onChange={async (event) => {
              const chosen = [...(event.target.files ?? [])];
              event.target.value = "";
              setProblem(undefined);
              for (const file of chosen) {
                try {
                  const ref = await upload(file);
                  setFiles((before) => [...before, ref]);
                } catch (error) {
                  setProblem((error as Error).message);
                }
              }
            }}
          />
          <IconButton icon={Paperclip} label={t("attach")} onClick={() => picker.current?.click()} />
          <Voice onText={(heard) => setText((before) => (before ? `${before} ${heard}` : heard))} />
          <span className="flex-1" />
          {busy ? (
            <IconButton icon={Square} label={t("stop")} onClick={onStop} />
          ) : (
            <button
              type="button"
              aria-label={t("send")}
              disabled={text.trim() === "" && files.length === 0}
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

interface Recognition {
  lang: string;
  interimResults: boolean;
  start(): void;
  stop(): void;
  onresult: ((event: { results: ArrayLike<ArrayLike<{ transcript: string }>> }) => void) | null;
  onend: (() => void) | null;
}

/** Speech to text by the browser, where it can. */
function Voice({ onText }: { onText(text: string): void }) {
  const { t } = useTranslation("chat");
  const [listening, setListening] = useState<Recognition>();
  const world = window as {
    SpeechRecognition?: new () => Recognition;
    webkitSpeechRecognition?: new () => Recognition;
  };
  const Make = world.SpeechRecognition ?? world.webkitSpeechRecognition;
  if (!Make) return null;
  return (
    <IconButton
      icon={Mic}
      label={listening ? t("listening") : t("listen")}
      pressed={listening !== undefined}
      onClick={() => {
        if (listening) return listening.stop();
        const recognition = new Make();
        recognition.lang = language() === "zh" ? "zh-CN" : "en-US";
        recognition.interimResults = false;
        recognition.onresult = (event) =>
          onText([...Array.from(event.results)].map((result) => result[0]?.transcript ?? "").join(" "));
        recognition.onend = () => setListening(undefined);
        setListening(recognition);
        recognition.start();
      }}
    />
  );
}
