import { type LucideIcon, Upload } from "lucide-react";
import { type DragEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { cx } from "./cx.ts";

/** Whether files (not text or a node) are dragged over the window. */
function carriesFiles(event: { dataTransfer: DataTransfer | null }): boolean {
  return event.dataTransfer?.types.includes("Files") ?? false;
}

/** All files of a drop, including those in folders, each with its path inside the folder. */
export async function droppedFiles(data: DataTransfer): Promise<{ file: File; path: string }[]> {
  // Entries must be read before the first await, because the browser clears the list then.
  const entries = [...data.items].map((item) => item.webkitGetAsEntry?.() ?? null);
  const plain = [...data.files];
  if (entries.every((entry) => !entry)) return plain.map((file) => ({ file, path: file.name }));
  const found: { file: File; path: string }[] = [];
  for (const entry of entries) if (entry) await walk(entry, "", found);
  return found;
}

async function walk(entry: FileSystemEntry, folder: string, found: { file: File; path: string }[]): Promise<void> {
  const path = folder ? `${folder}/${entry.name}` : entry.name;
  if (entry.isFile) {
    const file = await new Promise<File>((done, fail) => (entry as FileSystemFileEntry).file(done, fail));
    found.push({ file, path });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    // A directory reader returns at most a hundred entries at a time.
    const batch = await new Promise<FileSystemEntry[]>((done, fail) => reader.readEntries(done, fail));
    if (batch.length === 0) return;
    for (const inner of batch) await walk(inner, path, found);
  }
}

/** An area to drop files on, or to click to choose them. */
export function DropZone({
  title,
  hint,
  icon: Icon = Upload,
  accept,
  folders,
  compact,
  onFiles,
  children,
}: {
  title: ReactNode;
  hint?: ReactNode;
  icon?: LucideIcon;
  accept?: string;
  /** Lets a person choose folders instead of files; dropping accepts both. */
  folders?: boolean;
  compact?: boolean;
  onFiles(files: { file: File; path: string }[]): void;
  children?: ReactNode;
}) {
  const [over, setOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is for the pointer; the button inside does the same
    <div
      onDragOver={(event) => {
        if (!carriesFiles(event)) return;
        event.preventDefault();
        event.stopPropagation();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event: DragEvent) => {
        if (!carriesFiles(event)) return;
        event.preventDefault();
        event.stopPropagation();
        setOver(false);
        void droppedFiles(event.dataTransfer).then(onFiles);
      }}
      className={cx(
        "rounded-xl border border-dashed transition-colors",
        over ? "border-accent bg-accent-soft" : "border-line-strong bg-surface hover:border-ink-3",
      )}
    >
      <input
        ref={input}
        type="file"
        multiple
        accept={accept}
        className="hidden"
        {...(folders ? { webkitdirectory: "" } : {})}
        onChange={(event) => {
          const files = [...(event.target.files ?? [])];
          event.target.value = "";
          if (files.length > 0) onFiles(files.map((file) => ({ file, path: file.webkitRelativePath || file.name })));
        }}
      />
      <button
        type="button"
        onClick={() => input.current?.click()}
        className={cx(
          "flex w-full items-center gap-3 rounded-xl",
          compact ? "px-4 py-3 text-left" : "flex-col px-6 py-8 text-center",
        )}
      >
        <Icon size={20} aria-hidden className="text-ink-2" />
        <span className="min-w-0">
          <span className="block font-medium">{title}</span>
          {hint && <span className="block text-ink-3 text-sm">{hint}</span>}
        </span>
      </button>
      {children}
    </div>
  );
}

/** Accepts files dropped anywhere on the window, and shows a hint while they are dragged over it. */
export function WindowDrop({ title, hint, onFiles }: { title: string; hint: string; onFiles(files: File[]): void }) {
  const [over, setOver] = useState(false);
  const handler = useRef(onFiles);
  handler.current = onFiles;
  useEffect(() => {
    let depth = 0;
    const enter = (event: globalThis.DragEvent) => {
      if (!carriesFiles(event)) return;
      depth++;
      setOver(true);
    };
    const leave = (event: globalThis.DragEvent) => {
      if (!carriesFiles(event)) return;
      depth = Math.max(0, depth - 1);
      if (depth === 0) setOver(false);
    };
    const above = (event: globalThis.DragEvent) => {
      if (carriesFiles(event)) event.preventDefault();
    };
    const drop = (event: globalThis.DragEvent) => {
      depth = 0;
      setOver(false);
      if (event.defaultPrevented || !carriesFiles(event)) return;
      event.preventDefault();
      handler.current([...(event.dataTransfer?.files ?? [])]);
    };
    window.addEventListener("dragenter", enter);
    window.addEventListener("dragleave", leave);
    window.addEventListener("dragover", above);
    window.addEventListener("drop", drop);
    return () => {
      window.removeEventListener("dragenter", enter);
      window.removeEventListener("dragleave", leave);
      window.removeEventListener("dragover", above);
      window.removeEventListener("drop", drop);
    };
  }, []);
  if (!over) return null;
  return (
    <div className="pointer-events-none fixed inset-0 z-50 flex items-center justify-center bg-scrim animate-fade">
      <div className="flex flex-col items-center gap-1 rounded-xl border-2 border-accent border-dashed bg-raised px-12 py-10 shadow-float">
        <Upload size={24} aria-hidden className="mb-2 text-accent" />
        <p className="font-semibold text-lg">{title}</p>
        <p className="text-ink-2">{hint}</p>
      </div>
    </div>
  );
}
