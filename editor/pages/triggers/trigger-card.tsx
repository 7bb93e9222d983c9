import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Activity, Bell, CalendarClock, Ellipsis, Pause, Pencil, Play, Trash2, Webhook } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "wouter";
import type { Field } from "../../../runtime/field.ts";
import type { Trigger } from "../../../server/contract/trigger.ts";
import { api } from "../../api/api.ts";
import { useErrorToast } from "../../shell/query-state.tsx";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { CopyButton } from "../../ui/code-block.tsx";
import { ConfirmDialog } from "../../ui/dialog.tsx";
import { IconButton } from "../../ui/icon-button.tsx";
import { Menu } from "../../ui/menu.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Time } from "../../ui/time.tsx";
import { toast } from "../../ui/toast.tsx";
import { ActivityPanel } from "./activity-panel.tsx";
import { nextTimes } from "./schedule.ts";
import { inZone, useScheduleWords } from "./schedule-words.ts";
import { TestPanel } from "./test-panel.tsx";
import { TriggerPanel } from "./trigger-panel.tsx";
import { triggersKey } from "./use-triggers.ts";

export const TRIGGER_ICONS = { schedule: CalendarClock, webhook: Webhook, notice: Bell } as const;

/** One trigger: what it does, its last result, and its actions. */
export function TriggerCard({ agent, trigger, fields }: { agent: string; trigger: Trigger; fields: readonly Field[] }) {
  const { t } = useTranslation(["triggers", "common"]);
  const client = useQueryClient();
  const toastError = useErrorToast();
  const [, go] = useLocation();
  const [open, setOpen] = useState<"edit" | "activity" | "test" | "delete">();
  const refresh = () => client.invalidateQueries({ queryKey: triggersKey(agent) });
  const pause = useMutation({
    mutationFn: () => api.triggers.update(agent, trigger.id, { paused: !trigger.paused }),
    onError: toastError,
    onSettled: refresh,
  });
  const test = useMutation({
    mutationFn: () => api.triggers.test(agent, trigger.id),
    onError: toastError,
    onSuccess({ run, status, error }) {
      if (run) toast({ title: t("tested"), action: { label: t("testedRun"), onSelect: () => go(`/runs/${run}`) } });
      else if (status === "delivered") toast({ tone: "ok", title: t("testDelivered") });
      else toast({ tone: "bad", title: t("testFailed"), detail: error });
    },
    onSettled: refresh,
  });
  const remove = useMutation({
    mutationFn: () => api.triggers.delete(agent, trigger.id),
    onError: toastError,
    onSuccess: () => toast({ title: t("deleted", { name: trigger.name }) }),
    onSettled: () => {
      setOpen(undefined);
      void refresh();
    },
  });
  const Icon = TRIGGER_ICONS[trigger.kind];
  return (
    <article aria-label={trigger.name} className="rounded-xl border border-line bg-surface px-4 py-3.5">
      <div className="flex items-start gap-3">
        <Icon size={18} aria-hidden className="mt-0.5 shrink-0 text-ink-3" />
        <div className="min-w-0 flex-1">
          <h2 className="flex flex-wrap items-center gap-2 font-medium">
            {trigger.name}
            {trigger.paused && <Badge tone="warn">{t("paused")}</Badge>}
          </h2>
          <TriggerSummary agent={agent} trigger={trigger} />
          <p className="mt-1 text-ink-3 text-sm">
            {t("last")}: {trigger.lastAt === undefined ? t("lastNever") : <Time at={trigger.lastAt} />}
            {trigger.lastRun && (
              <>
                {" · "}
                <Link href={`/runs/${trigger.lastRun}`} className="rounded-sm text-accent hover:underline">
                  {t("run")}
                </Link>
              </>
            )}
          </p>
          {trigger.lastError && <Notice tone="bad" className="mt-2" title={trigger.lastError} />}
        </div>
        <div className="flex shrink-0 items-center gap-1 max-sm:flex-col max-sm:items-end">
          <Button
            size="sm"
            icon={Play}
            busy={test.isPending}
            onClick={() => (trigger.kind === "webhook" ? setOpen("test") : test.mutate())}
          >
            {t(trigger.kind === "notice" ? "testNotice" : "test")}
          </Button>
          <Button size="sm" icon={Activity} onClick={() => setOpen("activity")}>
            {t("activity")}
          </Button>
          <Menu
            trigger={<IconButton icon={Ellipsis} label={t("more", { ns: "common" })} />}
            items={[
              { label: t("common:edit"), icon: Pencil, onSelect: () => setOpen("edit") },
              {
                label: t(trigger.paused ? "resume" : "pause"),
                icon: trigger.paused ? Play : Pause,
                onSelect: () => pause.mutate(),
              },
              "separator",
              { label: t("common:delete"), icon: Trash2, danger: true, onSelect: () => setOpen("delete") },
            ]}
          />
        </div>
      </div>
      {open === "edit" && (
        <TriggerPanel
          agent={agent}
          fields={fields}
          kind={trigger.kind}
          trigger={trigger}
          onClose={() => setOpen(undefined)}
        />
      )}
      {open === "activity" && <ActivityPanel agent={agent} trigger={trigger} onClose={() => setOpen(undefined)} />}
      {open === "test" && trigger.kind === "webhook" && (
        <TestPanel agent={agent} webhook={trigger} fields={fields} onClose={() => setOpen(undefined)} />
      )}
      <ConfirmDialog
        open={open === "delete"}
        onClose={() => setOpen(undefined)}
        title={t("deleteTitle", { name: trigger.name })}
        description={t(`deleteLead.${trigger.kind}`)}
        confirm={t("common:delete")}
        busy={remove.isPending}
        onConfirm={() => remove.mutate()}
      />
    </article>
  );
}

/** A one-line summary of what the trigger does. */
function TriggerSummary({ agent, trigger }: { agent: string; trigger: Trigger }) {
  const { t, i18n } = useTranslation("triggers");
  const says = useScheduleWords();
  switch (trigger.kind) {
    case "schedule": {
      const { cron, timeZone } = trigger;
      const times = trigger.paused ? undefined : nextTimes(cron, timeZone, 3);
      return (
        <>
          <p className="text-ink-2">{says(cron, timeZone)}</p>
          {times && (
            <p className="mt-0.5 text-ink-3 text-sm tnum">
              {t("next")}: {times.map((time) => inZone(time, timeZone, i18n.language)).join(" · ")}
            </p>
          )}
        </>
      );
    }
    case "webhook":
      return <HookAddress agent={agent} id={trigger.id} />;
    case "notice":
      return (
        <p className="break-all text-ink-2">
          {trigger.on.map((one) => t(one === "wait" ? "onWait" : "onEnd")).join(", ")} →{" "}
          <code className="text-sm">{trigger.url}</code>
        </p>
      );
  }
}

function HookAddress({ agent, id }: { agent: string; id: string }) {
  const query = useQuery({
    queryKey: [...triggersKey(agent), id],
    queryFn: ({ signal }) => api.triggers.get(agent, id, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const url = query.data?.url;
  if (!url) return null;
  return (
    <p className="flex items-center gap-1 text-ink-2">
      <code className="min-w-0 truncate text-sm">{url}</code>
      <CopyButton text={url} />
    </p>
  );
}
