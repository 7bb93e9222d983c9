import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ArrowUpRight, MessagesSquare, Trash2, Wrench } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "wouter";
import { type Message, messageText } from "../../../runtime/message.ts";
import type { Session } from "../../../server/contract/run.ts";
import { api } from "../../api/api.ts";
import { dateTime, number } from "../../i18n/format.ts";
import { Answer } from "../../panels/reply.tsx";
import { hasEnded, RunBadge } from "../../panels/run-badge.tsx";
import { Page } from "../../shell/page.tsx";
import { ErrorNotice, Loaded, RowsSkeleton, useErrorToast } from "../../shell/query-state.tsx";
import { Badge } from "../../ui/badge.tsx";
import { LinkButton } from "../../ui/button.tsx";
import { ConfirmDialog } from "../../ui/dialog.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { IconButton } from "../../ui/icon-button.tsx";
import { Skeleton } from "../../ui/progress.tsx";
import { ShowMore } from "../../ui/show-more.tsx";
import { ActionsHead, Cell, Head, HeadCell, Row, Table } from "../../ui/table.tsx";
import { Time } from "../../ui/time.tsx";
import { toast } from "../../ui/toast.tsx";
import { RunTabs } from "./runs-page.tsx";
import { useAgentName } from "./use-agent-name.ts";

const KEY = ["sessions"];
const PAGE = 50;

function useDeleteSession(onDeleted: () => void) {
  const { t } = useTranslation("runs");
  const client = useQueryClient();
  const toastError = useErrorToast();
  return useMutation({
    mutationFn: (session: string) => api.sessions.delete(session),
    onSuccess: () => {
      toast({ title: t("sessions.deleted") });
      onDeleted();
    },
    onError: toastError,
    onSettled: () => client.invalidateQueries({ queryKey: KEY }),
  });
}

function DeleteSession({
  session,
  onClose,
  onDeleted,
}: {
  session: string | undefined;
  onClose(): void;
  onDeleted(): void;
}) {
  const { t } = useTranslation(["runs", "common"]);
  const remove = useDeleteSession(onDeleted);
  return (
    <ConfirmDialog
      open={session !== undefined}
      onClose={onClose}
      title={t("sessions.deleteTitle")}
      description={t("sessions.deleteLead")}
      confirm={t("common:delete")}
      busy={remove.isPending}
      onConfirm={() => session && remove.mutate(session, { onSettled: onClose })}
    />
  );
}

export function SessionsPage() {
  const agentName = useAgentName();
  const { t } = useTranslation(["runs", "common"]);
  const [, go] = useLocation();
  const [doomed, setDoomed] = useState<string>();
  const sessions = useInfiniteQuery({
    queryKey: KEY,
    queryFn: ({ pageParam, signal }) => api.sessions.list({ limit: PAGE, after: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => (page.length < PAGE ? undefined : page.at(-1)?.id),
  });
  const list = sessions.data?.pages.flat();
  return (
    <Page
      wide
      crumbs={[{ label: t("title"), href: "/runs" }, { label: t("sessions.title") }]}
      title={t("sessions.title")}
      lead={t("sessions.lead")}
      tabs={<RunTabs current="sessions" />}
    >
      {sessions.isError && <ErrorNotice error={sessions.error} onRetry={() => void sessions.refetch()} />}
      {sessions.isPending && <RowsSkeleton />}
      {list?.length === 0 && (
        <EmptyState
          icon={MessagesSquare}
          title={t("sessions.empty")}
          actions={
            <LinkButton href="/" variant="solid">
              {t("openAgents")}
            </LinkButton>
          }
        >
          {t("sessions.emptyLead")}
        </EmptyState>
      )}
      {list && list.length > 0 && (
        <Table label={t("sessions.title")}>
          <Head>
            <HeadCell>{t("sessions.column.title")}</HeadCell>
            <HeadCell>{t("column.agent")}</HeadCell>
            <HeadCell>{t("page.user")}</HeadCell>
            <HeadCell end>{t("sessions.column.turns")}</HeadCell>
            <HeadCell end>{t("sessions.column.last")}</HeadCell>
            <ActionsHead />
          </Head>
          <tbody>
            {list.map((session) => (
              <Row key={session.id} onOpen={() => go(`/sessions/${encodeURIComponent(session.id)}`)}>
                <Cell className="w-full max-w-0">
                  <Link
                    href={`/sessions/${encodeURIComponent(session.id)}`}
                    aria-label={t("sessions.open", { title: session.title })}
                    className="block truncate rounded-sm font-medium hover:underline"
                  >
                    {session.title || session.id}
                  </Link>
                </Cell>
                <Cell className="whitespace-nowrap">{agentName(session)}</Cell>
                <Cell className="whitespace-nowrap text-ink-2">{session.user ?? ""}</Cell>
                <Cell end>{number(session.turns)}</Cell>
                <Cell end className="whitespace-nowrap text-ink-2">
                  <Time at={session.updatedAt} />
                </Cell>
                <Cell end>
                  <IconButton
                    icon={Trash2}
                    size="sm"
                    side="left"
                    danger
                    label={t("sessions.delete")}
                    onClick={() => setDoomed(session.id)}
                  />
                </Cell>
              </Row>
            ))}
          </tbody>
        </Table>
      )}
      {sessions.hasNextPage && (
        <ShowMore busy={sessions.isFetchingNextPage} onMore={() => void sessions.fetchNextPage()} />
      )}
      <DeleteSession session={doomed} onClose={() => setDoomed(undefined)} onDeleted={() => undefined} />
    </Page>
  );
}

/** One conversation. Each turn links to its run. */
export function SessionPage({ id }: { id: string }) {
  const { t } = useTranslation("runs");
  const [, go] = useLocation();
  const [asking, setAsking] = useState(false);
  const session = useQuery({
    queryKey: [...KEY, id],
    queryFn: ({ signal }) => api.sessions.get(id, signal),
    refetchInterval: (query) => (query.state.data?.turns.some((turn) => !hasEnded(turn.status)) ? 1500 : false),
  });
  const first = session.data?.turns[0]?.messages[0];
  const title = first ? messageText(first) : id;
  return (
    <Page
      crumbs={[
        { label: t("title"), href: "/runs" },
        { label: t("sessions.title"), href: "/sessions" },
        { label: title.slice(0, 48) },
      ]}
      title={<span className="line-clamp-1">{title}</span>}
      lead={session.data && t("sessions.turns", { count: session.data.turns.length })}
      actions={
        <IconButton icon={Trash2} danger side="left" label={t("sessions.delete")} onClick={() => setAsking(true)} />
      }
    >
      <Loaded query={session} skeleton={<Skeleton className="h-64" />}>
        {(data) => (
          <ol className="flex flex-col gap-8">
            {data.turns.map((turn) => (
              <li key={turn.run}>
                <Turn turn={turn} />
              </li>
            ))}
          </ol>
        )}
      </Loaded>
      <DeleteSession
        session={asking ? id : undefined}
        onClose={() => setAsking(false)}
        onDeleted={() => go("/sessions")}
      />
    </Page>
  );
}

function Turn({ turn }: { turn: Session["turns"][number] }) {
  const { t } = useTranslation(["runs", "testing"]);
  return (
    <article className="flex flex-col gap-2.5">
      <header className="flex items-center gap-2 text-ink-3 text-sm">
        <time dateTime={new Date(turn.startedAt).toISOString()}>{dateTime(turn.startedAt)}</time>
        {turn.status !== "done" && <RunBadge status={turn.status} />}
        {turn.replaced && <Badge title={t("sessions.replacedHelp")}>{t("sessions.replaced")}</Badge>}
        <Link href={`/runs/${turn.run}`} className="ml-auto inline-flex items-center gap-1 rounded-sm hover:text-ink">
          {t("testing:openRun")} <ArrowUpRight size={14} aria-hidden />
        </Link>
      </header>
      {turn.messages.map((message, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: messages of a turn keep their order
        <Spoken key={index} message={message} />
      ))}
    </article>
  );
}

function Spoken({ message }: { message: Message }) {
  const { t } = useTranslation("runs");
  const text = messageText(message);
  if (message.role === "user")
    return <p className="max-w-[80%] self-end whitespace-pre-wrap rounded-xl bg-accent-soft px-4 py-2.5">{text}</p>;
  if (message.role === "tool")
    return (
      <details className="text-ink-2">
        <summary className="inline-flex items-center gap-2 text-sm">
          <Wrench size={14} aria-hidden className="text-kind-tools" /> {t("sessions.called", { tool: message.name })}
        </summary>
        <pre className="mt-1 whitespace-pre-wrap break-words rounded-lg border border-line bg-paper px-3 py-2 text-sm">
          {text}
        </pre>
      </details>
    );
  if (!text) return null;
  return (
    <div className="max-w-[88%] self-start rounded-xl border border-line bg-surface px-4 py-2.5">
      <Answer text={text} documents={[]} />
    </div>
  );
}
