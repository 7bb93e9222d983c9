import { Lock, MessageSquarePlus, Trash2, WifiOff } from "lucide-react";
import { useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { setLanguage } from "../i18n/index.ts";
import { Button } from "../ui/button.tsx";
import { cx } from "../ui/cx.ts";
import { IconButton } from "../ui/icon-button.tsx";
import { Spinner } from "../ui/spinner.tsx";
import { Conversation } from "./conversation.tsx";
import { forget, type Remembered, remember, remembered } from "./conversations.ts";
import { createTalk } from "./talk.ts";
import { beginVisit, Line, Refusal, type Visit } from "./visit.ts";

const embedded = window.parent !== window;

/** The page: a visit is begun, then talked in. Conversations stand at the side, where there is room. */
export function ChatApp() {
  const { t } = useTranslation("chat");
  const [visit, setVisit] = useState<Visit>();
  const [refused, setRefused] = useState<"closed" | "offline">();
  const [list, setList] = useState<Remembered[]>(remembered);

  const open = (renew?: string) =>
    beginVisit(renew).then(
      (begun) => {
        setRefused(undefined);
        setVisit(begun);
        if (begun.agent.language !== "auto") setLanguage(begun.agent.language);
        document.title = begun.agent.name;
      },
      (error: unknown) => setRefused(error instanceof Refusal && error.status === 404 ? "closed" : "offline"),
    );
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the page opens
  useEffect(() => {
    void open(remembered()[0]?.token);
  }, []);

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
          {refused === "closed" && <p className="text-ink-2">{t("closedHint")}</p>}
          {refused === "offline" && <Button onClick={() => void open(remembered()[0]?.token)}>{t("again")}</Button>}
        </div>
      </main>
    );
  if (!visit)
    return (
      <main className="grid h-full place-items-center">
        <Spinner label={t("working")} />
      </main>
    );

  return (
    <div className="flex h-full">
      {!embedded && list.length > 0 && (
        <nav
          aria-label={t("conversations")}
          className="hidden w-60 shrink-0 flex-col gap-1 border-line border-r p-3 md:flex"
        >
          <Button icon={MessageSquarePlus} className="mb-2 w-full" onClick={() => void open()}>
            {t("newConversation")}
          </Button>
          <ul className="flex min-h-0 flex-1 flex-col gap-0.5 overflow-y-auto">
            {list.map((one) => (
              <li key={one.session} className="group relative">
                <button
                  type="button"
                  aria-current={one.session === visit.session ? "true" : undefined}
                  className={cx(
                    "w-full truncate rounded-md px-2.5 py-1.5 pr-8 text-left hover:bg-hover",
                    one.session === visit.session && "bg-hover font-medium",
                  )}
                  onClick={() => void open(one.token)}
                >
                  {one.title || t("untitled")}
                </button>
                <IconButton
                  icon={Trash2}
                  label={t("forget")}
                  size="sm"
                  className="absolute top-0.5 right-0.5 opacity-0 focus:opacity-100 group-hover:opacity-100"
                  onClick={async () => {
                    if (!confirm(t("forgetAsk"))) return;
                    await new Line(await beginVisit(one.token)).forget();
                    setList(forget(one.session));
                    if (one.session === visit.session) void open();
                  }}
                />
              </li>
            ))}
          </ul>
          <p className="px-2.5 text-ink-3 text-xs">{t("madeWith")}</p>
        </nav>
      )}
      <Visited
        key={visit.session}
        visit={visit}
        onSaid={(message) => setList(remember(visit, message))}
        onNew={() => void open()}
      />
    </div>
  );
}

function Visited({ visit, onSaid, onNew }: { visit: Visit; onSaid(message: string): void; onNew(): void }) {
  const line = useMemo(() => new Line(visit), [visit]);
  const talk = useMemo(() => createTalk(line), [line]);
  useEffect(() => {
    if (remembered().some((one) => one.session === visit.session)) void talk.load();
    return () => talk.close();
  }, [talk, visit.session]);
  return (
    <Conversation
      agent={visit.agent}
      talk={talk}
      upload={(file) => line.upload(file)}
      onSaid={onSaid}
      onNew={onNew}
      embedded={embedded}
    />
  );
}
