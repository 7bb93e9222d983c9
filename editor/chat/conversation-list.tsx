import { Check, MessageSquarePlus, Pencil, Trash2, X } from "lucide-react";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "../ui/button.tsx";
import { cx } from "../ui/cx.ts";
import { IconButton } from "../ui/icon-button.tsx";
import { Input } from "../ui/input.tsx";
import { Notice } from "../ui/notice.tsx";
import type { SavedConversation } from "./conversations.ts";

export interface ConversationListProps {
  list: readonly SavedConversation[];
  /** The open session. */
  current: string;
  onOpen(one: SavedConversation): void;
  onNew(): void;
  onRename(session: string, title: string): void;
  /** Rejects with a message if the conversation could not be deleted. */
  onDelete(one: SavedConversation): Promise<void>;
}

/** The visitor's conversations with this agent: open, rename, delete, start a new one. */
export function ConversationList({
  list,
  current,
  onOpen,
  onNew,
  onRename,
  onDelete: onForget,
}: ConversationListProps) {
  const { t } = useTranslation("chat");
  return (
    <>
      <Button icon={MessageSquarePlus} className="mb-2 w-full" onClick={onNew}>
        {t("newConversation")}
      </Button>
      <ul className="flex min-h-0 flex-1 flex-col gap-0.5 overflow-y-auto">
        {list.map((one) => (
          <Entry
            key={one.session}
            one={one}
            isCurrent={one.session === current}
            onOpen={() => onOpen(one)}
            onRename={(title) => onRename(one.session, title)}
            onForget={() => onForget(one)}
          />
        ))}
      </ul>
      <p className="px-2.5 pt-2 text-ink-3 text-xs">{t("keptHere")}</p>
      <p className="px-2.5 text-ink-3 text-xs">{t("madeWith")}</p>
    </>
  );
}

interface EntryProps {
  one: SavedConversation;
  isCurrent: boolean;
  onOpen(): void;
  onRename(title: string): void;
  onForget(): Promise<void>;
}

function Entry({ one, isCurrent, onOpen, onRename, onForget }: EntryProps) {
  const { t } = useTranslation("chat");
  const [doing, setDoing] = useState<"rename" | "delete">();
  const [title, setTitle] = useState(one.title);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const name = one.title || t("untitled");

  if (doing === "rename") {
    const save = (event: FormEvent) => {
      event.preventDefault();
      if (title.trim()) onRename(title.trim());
      setDoing(undefined);
    };
    return (
      <li>
        <form className="flex items-center gap-1" onSubmit={save}>
          <Input
            aria-label={t("name")}
            autoFocus
            maxLength={80}
            value={title}
            className="flex-1"
            onChange={(event) => setTitle(event.target.value)}
            onKeyDown={(event) => {
              if (event.key !== "Escape") return;
              event.stopPropagation();
              setDoing(undefined);
            }}
          />
          <IconButton icon={Check} size="sm" label={t("saveName")} type="submit" />
        </form>
      </li>
    );
  }
  if (doing === "delete")
    return (
      <li className="rounded-md border border-line px-2.5 py-2">
        <p className="text-sm">{t("confirmDelete", { name })}</p>
        {problem && <Notice tone="bad" title={problem} />}
        <div className="mt-2 flex gap-2">
          <Button
            size="sm"
            variant="danger"
            busy={busy}
            autoFocus
            onClick={async () => {
              setBusy(true);
              await onForget().catch((error: Error) => setProblem(error.message));
              setBusy(false);
            }}
          >
            {t("confirmDeleteButton")}
          </Button>
          <Button size="sm" icon={X} onClick={() => setDoing(undefined)}>
            {t("cancel", { ns: "common" })}
          </Button>
        </div>
      </li>
    );
  const shown =
    "opacity-0 focus:opacity-100 group-focus-within:opacity-100 group-hover:opacity-100 pointer-coarse:opacity-100";
  return (
    <li className={cx("group flex items-center rounded-md hover:bg-hover", isCurrent && "bg-hover")}>
      <button
        type="button"
        aria-current={isCurrent ? "true" : undefined}
        className={cx("min-w-0 flex-1 truncate px-2.5 py-1.5 text-left", isCurrent && "font-medium")}
        onClick={onOpen}
      >
        {name}
      </button>
      <IconButton
        icon={Pencil}
        size="sm"
        label={t("rename", { name })}
        className={shown}
        onClick={() => {
          setTitle(name);
          setDoing("rename");
        }}
      />
      <IconButton
        icon={Trash2}
        size="sm"
        danger
        label={t("deleteConversation", { name })}
        className={cx("mr-1", shown)}
        onClick={() => setDoing("delete")}
      />
    </li>
  );
}
