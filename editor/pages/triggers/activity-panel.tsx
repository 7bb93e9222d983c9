import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { RotateCw } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import type { RunStatus } from "../../../runtime/fold-run.ts";
import type { Delivery, Trigger } from "../../../server/contract/trigger.ts";
import { api } from "../../api/api.ts";
import { dateTime } from "../../i18n/format.ts";
import { RunBadge } from "../../panels/run-badge.tsx";
import { ErrorNotice, Loaded } from "../../shell/query-state.tsx";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { SidePanel } from "../../ui/dialog.tsx";
import { EmptyState } from "../../ui/empty-state.tsx";
import { Time } from "../../ui/time.tsx";
import { toast } from "../../ui/toast.tsx";
import { triggersKey } from "./use-triggers.ts";

/** The activity of a trigger: the runs that it started, or the messages that it sent and their result. */
export function ActivityPanel({ agent, trigger, onClose }: { agent: string; trigger: Trigger; onClose(): void }) {
  const { t } = useTranslation("triggers");
  const deliveries = useQuery({
    queryKey: [...triggersKey(agent), trigger.id, "deliveries"],
    queryFn: ({ signal }) => api.triggers.deliveries(agent, trigger.id, signal),
    refetchInterval: 3_000,
  });
  return (
    <SidePanel onClose={onClose} title={t("activityOf", { name: trigger.name })}>
      <Loaded query={deliveries}>
        {(list) =>
          list.length === 0 ? (
            <EmptyState icon={RotateCw} title={t("activityEmpty")} />
          ) : (
            <ol className="flex flex-col divide-y divide-line">
              {list.map((one) => (
                <li key={one.id} className="py-2.5">
                  <One agent={agent} trigger={trigger} delivery={one} />
                </li>
              ))}
            </ol>
          )
        }
      </Loaded>
    </SidePanel>
  );
}

const TONE = { pending: "warn", delivered: "ok", failed: "bad" } as const;

function One({ agent, trigger, delivery }: { agent: string; trigger: Trigger; delivery: Delivery }) {
  const { t } = useTranslation("triggers");
  const client = useQueryClient();
  const again = useMutation({
    mutationFn: () => api.triggers.redeliver(agent, trigger.id, delivery.id),
    onSuccess: () => toast({ title: t("redelivered") }),
    onSettled: () => client.invalidateQueries({ queryKey: triggersKey(agent) }),
  });
  const { at, run, runStatus, about, status, tries, nextAt, error } = delivery;
  return (
    <div className="flex flex-col gap-1.5">
      <div className="flex flex-wrap items-center gap-2">
        {status === "started" ? (
          <RunBadge status={runStatus as RunStatus} />
        ) : (
          <Badge tone={TONE[status]} dot>
            {t(`status.${status}`)}
          </Badge>
        )}
        {about && <span>{t(`about.${about}`)}</span>}
        {run && (
          <Link href={`/runs/${run}`} className="rounded-sm text-accent hover:underline">
            {t("run")}
          </Link>
        )}
        <span className="flex-1" />
        <Time at={at} className="text-ink-3 text-sm" />
      </div>
      {(error || (tries !== undefined && tries > 1) || nextAt !== undefined) && (
        <p className="break-words text-ink-2 text-sm">
          {[
            error,
            tries !== undefined && tries > 1 && t("attempts", { count: tries }),
            nextAt !== undefined && t("nextAttempt", { time: dateTime(nextAt) }),
          ]
            .filter(Boolean)
            .join(" · ")}
        </p>
      )}
      {trigger.kind === "notice" && run && status !== "pending" && (
        <Button size="sm" icon={RotateCw} className="self-start" busy={again.isPending} onClick={() => again.mutate()}>
          {t("redeliver")}
        </Button>
      )}
      {again.isError && <ErrorNotice error={again.error} />}
    </div>
  );
}
