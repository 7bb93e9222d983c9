import { useQuery } from "@tanstack/react-query";
import { GitCompareArrows, History, RotateCcw } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import type { Graph } from "../../runtime/graph.ts";
import type { Revision } from "../../server/contract/agent.ts";
import { api } from "../api/api.ts";
import { replaceGraph } from "../graph/commands.ts";
import { useMakeLive, useVersions } from "../hooks/use-versions.ts";
import { useDocument, useGraph, useSaving, useWorkbench } from "../hooks/use-workbench.ts";
import { rootOf } from "../session/workbench.ts";
import { Loaded } from "../shell/query-state.tsx";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { EmptyState } from "../ui/empty-state.tsx";
import { Segmented } from "../ui/segmented.tsx";
import { Spinner } from "../ui/spinner.tsx";
import { Time } from "../ui/time.tsx";
import { DiffView } from "./diff-view.tsx";
import { RevisionName } from "./revision-name.tsx";

const MAX_REVISIONS = 200;

type Kind = "versions" | "revisions" | "session";

/** Published versions, saves, and the changes since the agent was opened. Each can be compared with the draft and restored. */
export function HistoryPanel() {
  const { t } = useTranslation("panels");
  const { id } = rootOf(useWorkbench());
  const [kind, setKind] = useState<Kind>("versions");
  return (
    <div className="flex flex-col gap-3 p-4">
      <Segmented<Kind>
        label={t("history.title")}
        value={kind}
        onChange={setKind}
        options={[
          { value: "versions", label: t("history.versions") },
          { value: "revisions", label: t("history.saves") },
          { value: "session", label: t("history.steps") },
        ]}
      />
      <nav aria-label={t("history.pages")} className="flex flex-wrap gap-x-4 gap-y-1 text-sm">
        {(
          [
            [`/agents/${id}/versions`, "history.versionsPage"],
            [`/runs?agent=${id}`, "history.runsPage"],
            [`/agents/${id}/triggers`, "history.triggersPage"],
          ] as const
        ).map(([href, label]) => (
          <Link key={href} href={href} className="rounded-sm text-accent hover:underline">
            {t(label)}
          </Link>
        ))}
      </nav>
      {kind === "versions" ? <Versions /> : kind === "revisions" ? <Revisions /> : <Steps />}
    </div>
  );
}

function Versions() {
  const { t } = useTranslation("panels");
  const { id } = useWorkbench();
  const live = useMakeLive(id);
  return (
    <Loaded query={useVersions(id)} skeleton={<Spinner />}>
      {({ versions, publication }) =>
        versions.length === 0 ? (
          <EmptyState icon={History} title={t("history.noVersions")}>
            {t("history.noVersionsHelp")}
          </EmptyState>
        ) : (
          <ol className="flex flex-col gap-2">
            {versions.map(({ version, note, publishedAt, graph }) => (
              <li key={version} className="rounded-lg border border-line px-3 py-2.5">
                <p className="flex items-center gap-2">
                  <span className="font-semibold">v{version}</span>
                  {publication?.live === version && (
                    <Badge tone="ok" dot>
                      {t("history.live")}
                    </Badge>
                  )}
                  <Time at={publishedAt} className="ml-auto text-ink-3 text-sm" />
                </p>
                {note && <p className="mt-1 whitespace-pre-wrap text-ink-2">{note}</p>}
                <Compare graph={graph}>
                  {publication?.live !== version && (
                    <Button
                      size="sm"
                      busy={live.isPending && live.variables.version === version}
                      onClick={() => live.mutate({ version })}
                    >
                      {t("history.makeLive")}
                    </Button>
                  )}
                </Compare>
              </li>
            ))}
          </ol>
        )
      }
    </Loaded>
  );
}

function Revisions() {
  const { id } = useWorkbench();
  const revision = useSaving((state) => state.revision);
  const revisions = useQuery({
    queryKey: ["revisions", id, revision],
    queryFn: ({ signal }) => api.agents.revisions(id, signal),
  });
  return (
    <Loaded query={revisions} skeleton={<Spinner />}>
      {(list) => (
        <ol className="flex flex-col gap-2">
          {[...list]
            .sort((a, b) => b.revision - a.revision)
            .slice(0, MAX_REVISIONS)
            .map((one) => (
              <SavedRevision key={one.revision} saved={one} current={one.revision === revision} />
            ))}
        </ol>
      )}
    </Loaded>
  );
}

function SavedRevision({ saved: { revision, updatedAt, label }, current }: { saved: Revision; current: boolean }) {
  const { t } = useTranslation("panels");
  const { id } = useWorkbench();
  const [open, setOpen] = useState(false);
  const full = useQuery({
    queryKey: ["revision", id, revision],
    queryFn: () => api.agents.revision(id, revision),
    enabled: open,
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <li className="rounded-lg border border-line px-3 py-2">
      <p className="flex items-center gap-2">
        <button
          type="button"
          className="rounded-sm hover:underline"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          {label ? <strong className="font-semibold">{label}</strong> : t("history.save", { revision })}
        </button>
        {current && <Badge>{t("history.current")}</Badge>}
        <Time at={updatedAt} className="ml-auto text-ink-3 text-sm" />
      </p>
      {open && full.isPending && <Spinner label={t("loading", { ns: "common" })} />}
      {open && <RevisionName agent={id} revision={revision} label={label} />}
      {open && full.data && <Compare graph={full.data.graph} open />}
    </li>
  );
}

/** Shows the difference to the draft, and restores a graph as the draft. */
function Compare({ graph, open, children }: { graph: Graph; open?: boolean; children?: React.ReactNode }) {
  const { t } = useTranslation("panels");
  const { apply } = useWorkbench();
  const frozen = useDocument((state) => state.frozen);
  const draft = useGraph((one) => one);
  const [shown, setShown] = useState(open === true);
  const same = draft === graph;
  return (
    <div className="mt-2">
      <div className="flex flex-wrap gap-2">
        <Button size="sm" icon={GitCompareArrows} aria-expanded={shown} onClick={() => setShown(!shown)}>
          {t("history.compare")}
        </Button>
        <Button
          size="sm"
          icon={RotateCcw}
          disabled={frozen || same}
          onClick={() => apply(replaceGraph(graph, "restore"))}
        >
          {t("history.restore")}
        </Button>
        {children}
      </div>
      {shown && (
        <div className="mt-2.5">
          <DiffView before={graph} after={draft} />
        </div>
      )}
    </div>
  );
}

/** The undo history, newest first. A click undoes or redoes up to that change. */
function Steps() {
  const { t } = useTranslation("panels");
  const { document } = useWorkbench();
  const past = useDocument((state) => state.past);
  const future = useDocument((state) => state.future);
  const go = (steps: number) => {
    for (let n = 0; n < Math.abs(steps); n++) {
      if (steps < 0) document.undo();
      else document.redo();
    }
  };
  if (past.length + future.length === 0) return <p className="text-ink-3">{t("history.noSteps")}</p>;
  const line = "block w-full rounded-sm px-2 py-1 text-left hover:bg-hover";
  return (
    <ol className="flex flex-col">
      {future.map((step, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a step is identified by its position in the history
        <li key={`future ${index}`}>
          <button type="button" className={`${line} text-ink-3`} onClick={() => go(future.length - index)}>
            {t(`label.${step.label}`, { ns: "canvas" })}
          </button>
        </li>
      ))}
      <li aria-current="step" className="px-2 py-1 font-medium text-accent">
        {t("history.here")}
      </li>
      {past.toReversed().map((step, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: as above
        <li key={`past ${index}`}>
          <button type="button" className={line} onClick={() => go(-(index + 1))}>
            {t(`label.${step.label}`, { ns: "canvas" })}
          </button>
        </li>
      ))}
    </ol>
  );
}
