import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { ChartColumn, FilterX } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useLocation, useSearch } from "wouter";
import type { UsageRow } from "../../../server/contract/run.ts";
import { api } from "../../api/api.ts";
import { compact, dollars, number, percent, shortDay, span } from "../../i18n/format.ts";
import { Page } from "../../shell/page.tsx";
import { Loaded } from "../../shell/query-state.tsx";
import { Button, LinkButton } from "../../ui/button.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { Segmented } from "../../ui/segmented.tsx";
import { Bars } from "./bars.tsx";
import { everyDay } from "./daily-usage.ts";
import { FilterBar } from "./filter-bar.tsx";
import { Lines } from "./lines.tsx";
import { RANGES, readFilters, toQuery, type UsageFilters, writeFilters } from "./usage-filters.ts";
import { UsageTable } from "./usage-table.tsx";
import { useUsageNames } from "./use-names.ts";

/** Usage of the agents: runs, latency, cost and failures, over time and by agent, version and key. */
export function UsagePage() {
  const { t } = useTranslation(["usage", "runs", "shell"]);
  const search = useSearch();
  const [, go] = useLocation();
  const filters = readFilters(search);
  const set = (next: UsageFilters) => go(`/usage${writeFilters(next)}`, { replace: true });
  const asked = toQuery(filters);
  const names = useUsageNames();
  const filtered = filters.agent !== undefined || filters.key !== undefined;
  // One row for the total and one per day, because percentiles cannot be added up.
  const usage = useQuery({
    queryKey: ["usage", "days", asked],
    queryFn: async ({ signal }) => {
      const [total, days] = await Promise.all([
        api.usage({ ...asked, by: [] }, signal),
        api.usage({ ...asked, by: ["day"] }, signal),
      ]);
      return { total: total[0], days };
    },
    placeholderData: keepPreviousData,
  });
  return (
    <Page
      wide
      crumbs={[{ label: t("shell:usage") }]}
      title={t("shell:usage")}
      lead={t("lead")}
      actions={
        <Segmented
          label={t("range")}
          value={String(filters.days)}
          onChange={(days) => set({ ...filters, days: RANGES.find((one) => String(one) === days)! })}
          options={RANGES.map((days) => ({ value: String(days), label: t("days", { count: days }) }))}
        />
      }
    >
      <Loaded query={usage}>
        {({ total, days }) =>
          total ? (
            <>
              <FilterBar filters={filters} names={names} onChange={set} />
              <Figures total={total} />
              <Plots days={everyDay(days, filters.days, Date.now())} total={total} />
              <UsageTable filters={filters} names={names} onChange={set} />
            </>
          ) : filtered ? (
            <>
              <FilterBar filters={filters} names={names} onChange={set} />
              <EmptyState
                icon={FilterX}
                title={t("noMatch")}
                actions={
                  <Button onClick={() => set({ days: filters.days, by: filters.by })}>{t("runs:clearFilters")}</Button>
                }
              >
                {t("noMatchLead")}
              </EmptyState>
            </>
          ) : (
            <EmptyState
              icon={ChartColumn}
              title={t("empty")}
              actions={
                <LinkButton href="/" variant="solid">
                  {t("runs:openAgents")}
                </LinkButton>
              }
            >
              {t("emptyLead")}
            </EmptyState>
          )
        }
      </Loaded>
    </Page>
  );
}

function Figures({ total }: { total: UsageRow }) {
  const { t } = useTranslation("usage");
  return (
    <dl className="mb-6 grid grid-cols-4 gap-4 max-lg:grid-cols-2">
      <Figure
        name={t("runs")}
        note={total.failed > 0 ? t("failedShare", { share: percent(total.failed / total.runs) }) : t("noneFailed")}
      >
        {number(total.runs)}
      </Figure>
      <Figure
        name={t("latency")}
        note={
          total.p95Ms === undefined
            ? ""
            : t("percentiles", { p95: span(total.p95Ms), p99: span(total.p99Ms ?? total.p95Ms) })
        }
      >
        {total.p50Ms === undefined ? "–" : span(total.p50Ms)}
      </Figure>
      <Figure
        name={t("tokens")}
        note={t("tokensSplit", { input: compact(total.inputTokens), output: compact(total.outputTokens) })}
      >
        {compact(total.inputTokens + total.outputTokens)}
      </Figure>
      <Figure
        name={t("cost")}
        note={total.costUsd === undefined ? t("costHelp") : t("calls", { count: total.toolCalls })}
      >
        {total.costUsd === undefined ? (
          <span className="font-medium text-ink-3 text-md">{t("costNone")}</span>
        ) : (
          dollars(total.costUsd)
        )}
      </Figure>
    </dl>
  );
}

function Figure({ name, note, children }: { name: string; note: string; children: ReactNode }) {
  return (
    <div className="rounded-xl border border-line bg-surface px-4 py-3.5">
      <dt className="text-ink-2">{name}</dt>
      <dd className="mt-1 font-semibold text-2xl tracking-tight tnum">{children}</dd>
      <dd className="mt-1 text-ink-3 text-sm tnum">{note}</dd>
    </div>
  );
}

function Plots({ days, total }: { days: (UsageRow & { day: string })[]; total: UsageRow }) {
  const { t } = useTranslation("usage");
  const labels = days.map(({ day }) => shortDay(day));
  const summary = (title: string, words: (value: number) => string, pick: (day: UsageRow) => number) =>
    t("plot", { title, max: words(Math.max(...days.map(pick))) });
  const bars = (
    title: string,
    words: (value: number) => string,
    pick: (day: UsageRow) => number,
    more: Partial<Parameters<typeof Bars>[0]> & { part?(day: UsageRow): number } = {},
  ) => {
    const { part, ...rest } = more;
    return (
      <Bars
        title={title}
        summary={summary(title, words, pick)}
        words={words}
        bars={days.map((day, at) => ({ label: labels[at]!, value: pick(day), ...(part && { part: part(day) }) }))}
        {...rest}
      />
    );
  };
  return (
    <div className="mb-10 grid grid-cols-2 gap-4 max-lg:grid-cols-1 lg:[&>:last-child:nth-child(odd)]:col-span-2">
      {bars(t("perDay"), number, (day) => day.runs, {
        part: (day) => day.failed,
        describePart: (failed) => t("failedCount", { count: failed }),
      })}
      {total.p50Ms !== undefined && (
        <Lines
          title={t("latencyPerDay")}
          summary={summary(t("latencyPerDay"), span, (day) => day.p99Ms ?? 0)}
          labels={labels}
          words={span}
          lines={[
            { name: "p50", weight: "first", values: days.map((day) => day.p50Ms) },
            { name: "p95", weight: "second", values: days.map((day) => day.p95Ms) },
            { name: "p99", weight: "third", values: days.map((day) => day.p99Ms) },
          ]}
        />
      )}
      {bars(t("tokensPerDay"), compact, (day) => day.inputTokens + day.outputTokens, {
        part: (day) => day.outputTokens,
        describePart: (output) => t("outputOf", { tokens: compact(output) }),
        partTone: "soft",
      })}
      {(total.costUsd ?? 0) > 0 && bars(t("costPerDay"), dollars, (day) => day.costUsd ?? 0)}
      {total.failed > 0 && bars(t("failedPerDay"), number, (day) => day.failed, { partTone: "whole" })}
    </div>
  );
}
