import { Lock, WifiOff, X } from "lucide-react";
import { useCallback, useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../api/call.ts";
import { setLanguage } from "../i18n/index.ts";
import { preferences } from "../session/preferences.ts";
import { Button } from "../ui/button.tsx";
import { IconButton } from "../ui/icon-button.tsx";
import { Spinner } from "../ui/spinner.tsx";
import { applyColor } from "./color.ts";
import { Conversation } from "./conversation.tsx";
import { ConversationList, type ConversationListProps } from "./conversation-list.tsx";
import { createConversationStore } from "./conversation-store.ts";
import {
  removeConversation,
  renameConversation,
  type SavedConversation,
  saveConversation,
  savedConversations,
} from "./conversations.ts";
import { askToClose, embedded } from "./embedding.ts";
import { startVisit, type Visit, VisitClient } from "./visit.ts";

/** The chat page: starts a visit and shows its conversation. Other conversations are at the side if there is room. */
export function ChatApp() {
  const { t } = useTranslation("chat");
  const [visit, setVisit] = useState<Visit>();
  const [refused, setRefused] = useState<"closed" | "full" | "offline">();
  const [list, setList] = useState<SavedConversation[]>(savedConversations);
  const [listed, setListed] = useState(false);

  const open = useCallback(async (renew?: string) => {
    setListed(false);
    try {
      const started = await startVisit(renew);
      setRefused(undefined);
      setVisit(started);
      // A language that the visitor chose is kept.
      if (started.agent.language !== "auto" && !preferences.getState().language) setLanguage(started.agent.language);
      document.title = started.agent.look.title ?? started.agent.name;
      applyColor(started.agent.look.color);
    } catch (error) {
      const status = error instanceof ApiError ? error.status : 0;
      setRefused(status === 404 ? "closed" : status === 429 ? "full" : "offline");
    }
  }, []);
  useEffect(() => {
    void open(savedConversations()[0]?.token);
  }, [open]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "Escape" || event.defaultPrevented) return;
      if (listed) setListed(false);
      else askToClose();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [listed]);

  if (refused)
    return (
      <main className="grid h-full place-items-center p-6 text-center">
        <div className="flex max-w-sm flex-col items-center gap-3">
          {refused === "closed" ? (
            <Lock size={22} className="text-ink-3" aria-hidden />
          ) : (
            <WifiOff size={22} className="text-ink-3" aria-hidden />
          )}
          <h1 className="font-semibold text-lg">{t(refused)}</h1>
          {refused === "closed" ? (
            <p className="text-ink-2">{t("closedHint")}</p>
          ) : (
            <Button onClick={() => void open(savedConversations()[0]?.token)}>{t("tryAgain")}</Button>
          )}
        </div>
      </main>
    );
  if (!visit)
    return (
      <main className="grid h-full place-items-center">
        <Spinner label={t("working")} />
      </main>
    );

  const conversations: ConversationListProps = {
    list,
    current: visit.session,
    onOpen: (one) => void open(one.token),
    onNew: () => void open(),
    onRename: (session, title) => setList(renameConversation(session, title)),
    async onDelete(one) {
      await new VisitClient(await startVisit(one.token)).deleteSession();
      setList(removeConversation(one.session));
      if (one.session === visit.session) void open();
    },
  };
  return (
    <div className="relative flex h-full">
      {!embedded && list.length > 0 && (
        <nav
          aria-label={t("conversations")}
          className="hidden w-60 shrink-0 flex-col border-client border-r p-3 md:flex"
        >
          <ConversationList {...conversations} />
        </nav>
      )}
      {listed && (
        <nav
          ref={focusOnce}
          tabIndex={-1}
          aria-label={t("conversations")}
          className="absolute inset-0 z-20 flex flex-col bg-paper p-3 outline-none animate-fade md:hidden"
        >
          <div className="mb-2 flex items-center justify-between">
            <h2 className="font-semibold text-md">{t("conversations")}</h2>
            <IconButton icon={X} label={t("close", { ns: "common" })} onClick={() => setListed(false)} />
          </div>
          <ConversationList {...conversations} />
        </nav>
      )}
      <Visited
        key={visit.session}
        visit={visit}
        onSaid={(message) => setList(saveConversation(visit, message))}
        onNew={() => void open()}
        onList={list.length > 0 ? () => setListed(true) : undefined}
      />
    </div>
  );
}

/** Defined outside the component, so that React calls it only when the element is mounted. */
function focusOnce(element: HTMLElement | null): void {
  element?.focus();
}

interface VisitedProps {
  visit: Visit;
  onSaid(message: string): void;
  onNew(): void;
  onList?(): void;
}

function Visited({ visit, onSaid, onNew, onList }: VisitedProps) {
  const client = useMemo(() => new VisitClient(visit), [visit]);
  const store = useMemo(() => createConversationStore(client), [client]);
  useEffect(() => {
    store.open();
    if (savedConversations().some((one) => one.session === visit.session)) void store.load();
    return () => store.close();
  }, [store, visit.session]);
  return (
    <Conversation
      agent={visit.agent}
      store={store}
      upload={(file) => client.upload(file)}
      load={(run, file) => client.file(run, file)}
      onSaid={onSaid}
      onNew={onNew}
      onList={onList}
    />
  );
}
