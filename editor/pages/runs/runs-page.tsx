import { keepPreviousData, useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { Clock3, Columns2, Trash2, Workflow } from "lucide-react";
import { useDeferredValue, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation, useSearch } from "wouter";
import type { RunRow } from "../../../server/contract/run.ts";
import { ApiError, api } from "../../api/api.ts";
import { compact, dollars, span } from "../../i18n/format.ts";
import { hasEnded, isOpen, RunBadge } from "../../panels/run-badge.tsx";
import { Page } from "../../shell/page.tsx";
import { ErrorNotice, RowsSkeleton, useErrorToast } from "../../shell/query-state.tsx";
import { Button, LinkButton } from "../../ui/button.tsx";
import { ConfirmDialog } from "../../ui/dialog.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { IconButton } from "../../ui/icon-button.tsx";
import { SearchInput } from "../../ui/input.tsx";
import { Select } from "../../ui/select.tsx";
import { ShowMore } from "../../ui/show-more.tsx";
import { Checkbox } from "../../ui/switch.tsx";
import { Cell, Head, HeadCell, Row, Table } from "../../ui/table.tsx";
import { NavTabs } from "../../ui/tabs.tsx";
import { Time } from "../../ui/time.tsx";
import { toast } from "../../ui/toast.tsx";
import { useAgents } from "../home/use-agents.ts";
import { RetentionNote } from "../settings/run-retention.tsx";
import { RatingMark } from "./rating-mark.tsx";
import {
  isFiltered,
  type Period,
  RATINGS,
  type RunFilters,
  readFilters,
  STATUSES,
  toQuery,
  writeFilters,
} from "./run-filters.ts";
import { useAgentName } from "./use-agent-name.ts";

const PAGE = 50;
const ANY = "any";
export const RUNS_KEY = ["runs"];

export function RunTabs({ current }: { current: "runs" | "sessions" }) {
  const { t } = useTranslation("runs");
  return (
    <NavTabs
      label={t("label")}
      current={current}
      tabs={[
        { id: "runs", label: t("title"), href: "/runs" },
        { id: "sessions", label: t("sessions.title"), href: "/sessions" },
      ]}
    />
  );
}

export function RunsPage() {
  const { t } = useTranslation(["runs", "common"]);
  const search = useSearch();
  const [, go] = useLocation();
  const filters = readFilters(search);
  const [text, setText] = useState(filters.text);
  const sought = useDeferredValue(text);
  const asked = toQuery({ ...filters, text: sought }, Date.now());
  const change = (next: Partial<RunFilters>) =>
    go(`/runs${writeFilters({ ...filters, text, ...next })}`, { replace: true });

  const runs = useInfiniteQuery({
    queryKey: [...RUNS_KEY, asked],
    queryFn: ({ pageParam, signal }) => api.runs.list({ ...asked, limit: PAGE, after: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => (page.length < PAGE ? undefined : page.at(-1)?.id),
    placeholderData: keepPreviousData,
    refetchInterval: (query) => (query.state.data?.pages[0]?.some((run) => isOpen(run.status)) ? 1500 : false),
  });
  const list = runs.data?.pages.flat() ?? [];
  const clear = () => {
    setText("");
    go("/runs", { replace: true });
  };

  return (
    <Page
      wide
      crumbs={[{ label: t("title") }]}
      title={t("title")}
      lead={
        <>
          {t("lead")} <RetentionNote />
        </>
      }
      tabs={<RunTabs current="runs" />}
    >
      <Filters filters={{ ...filters, text }} onText={setText} onChange={change} />
      {runs.isError && !runs.data && <ErrorNotice error={runs.error} onRetry={() => void runs.refetch()} />}
      {runs.isPending && <RowsSkeleton rows={8} />}
      {runs.data &&
        (list.length === 0 ? (
          isFiltered({ ...filters, text }) ? (
            <EmptyState
              icon={Clock3}
              title={t("noneMatch")}
              actions={<Button onClick={clear}>{t("clearFilters")}</Button>}
            />
          ) : (
            <EmptyState
              icon={Clock3}
              title={t("empty")}
              actions={
                <LinkButton href="/" variant="solid">
                  {t("openAgents")}
                </LinkButton>
              }
            >
              {t("emptyLead")}
            </EmptyState>
          )
        ) : (
          <RunTable runs={list} />
        ))}
      {runs.hasNextPage && <ShowMore busy={runs.isFetchingNextPage} onMore={() => void runs.fetchNextPage()} />}
    </Page>
  );
}

function Filters({
  filters,
  onText,
  onChange,
}: {
  filters: RunFilters;
  onText(text: string): void;
  onChange(next: Partial<RunFilters>): void;
}) {
  const { t } = useTranslation("runs");
  const agents = useAgents();
  return (
    <div className="mb-4 flex flex-wrap gap-2">
      <SearchInput
        value={filters.text}
        onChange={onText}
        onBlur={() => onChange({})}
        label={t("filter.text")}
        className="min-w-56 flex-1"
      />
      <Select
        className="w-48"
        label={t("filter.agent")}
        value={filters.agent ?? ANY}
        onChange={(agent) => onChange({ agent: agent === ANY ? undefined : agent })}
        options={[
          { value: ANY, label: t("filter.anyAgent") },
          ...(agents.data ?? []).map((agent) => ({ value: agent.id, label: agent.graph.name })),
        ]}
      />
      <Select
        className="w-36"
        label={t("filter.status")}
        value={filters.status ?? ANY}
        onChange={(status) => onChange({ status: status === ANY ? undefined : status })}
        options={[
          { value: ANY, label: t("filter.anyStatus") },
          ...STATUSES.map((status) => ({ value: status, label: t(`status.${status}`) })),
        ]}
      />
      <Select
        className="w-36"
        label={t("filter.rating")}
        value={filters.rating ?? ANY}
        onChange={(rating) => onChange({ rating: rating === ANY ? undefined : rating })}
        options={[
          { value: ANY, label: t("filter.anyRating") },
          ...RATINGS.map((rating) => ({ value: rating, label: t(`rating.${rating}`) })),
        ]}
      />
      <Select<Period>
        className="w-36"
        label={t("filter.time")}
        value={filters.period}
        onChange={(period) => onChange({ period })}
        options={[
          { value: "any", label: t("filter.anyTime") },
          { value: "day", label: t("filter.day") },
          { value: "week", label: t("filter.week") },
          { value: "month", label: t("filter.month") },
        ]}
      />
    </div>
  );
}

function RunTable({ runs }: { runs: RunRow[] }) {
  const agentName = useAgentName();
  const { t } = useTranslation(["runs", "common", "testing"]);
  const [, go] = useLocation();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [asking, setAsking] = useState(false);
  const remove = useDeleteRuns(() => {
    setChosen(new Set());
    setAsking(false);
  });
  const picked = runs.filter((run) => chosen.has(run.id));
  const toggle = (run: string, on: boolean) => {
    const next = new Set(chosen);
    if (on) next.add(run);
    else next.delete(run);
    setChosen(next);
  };
  return (
    <>
      {picked.length > 0 && (
        <div className="sticky top-2 z-10 mb-3 flex items-center gap-3 self-start rounded-lg border border-line bg-raised py-1.5 pr-1.5 pl-3.5 shadow-float animate-rise">
          <span className="font-medium tnum">{t("selected", { count: picked.length })}</span>
          {picked.length === 2 && (
            <Button size="sm" icon={Columns2} onClick={() => go(`/compare/${picked[1]!.id}/${picked[0]!.id}`)}>
              {t("testing:compare")}
            </Button>
          )}
          <Button size="sm" variant="danger" icon={Trash2} onClick={() => setAsking(true)}>
            {t("common:delete")}
          </Button>
        </div>
      )}
      <Table label={t("title")}>
        <Head>
          <HeadCell className="w-8">
            <Checkbox
              checked={picked.length === 0 ? false : picked.length === runs.length ? true : "indeterminate"}
              onChange={(on) => setChosen(on ? new Set(runs.map((run) => run.id)) : new Set())}
            >
              <span className="sr-only">{t("column.select")}</span>
            </Checkbox>
          </HeadCell>
          <HeadCell>{t("column.message")}</HeadCell>
          <HeadCell>{t("column.status")}</HeadCell>
          <HeadCell>{t("column.agent")}</HeadCell>
          <HeadCell end>{t("column.started")}</HeadCell>
          <HeadCell end>{t("column.duration")}</HeadCell>
          <HeadCell end className="max-lg:hidden">
            {t("column.tokens")}
          </HeadCell>
          <HeadCell end className="max-lg:hidden">
            {t("column.cost")}
          </HeadCell>
        </Head>
        <tbody>
          {runs.map((run) => (
            <Row key={run.id} onOpen={() => go(`/runs/${run.id}`)}>
              <Cell>
                <Checkbox checked={chosen.has(run.id)} onChange={(on) => toggle(run.id, on)}>
                  <span className="sr-only">{t("select", { message: run.message })}</span>
                </Checkbox>
              </Cell>
              <Cell className="w-full max-w-0 max-md:min-w-44">
                <span className="flex items-center gap-1">
                  <Link
                    href={`/runs/${run.id}`}
                    aria-label={t("open", { message: run.message })}
                    className="min-w-0 truncate rounded-sm font-medium hover:underline"
                  >
                    {run.message || run.id}
                  </Link>
                  <IconButton
                    size="sm"
                    icon={Workflow}
                    label={t("onGraph", { message: run.message })}
                    onClick={(event) => {
                      event.stopPropagation();
                      go(`/runs/${run.id}/graph`);
                    }}
                  />
                </span>
              </Cell>
              <Cell className="whitespace-nowrap">
                <RunBadge status={run.status} />
                {run.rating && <RatingMark rating={run.rating} />}
              </Cell>
              <Cell className="whitespace-nowrap">
                {agentName(run)}
                <span className="ml-1.5 text-ink-3 text-sm">
                  {run.version ? t("version", { version: run.version }) : t("draft")}
                </span>
              </Cell>
              <Cell end className="whitespace-nowrap text-ink-2">
                <Time at={run.startedAt} />
              </Cell>
              <Cell end className="whitespace-nowrap">
                {run.endedAt ? span(run.endedAt - run.startedAt) : ""}
              </Cell>
              <Cell end className="whitespace-nowrap text-ink-2 max-lg:hidden">
                {compact(run.usage.inputTokens + run.usage.outputTokens)}
              </Cell>
              <Cell end className="whitespace-nowrap text-ink-2 max-lg:hidden">
                {run.usage.costUsd === undefined ? "" : dollars(run.usage.costUsd)}
              </Cell>
            </Row>
          ))}
        </tbody>
      </Table>
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        title={t("deleteTitle", { count: picked.length })}
        description={[t("deleteLead"), picked.some((run) => !hasEnded(run.status)) && t("stillRunning")]
          .filter(Boolean)
          .join(" ")}
        confirm={t("common:delete")}
        busy={remove.isPending}
        onConfirm={() => remove.mutate(picked.filter((run) => hasEnded(run.status)).map((run) => run.id))}
      />
    </>
  );
}

/** Deletes runs one by one. The first failure is reported; runs deleted before it stay deleted. */
export function useDeleteRuns(onDone: () => void) {
  const { t } = useTranslation("runs");
  const client = useQueryClient();
  const toastError = useErrorToast();
  return useMutation({
    mutationFn: async (ids: string[]) => {
      let count = 0;
      for (const run of ids) {
        await api.runs.delete(run).catch((error) => {
          // Already deleted by another person.
          if (!(error instanceof ApiError && error.status === 404)) throw error;
        });
        count++;
      }
      return count;
    },
    onSuccess: (count) => toast({ title: t("deleted", { count }) }),
    onError: toastError,
    onSettled: () => {
      void client.invalidateQueries({ queryKey: RUNS_KEY });
      onDone();
    },
  });
}
