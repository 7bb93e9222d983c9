import { useQuery } from "@tanstack/react-query";
import { useNodesInitialized, useReactFlow } from "@xyflow/react";
import { Lock } from "lucide-react";
import { useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { api } from "../api/api.ts";
import { BodyViews } from "../hooks/body-views.tsx";
import { useCatalogueSync } from "../hooks/use-catalogue-sync.ts";
import { useGraph, useLive, useSelectedNode, useWorkbench } from "../hooks/use-workbench.ts";
import * as format from "../i18n/format.ts";
import { isNotFound, RunNotFound } from "../pages/runs/run-not-found.tsx";
import { Inspector } from "../panels/inspector.tsx";
import { ForkContext } from "../panels/node-trial.tsx";
import { Answer } from "../panels/reply.tsx";
import { Timeline } from "../panels/timeline.tsx";
import { answerDocuments, answerText } from "../panels/turn-view.tsx";
import { viewOf } from "../session/live-run.ts";
import { followPastRun, openPastRun } from "../session/open-past-run.ts";
import type { Workbench } from "../session/workbench.ts";
import { ErrorNotice, useErrorWords } from "../shell/query-state.tsx";
import { TopBar } from "../shell/top-bar.tsx";
import { LinkButton } from "../ui/button.tsx";
import { Notice } from "../ui/notice.tsx";
import { Spinner } from "../ui/spinner.tsx";
import { toast } from "../ui/toast.tsx";
import type { Action, ActionId } from "./action.ts";
import { useActions } from "./actions.ts";
import { BodyBar } from "./body-bar.tsx";
import { CommandDialog } from "./command-dialog.tsx";
import { GraphView } from "./graph-view.tsx";
import { ShortcutsDialog } from "./shortcuts-dialog.tsx";
import { useShortcuts } from "./use-shortcuts.ts";

/** The number of forks followed back to find the agent of a run. */
const MAX_FORKS = 20;

/** A run on the graph of that time, read-only. It can be run again from any node. */
export function PastRun({ id }: { id: string }) {
  const { t } = useTranslation("runs");
  const [opened, setOpened] = useState<Workbench>();
  const [error, setError] = useState<unknown>();
  const [attempt, setAttempt] = useState(0);

  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt opens it again
  useEffect(() => {
    const stop = new AbortController();
    let workbench: Workbench | undefined;
    openPastRun(id, stop.signal)
      .then((made) => {
        if (stop.signal.aborted) return made.close();
        workbench = made;
        setOpened(made);
        return followPastRun(made, id, stop.signal);
      })
      .catch((failure: unknown) => {
        if (!stop.signal.aborted) setError(failure);
      });
    return () => {
      stop.abort();
      workbench?.close();
      setOpened(undefined);
      setError(undefined);
    };
  }, [id, attempt]);

  return (
    <>
      <TopBar crumbs={[{ label: t("title"), href: "/runs" }, { label: id.slice(-4) }]} />
      {error !== undefined && (
        <div className="p-6">
          {isNotFound(error) ? <RunNotFound /> : <ErrorNotice error={error} onRetry={() => setAttempt(attempt + 1)} />}
        </div>
      )}
      {opened ? (
        <BodyViews root={opened}>
          <PastRunFrame id={id} />
        </BodyViews>
      ) : (
        error === undefined && (
          <div className="flex h-full items-center justify-center">
            <Spinner />
          </div>
        )
      )}
    </>
  );
}

function PastRunFrame({ id }: { id: string }) {
  const { t } = useTranslation("testing");
  const fork = useFork(id);
  const actions = useReadOnlyActions();
  useShortcuts(actions);
  useCatalogueSync();
  useFitAtOpen();
  return (
    <ForkContext.Provider value={fork}>
      <div className="flex h-full min-h-0 max-md:flex-col">
        <h1 className="sr-only">{t("pastRun")}</h1>
        <div className="flex min-h-0 min-w-0 flex-1 flex-col">
          <Bar id={id} />
          <BodyBar />
          <div className="min-h-0 flex-1">
            <GraphView />
          </div>
          <section aria-label={t("pastRun")} className="h-48 shrink-0 border-line border-t bg-surface">
            <Timeline />
          </section>
        </div>
        <aside
          aria-label={t("pastRun")}
          className="w-[372px] shrink-0 overflow-y-auto border-line border-l bg-surface max-md:h-2/5 max-md:w-full"
        >
          <SelectedNode />
        </aside>
      </div>
      <CommandDialog actions={actions} />
      <ShortcutsDialog actions={actions} />
    </ForkContext.Provider>
  );
}

const READ_ONLY_ACTIONS: readonly ActionId[] = [
  "commands",
  "keys",
  "fit",
  "zoomIn",
  "zoomOut",
  "openBody",
  "expandBody",
  "leaveBody",
  "selectAll",
  "copy",
];

/** The actions that a read-only graph allows, with the same shortcuts. */
function useReadOnlyActions(): ReadonlyMap<ActionId, Action> {
  const all = useActions();
  return useMemo(
    () => new Map(READ_ONLY_ACTIONS.flatMap((id): [ActionId, Action][] => (all.has(id) ? [[id, all.get(id)!]] : []))),
    [all],
  );
}

/** Zooms to fit once, when all nodes are measured. */
function useFitAtOpen(): void {
  const flow = useReactFlow();
  const { overlays } = useWorkbench();
  const drawn = useNodesInitialized();
  const [fitted, setFitted] = useState(false);
  useEffect(() => {
    if (!drawn || fitted) return;
    setFitted(true);
    if (overlays.getState().reveal === undefined) void flow.fitView({ padding: 0.12, maxZoom: 1 });
  }, [flow, overlays, drawn, fitted]);
}

/** Says that this is a past run, and links to its details and to the draft. */
function Bar({ id }: { id: string }) {
  const { t } = useTranslation("testing");
  const startedAt = useLive((state) => state.runState?.view.startedAt);
  const agent = useQuery({
    queryKey: ["runs", id, "agent"],
    queryFn: () => agentOf(id),
    staleTime: Number.POSITIVE_INFINITY,
  }).data;
  return (
    <div
      role="status"
      className="flex shrink-0 flex-wrap items-center gap-x-3 gap-y-1.5 border-warn/30 border-b bg-warn-soft px-4 py-2"
    >
      <Lock size={14} aria-hidden className="text-warn" />
      <span className="min-w-0 flex-1 font-medium">
        {startedAt ? t("pastBar", { id: id.slice(-4), when: format.dateTime(startedAt) }) : t("pastRun")}
      </span>
      <LinkButton size="sm" href={`/runs/${id}`}>
        {t("runDetails")}
      </LinkButton>
      {agent && (
        <LinkButton size="sm" href={`/agents/${agent}`}>
          {t("backToDraft")}
        </LinkButton>
      )}
    </div>
  );
}

/** The agent of a run; for a fork, of the run that it comes from. Null if there is none. */
async function agentOf(run: string): Promise<string | null> {
  let next: string | undefined = run;
  for (let hops = 0; next !== undefined && hops < MAX_FORKS; hops++) {
    const row: Awaited<ReturnType<typeof api.runs.get>> = await api.runs.get(next);
    if (row.agent) return row.agent;
    next = row.fork;
  }
  return null;
}

/** The form of the selected node; without a selection, the message and the reply. */
function SelectedNode() {
  const { t } = useTranslation("testing");
  const node = useSelectedNode();
  const ran = useLive((state) => node !== undefined && viewOf(state, node.id) !== undefined);
  if (node)
    return (
      <>
        <Inspector />
        {!ran && <p className="px-4 pb-4 text-ink-3">{t("didNotRun")}</p>}
      </>
    );
  return <Summary />;
}

function Summary() {
  const { t } = useTranslation("testing");
  const runState = useLive((state) => state.runState);
  const name = useGraph((graph) => graph.name);
  const text = answerText(runState);
  return (
    <div className="flex flex-col gap-3 p-4">
      <h2 className="font-semibold text-md">{name}</h2>
      {runState?.view.start && (
        <p className="whitespace-pre-wrap break-words rounded-xl bg-accent-soft px-3 py-2">
          {runState.view.start.input.message}
        </p>
      )}
      {text !== undefined && (
        <div className="rounded-xl border border-line px-3 py-2">
          <Answer text={text} documents={answerDocuments(runState?.view)} />
        </div>
      )}
      {runState?.view.error && <Notice tone="bad" title={runState.view.error.message} />}
      <p className="text-ink-3 text-sm">{t("selectNode")}</p>
    </div>
  );
}

/** Runs again from a node and opens the new run. The results before the node are reused. */
function useFork(id: string): (node: string, outputs?: Record<string, unknown>) => Promise<void> {
  const { t } = useTranslation("testing");
  const words = useErrorWords();
  const [, go] = useLocation();
  const { selection } = useWorkbench();
  return async (node, outputs) => {
    try {
      const forked = await api.runs.fork(id, node, outputs);
      selection.clear();
      go(`/runs/${forked.id}/graph`);
    } catch (error) {
      toast({ tone: "bad", title: t("forkFailed"), detail: words(error).title });
    }
  };
}
