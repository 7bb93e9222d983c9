/** Files for the next message: chosen, pasted or dropped, and uploaded at once. */
import { Paperclip, X } from "lucide-react";
import { type ClipboardEvent, type DragEvent, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { FileRef } from "../../runtime/message.ts";
import { IconButton } from "../ui/icon-button.tsx";
import { Spinner } from "../ui/spinner.tsx";

export interface Attachments {
  files: readonly FileRef[];
  uploading: number;
  /** A file is dragged over the message field. */
  over: boolean;
  /** The agent reads no files. */
  refused: boolean;
  take(chosen: Iterable<File>): void;
  detach(file: FileRef): void;
  problem?: string;
  setProblem(problem: string | undefined): void;
  /** Handlers of the element that files can be dropped on. */
  drop: { onDragOver(event: DragEvent): void; onDragLeave(): void; onDrop(event: DragEvent): void };
  onPaste(event: ClipboardEvent): void;
}

export function useAttachments(options: {
  files: readonly FileRef[];
  change(update: (files: readonly FileRef[]) => readonly FileRef[]): void;
  upload(file: File): Promise<FileRef>;
  /** Why the agent takes no files; absent if it takes them. */
  refusal?: string;
}): Attachments {
  const { t } = useTranslation("chat");
  const { files, change, upload, refusal } = options;
  const [uploading, setUploading] = useState(0);
  const [problem, setProblem] = useState<string>();
  const [over, setOver] = useState(false);
  const take = async (chosen: Iterable<File>) => {
    setProblem(refusal);
    if (refusal) return;
    for (const file of chosen) {
      setUploading((count) => count + 1);
      try {
        const ref = await upload(file);
        change((before) => [...before, ref]);
      } catch (error) {
        setProblem(t("uploadFailed", { name: file.name, why: (error as Error).message }));
      }
      setUploading((count) => count - 1);
    }
  };
  return {
    files,
    uploading,
    over,
    refused: refusal !== undefined,
    problem,
    setProblem,
    take: (chosen) => void take(chosen),
    detach: (file) => change((before) => before.filter((one) => one.id !== file.id)),
    drop: {
      onDragOver(event: DragEvent) {
        if (!event.dataTransfer.types.includes("Files")) return;
        event.preventDefault();
        setOver(true);
      },
      onDragLeave: () => setOver(false),
      onDrop(event: DragEvent) {
        event.preventDefault();
        setOver(false);
        void take([...event.dataTransfer.files]);
      },
    },
    onPaste(event) {
      if (event.clipboardData.files.length === 0) return;
      event.preventDefault();
      void take([...event.clipboardData.files]);
    },
  };
}

/** The attached files, a running upload and its failure. */
export function AttachedFiles({ attachments, className }: { attachments: Attachments; className?: string }) {
  const { t } = useTranslation("chat");
  const { files, uploading, problem } = attachments;
  if (files.length === 0 && uploading === 0 && !problem) return null;
  return (
    <div className={className}>
      <div className="flex flex-wrap items-center gap-1.5">
        {files.map((file) => (
          <span
            key={file.id}
            className="inline-flex max-w-full items-center gap-1 rounded-md bg-kind-files/10 px-2 py-0.5 text-kind-files text-sm"
          >
            <span className="truncate">{file.name}</span>
            <button
              type="button"
              aria-label={t("detach", { name: file.name })}
              className="touch-inline"
              onClick={() => attachments.detach(file)}
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
    </div>
  );
}

export function AttachButton({ attachments }: { attachments: Attachments }) {
  const { t } = useTranslation("chat");
  const picker = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={picker}
        type="file"
        multiple
        hidden
        onChange={(event) => {
          const chosen = [...(event.target.files ?? [])];
          event.target.value = "";
          attachments.take(chosen);
        }}
      />
      <IconButton
        icon={Paperclip}
        label={t("attach")}
        side="top"
        onClick={() => (attachments.refused ? attachments.take([]) : picker.current?.click())}
      />
    </>
  );
}

/** The names of the files of a sent message. */
export function SentFiles({ files }: { files: readonly FileRef[] | undefined }) {
  return files?.map((file) => (
    <span key={file.id} className="mt-1 flex items-center gap-1.5 text-ink-2 text-sm">
      <Paperclip size={13} aria-hidden className="shrink-0" />
      <span className="truncate">{file.name}</span>
    </span>
  ));
}
