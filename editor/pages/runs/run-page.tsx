import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { CircleStop, ThumbsDown, ThumbsUp, Trash2 } from "lucide-react";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "wouter";
import type { RunView } from "../../../runtime/fold-run.ts";
import type { RunRow } from "../../../server/contract/run.ts";
import { api } from "../../api/api.ts";
import { lookup } from "../../graph/lookup.ts";
import { table } from "../../graph/node-types.ts";
import { nodeIcon, nodeTone } from "../../hooks/node-icons.ts";
import { useNow } from "../../hooks/use-now.ts";
import { graphAt, NOT_FETCHED } from "../../hooks/use-scope-words.ts";
import { dateTime, dollars, number, span } from "../../i18n/format.ts";
import { useNodeWords } from "../../i18n/node-words.ts";
import { Answer } from "../../panels/reply.tsx";
import { hasEnded, isOpen, RunBadge } from "../../panels/run-badge.tsx";
import { answerDocuments } from "../../panels/turn-view.tsx";
import { Page, Section } from "../../shell/page.tsx";
import { ErrorNotice } from "../../shell/query-state.tsx";
import { Button, LinkButton } from "../../ui/button.tsx";
import { CodeBlock } from "../../ui/code-block.tsx";
import { ConfirmDialog } from "../../ui/dialog.tsx";
import { IconButton } from "../../ui/icon-button.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Skeleton } from "../../ui/progress.tsx";
import { EventList } from "./event-list.tsx";
import { isNotFound, RunNotFound } from "./run-not-found.tsx";
import { RunReply } from "./run-reply.tsx";
import { type FaceOf, RunTimeline } from "./run-timeline.tsx";
import { RUNS_KEY, useDeleteRuns } from "./runs-page.tsx";
import { useAgentName } from "./use-agent-name.ts";
import { useRun } from "./use-run.ts";
import { WaitCard } from "./wait-card.tsx";

/** One run: the message, the reply and its sources, the timeline, and the recorded events. */
export function RunPage({ id }: { id: string }) {
  const { t } = useTranslation(["runs", "common", "errors", "testing"]);
  const [, go] = useLocation();
  const { events, view, text, error, loading, refollow } = useRun(id);
  const row = useQuery({ queryKey: [...RUNS_KEY, id], queryFn: ({ signal }) => api.runs.get(id, signal) });
  const [chosen, setChosen] = useState<string>();
  const [asking, setAsking] = useState(false);
  const now = useNow(isOpen(view.status) && !loading, 250);
  const faceOf = useFaces(id, view.start !== undefined);
  const cancel = useMutation({ mutationFn: () => api.runs.cancel(id) });
  const remove = useDeleteRuns(() => go("/runs"));

  const message = view.start?.input.message ?? row.data?.message ?? id;
  const grounding = [...view.nodes.values()].reverse().find((node) => node.grounding && !node.scope?.length)?.grounding;
  const unknown = error !== undefined && events.length === 0;
  const status = unknown ? undefined : loading ? row.data?.status : view.status;

  return (
    <Page
      wide
      crumbs={[{ label: t("title"), href: "/runs" }, { label: shorten(message) }]}
      title={<span className="line-clamp-2">{shorten(message, 140)}</span>}
      aside={status && <RunBadge status={status} />}
      actions={
        <>
          {status && isOpen(status) && !loading && (
            <Button icon={CircleStop} busy={cancel.isPending} onClick={() => cancel.mutate()}>
              {t("page.cancel")}
            </Button>
          )}
          {view.start && <LinkButton href={`/runs/${id}/graph`}>{t("testing:onGraph")}</LinkButton>}
          {view.start?.agent.id && (
            <LinkButton href={`/agents/${view.start.agent.id}`}>{t("page.openAgent")}</LinkButton>
          )}
          {hasEnded(view.status) && (
            <IconButton icon={Trash2} danger label={t("page.deleteOne")} side="left" onClick={() => setAsking(true)} />
          )}
        </>
      }
    >
      {unknown ? (
        isNotFound(error) ? (
          <RunNotFound />
        ) : (
          <ErrorNotice error={error} onRetry={refollow} />
        )
      ) : loading ? (
        <Skeleton className="h-64" />
      ) : (
        <div className="grid grid-cols-[minmax(0,1fr)_280px] gap-8 max-lg:grid-cols-1">
          <div className="min-w-0">
            {error !== undefined && <ErrorNotice error={error} onRetry={refollow} className="mb-6" />}
            {view.waits.length > 0 && (
              <Section title={t("wait.title", { count: view.waits.length })}>
                <div className="flex flex-col gap-3">
                  {view.waits.map((wait) => (
                    <WaitCard key={wait.wait} run={id} wait={wait} onDecided={refollow} />
                  ))}
                </div>
              </Section>
            )}
            <Section title={t("column.message")}>
              <p className="whitespace-pre-wrap rounded-xl bg-accent-soft px-4 py-3">{message}</p>
            </Section>
            <Section title={t("page.reply")}>
              {view.error && !view.output ? (
                <Notice tone="bad" title={t(`errors:${view.error.code}`)}>
                  {view.failedNode && (
                    <p>{t("page.failedAt", { node: faceOf(undefined, view.failedNode)?.title ?? view.failedNode })}</p>
                  )}
                  {view.error.message}
                </Notice>
              ) : (
                <div className="rounded-xl border border-line bg-surface px-4 py-3.5">
                  {view.output ? (
                    <RunReply output={view.output} documents={answerDocuments(view)} grounding={grounding} />
                  ) : text ? (
                    <Answer text={text} documents={[]} />
                  ) : (
                    <p className="text-ink-3">{t(hasEnded(view.status) ? "page.noReply" : "page.noReplyYet")}</p>
                  )}
                </div>
              )}
            </Section>
            <Section title={t("page.timeline")} lead={t("page.timelineLead")}>
              <RunTimeline run={view} now={now} faceOf={faceOf} chosen={chosen} onChoose={setChosen} />
            </Section>
            <Section title={t("page.events")} lead={t("page.eventsLead")}>
              <EventList events={events} startedAt={view.startedAt} />
            </Section>
          </div>
          <Facts id={id} view={view} row={row.data} now={now} />
        </div>
      )}
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        title={t("deleteTitle", { count: 1 })}
        description={t("deleteLead")}
        confirm={t("common:delete")}
        busy={remove.isPending}
        onConfirm={() => remove.mutate([id])}
      />
    </Page>
  );
}

function Facts({ id, view, row, now }: { id: string; view: RunView; row?: Pick<RunRow, "rating">; now: number }) {
  const agentName = useAgentName();
  const { t } = useTranslation("runs");
  const { start, usage } = view;
  return (
    <aside aria-label={t("page.facts")} className="lg:sticky lg:top-8 lg:self-start">
      <dl className="flex flex-col gap-2.5 rounded-xl border border-line bg-surface p-4">
        <Fact name={t("column.started")}>{view.startedAt > 0 && dateTime(view.startedAt)}</Fact>
        <Fact name={t("column.duration")}>{view.startedAt > 0 && span((view.endedAt ?? now) - view.startedAt)}</Fact>
        <Fact name={t("page.inTokens")}>{number(usage.inputTokens)}</Fact>
        <Fact name={t("page.outTokens")}>{number(usage.outputTokens)}</Fact>
        <Fact name={t("page.steps")}>{number(usage.steps)}</Fact>
        <Fact name={t("page.toolCalls")}>{number(usage.toolCalls)}</Fact>
        <Fact name={t("column.cost")}>{usage.costUsd !== undefined && dollars(usage.costUsd)}</Fact>
        <Fact name={t("column.agent")}>
          {start && (
            <>
              {agentName({ agent: start.agent.id, name: start.agent.name })}{" "}
              <span className="text-ink-3">
                {start.agent.version ? t("version", { version: start.agent.version }) : t("draft")}
              </span>
            </>
          )}
        </Fact>
        <Fact name={t("page.session")}>
          {start?.session && (
            <Link
              href={`/sessions/${encodeURIComponent(start.session)}`}
              className="block truncate text-accent hover:underline"
            >
              {start.session}
            </Link>
          )}
        </Fact>
        <Fact name={t("page.user")}>{start?.user}</Fact>
        <Fact name={t("page.key")}>{start?.key}</Fact>
        <Fact name={t("page.forkOf")}>
          {start?.fork && (
            <Link href={`/runs/${start.fork.run}`} className="text-accent hover:underline">
              {start.fork.run}
            </Link>
          )}
        </Fact>
        <Fact name={t("page.id")}>
          <code className="break-all text-ink-3 text-xs">{id}</code>
        </Fact>
      </dl>
      {view.status === "done" && <Rating id={id} row={row} />}
    </aside>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  if (children === undefined || children === null || children === false) return null;
  return (
    <div className="flex justify-between gap-3">
      <dt className="shrink-0 text-ink-3">{name}</dt>
      <dd className="min-w-0 text-right tnum">{children}</dd>
    </div>
  );
}

function Rating({ id, row }: { id: string; row?: Pick<RunRow, "rating"> }) {
  const { t } = useTranslation("runs");
  const client = useQueryClient();
  const rate = useMutation({
    // Keeps the caller's comment.
    mutationFn: (score: number) =>
      api.runs.rate(id, { score, ...(row?.rating?.comment && { comment: row.rating.comment }) }),
    onSuccess: () => client.invalidateQueries({ queryKey: [...RUNS_KEY, id] }),
  });
  const score = rate.variables ?? row?.rating?.score;
  return (
    <div className="mt-3 rounded-xl border border-line bg-surface py-2 pr-2 pl-4">
      <div className="flex items-center justify-between">
        <span className="text-ink-2">{t("page.rate")}</span>
        <span className="flex gap-0.5">
          <IconButton icon={ThumbsUp} label={t("page.rateGood")} pressed={score === 1} onClick={() => rate.mutate(1)} />
          <IconButton
            icon={ThumbsDown}
            label={t("page.rateBad")}
            pressed={score === -1}
            onClick={() => rate.mutate(-1)}
          />
        </span>
      </div>
      {row?.rating?.comment && (
        <blockquote className="mt-1 mb-1 whitespace-pre-wrap break-words border-line-strong border-l-2 pl-3">
          {row.rating.comment}
        </blockquote>
      )}
      {rate.isError && <CodeBlock code={String(rate.error.message)} />}
    </div>
  );
}

/** The icon and colour of each node, from the graph that the run executed. */
function useFaces(run: string, began: boolean): FaceOf {
  const words = useNodeWords();
  const query = useQuery({
    queryKey: [...RUNS_KEY, run, "graph"],
    queryFn: ({ signal }) => api.runs.graph(run, signal),
    enabled: began,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const graph = query.data?.graph;
  return (scope, id) => {
    const around = graph && graphAt(graph, scope ?? [], NOT_FETCHED);
    const node = around && lookup(around).node(id);
    const definition = node && table.get(node.type);
    return node && { title: words.nodeTitle(node), icon: nodeIcon(definition), tone: nodeTone(definition) };
  };
}

function shorten(text: string, length = 48): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return line.length > length ? `${line.slice(0, length).trimEnd()}…` : line;
}
