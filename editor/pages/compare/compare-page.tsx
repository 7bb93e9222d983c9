import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import type { Scope } from "../../../runtime/event.ts";
import type { RunView } from "../../../runtime/fold-run.ts";
import type { Graph } from "../../../runtime/graph.ts";
import { api } from "../../api/api.ts";
import { outputText } from "../../graph/output-texts.ts";
import { graphAt, NOT_FETCHED } from "../../hooks/use-scope-words.ts";
import * as format from "../../i18n/format.ts";
import { RunBadge } from "../../panels/run-badge.tsx";
import { Page, Section } from "../../shell/page.tsx";
import { ErrorNotice } from "../../shell/query-state.tsx";
import { Skeleton } from "../../ui/progress.tsx";
import { type FollowedRun, useRun } from "../runs/use-run.ts";
import { compareRuns, partsInside } from "./compare.ts";
import { ScopeBar } from "./compare-scope.tsx";
import { NodeTable, Texts } from "./compare-table.tsx";

/** Compares two runs side by side: the input, a word diff of the replies, and each node's inputs and outputs. */
export function ComparePage({ first, second }: { first: string; second: string }) {
  const { t } = useTranslation(["testing", "runs"]);
  const a = useRun(first);
  const b = useRun(second);
  const failed = [a, b].find((run) => run.error !== undefined && run.events.length === 0);
  return (
    <Page
      wide
      crumbs={[{ label: t("runs:title"), href: "/runs" }, { label: t("compare") }]}
      title={t("compareTitle")}
      lead={t("compareLead")}
    >
      {failed ? (
        <ErrorNotice
          error={failed.error}
          onRetry={() => {
            a.refollow();
            b.refollow();
          }}
        />
      ) : a.loading || b.loading ? (
        <Skeleton className="h-64" />
      ) : (
        <Compared first={a} second={b} />
      )}
    </Page>
  );
}

function Compared({ first, second }: { first: FollowedRun; second: FollowedRun }) {
  const { t } = useTranslation("testing");
  const [scope, setScope] = useState<Scope>([]);
  const nodes = useMemo(() => compareRuns(first.view, second.view, scope), [first.view, second.view, scope]);
  const parts = useMemo(() => partsInside(first.view, second.view, scope), [first.view, second.view, scope]);
  const graph = useGraphOf(second.view.id);
  return (
    <>
      <div className="mb-7 grid grid-cols-2 gap-4 max-md:grid-cols-1">
        <RunCard label={t("first")} view={first.view} />
        <RunCard label={t("second")} view={second.view} />
      </div>
      <Section title={t("message")}>
        <Texts first={first.view.start?.input.message ?? ""} second={second.view.start?.input.message ?? ""} />
      </Section>
      <Section title={t("reply")}>
        <Texts first={replyOf(first.view)} second={replyOf(second.view)} />
      </Section>
      <Section title={t("nodes")}>
        {scope.length > 0 && <ScopeBar scope={scope} graph={graph} onScope={setScope} />}
        <NodeTable nodes={nodes} parts={parts} graph={graph && graphAt(graph, scope, NOT_FETCHED)} onScope={setScope} />
      </Section>
    </>
  );
}

function RunCard({ label, view }: { label: string; view: RunView }) {
  const { t } = useTranslation("testing");
  const tokens = view.usage.inputTokens + view.usage.outputTokens;
  return (
    <section aria-label={label} className="rounded-xl border border-line bg-surface px-4 py-3">
      <p className="flex items-center gap-2.5">
        <span className="font-semibold">{label}</span>
        <RunBadge status={view.status} />
        <Link href={`/runs/${view.id}/graph`} className="ml-auto rounded-sm text-accent text-sm hover:underline">
          {t("onGraph")}
        </Link>
      </p>
      <p className="mt-1 text-ink-2 text-sm tnum">
        {[
          format.dateTime(view.startedAt),
          view.endedAt !== undefined && format.span(view.endedAt - view.startedAt),
          tokens > 0 && `${format.number(tokens)} ${t("tokens")}`,
          view.usage.costUsd !== undefined && format.dollars(view.usage.costUsd),
        ]
          .filter(Boolean)
          .join(" · ")}
      </p>
    </section>
  );
}

const replyOf = (view: RunView) => (view.output ? outputText(view.output.reply) : (view.error?.message ?? ""));

/** The graph that a run executed. */
function useGraphOf(run: string): Graph | undefined {
  return useQuery({
    queryKey: ["runs", run, "graph"],
    queryFn: ({ signal }) => api.runs.graph(run, signal),
    staleTime: Number.POSITIVE_INFINITY,
  }).data?.graph;
}
