import { useQuery, useQueryClient } from "@tanstack/react-query";
import { ArrowUpRight, CircleCheck } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import type { RunRow } from "../../../server/contract/run.ts";
import { api } from "../../api/api.ts";
import { RunBadge } from "../../panels/run-badge.tsx";
import { Page } from "../../shell/page.tsx";
import { ErrorNotice, Loaded } from "../../shell/query-state.tsx";
import { useWaits } from "../../shell/use-waits.ts";
import { LinkButton } from "../../ui/button.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { Skeleton } from "../../ui/progress.tsx";
import { ShowMore } from "../../ui/show-more.tsx";
import { Time } from "../../ui/time.tsx";
import { useAgentName } from "./use-agent-name.ts";
import { WaitCard } from "./wait-card.tsx";

const PAGE = 20;

/** The Inbox: all pending approvals of all agents, longest waiting first. */
export function InboxPage() {
  const { t } = useTranslation("runs");
  const waits = useWaits(3_000);
  const [shown, setShown] = useState(PAGE);
  return (
    <Page crumbs={[{ label: t("inbox.title") }]} title={t("inbox.title")} lead={t("inbox.lead")}>
      <Loaded query={waits}>
        {(runs) =>
          runs.length === 0 ? (
            <EmptyState
              icon={CircleCheck}
              title={t("inbox.empty")}
              actions={<LinkButton href="/runs">{t("inbox.openRuns")}</LinkButton>}
            >
              {t("inbox.emptyLead")}
            </EmptyState>
          ) : (
            <>
              <ul aria-label={t("inbox.title")} className="flex flex-col gap-8">
                {runs.slice(0, shown).map((run) => (
                  <PendingRun key={run.id} run={run} />
                ))}
              </ul>
              {runs.length > shown && <ShowMore onMore={() => setShown(shown + PAGE)} />}
            </>
          )
        }
      </Loaded>
    </Page>
  );
}

function PendingRun({ run }: { run: RunRow }) {
  const agentName = useAgentName();
  const { t } = useTranslation("runs");
  const client = useQueryClient();
  // Its key is under "runs", so that a decision here or a run that continues reloads it.
  const full = useQuery({
    queryKey: ["runs", run.id, "waits"],
    queryFn: ({ signal }) => api.runs.get(run.id, signal),
  });
  return (
    <li>
      <div className="mb-2 flex flex-wrap items-start gap-x-3 gap-y-1">
        <div className="min-w-60 flex-1">
          <Link href={`/runs/${run.id}`} className="line-clamp-2 rounded-sm font-medium hover:underline">
            {run.message || run.id}
          </Link>
          <p className="mt-0.5 text-ink-3 text-sm">
            {agentName(run)}
            {" · "}
            {run.version ? t("version", { version: run.version }) : t("draft")}
            {" · "}
            <Time at={run.startedAt} />
          </p>
        </div>
        <RunBadge status={run.status} />
        <LinkButton href={`/runs/${run.id}`} size="sm" variant="ghost" icon={ArrowUpRight}>
          {t("inbox.openRun")}
          <span className="sr-only">{run.message}</span>
        </LinkButton>
      </div>
      {full.isPending && <Skeleton className="h-28" />}
      {full.isError && <ErrorNotice error={full.error} onRetry={() => void full.refetch()} />}
      <div className="flex flex-col gap-3">
        {full.data?.waits?.map((wait) => (
          <WaitCard
            key={wait.wait}
            run={run.id}
            wait={wait}
            onDecided={() => void client.invalidateQueries({ queryKey: ["runs"] })}
          />
        ))}
      </div>
    </li>
  );
}
