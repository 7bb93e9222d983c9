import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import type { TextRun } from "../../runtime/diff.ts";
import { type NodeView, type RunView, workedMs } from "../../runtime/fold-run.ts";
import { api } from "../api.ts";
import * as format from "../i18n/format.ts";
import { useNodeWords } from "../i18n/node-words.ts";
import { RunBadge } from "../pages/runs/run-badge.tsx";
import { type FollowedRun, useRun } from "../pages/runs/use-run.ts";
import { ChangedValue } from "../panels/diff-view.tsx";
import { Page, Section } from "../shell/page.tsx";
import { ErrorNotice } from "../shell/query-state.tsx";
import { Skeleton } from "../ui/progress.tsx";
import { Cell, Head, HeadCell, Row, Table } from "../ui/table.tsx";
import { type ComparedNode, type ComparedValue, compareRuns, compareText, isSame } from "./compare.ts";
import { written } from "./outputs.ts";

/** Two runs side by side: what was asked, the answers by words, and per node what it took and what it gave. */
export function ComparePage({ first, second }: { first: string; second: string }) {
  const { t } = useTranslation(["trying", "runs"]);
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
            a.again();
            b.again();
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
  const { t } = useTranslation("trying");
  const nodes = useMemo(() => compareRuns(first.view, second.view), [first.view, second.view]);
  return (
    <>
      <div className="mb-7 grid grid-cols-2 gap-4 max-md:grid-cols-1">
        <RunCard label={t("first")} view={first.view} />
        <RunCard label={t("second")} view={second.view} />
      </div>
      <Section title={t("question")}>
        <Texts first={first.view.start?.input.message ?? ""} second={second.view.start?.input.message ?? ""} />
      </Section>
      <Section title={t("answer")}>
        <Texts first={replyOf(first.view)} second={replyOf(second.view)} />
      </Section>
      <Section title={t("nodes")}>
        <NodeTable nodes={nodes} run={second.view.id} />
      </Section>
    </>
  );
}

function RunCard({ label, view }: { label: string; view: RunView }) {
  const { t } = useTranslation("trying");
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

/** Two texts: as one where they are the same, else each on its side with its own words marked. */
function Texts({ first, second }: { first: string; second: string }) {
  const { t } = useTranslation("trying");
  const words = useMemo(() => compareText(first, second), [first, second]);
  const box = "min-w-0 whitespace-pre-wrap break-words rounded-lg border border-line bg-surface px-3.5 py-2.5";
  if (!words)
    return (
      <p className={box}>
        {first || <span className="text-ink-3">{t("noAnswer")}</span>}
        {first && <span className="ml-2 text-ink-3 text-sm">{t("same")}</span>}
      </p>
    );
  return (
    <div className="grid grid-cols-2 gap-4 max-md:grid-cols-1">
      <p className={box}>
        {first === "" ? <span className="text-ink-3">{t("noAnswer")}</span> : <Side words={words} without="added" />}
      </p>
      <p className={box}>
        {second === "" ? <span className="text-ink-3">{t("noAnswer")}</span> : <Side words={words} without="removed" />}
      </p>
    </div>
  );
}

function Side({ words, without }: { words: readonly TextRun[]; without: "added" | "removed" }) {
  return <ChangedValue whole value={{ path: "", words: words.filter((run) => run.change !== without) }} />;
}

function NodeTable({ nodes, run }: { nodes: readonly ComparedNode[]; run: string }) {
  const { t } = useTranslation("trying");
  return (
    <Table label={t("compareTitle")}>
      <Head>
        <HeadCell>{t("node")}</HeadCell>
        {(["status", "took", "tokens", "cost"] as const).map((column) => (
          <HeadCell key={column} end={column !== "status"} className={column === "cost" ? "max-lg:hidden" : undefined}>
            {t(column)}
          </HeadCell>
        ))}
        <HeadCell>{t("outputs")}</HeadCell>
      </Head>
      <tbody>
        {nodes.map((node) => (
          <NodeRow key={node.key} compared={node} run={run} />
        ))}
      </tbody>
    </Table>
  );
}

function NodeRow({ compared, run }: { compared: ComparedNode; run: string }) {
  const { t } = useTranslation(["trying", "runs"]);
  const [open, setOpen] = useState(false);
  const title = useTitle(run, compared.node);
  const { first, second, values } = compared;
  const differing = values.filter((value) => !isSame(value));
  const both = (read: (view: NodeView) => string) => (
    <span className="flex flex-col">
      <span>{first ? read(first) : "–"}</span>
      <span>{second ? read(second) : "–"}</span>
    </span>
  );
  return (
    <>
      <Row>
        <Cell className="font-medium">{title}</Cell>
        <Cell className="whitespace-nowrap">{both((view) => t(`nodeStatus.${view.status}`))}</Cell>
        <Cell end className="whitespace-nowrap text-ink-2">
          {both((view) => {
            const ms = workedMs(view);
            return ms === undefined ? "–" : format.span(ms);
          })}
        </Cell>
        <Cell end className="text-ink-2">
          {both((view) => tokensOf(view))}
        </Cell>
        <Cell end className="text-ink-2 max-lg:hidden">
          {both((view) => (view.costUsd === undefined ? "–" : format.dollars(view.costUsd)))}
        </Cell>
        <Cell className="w-full">
          {!first ? (
            t("onlySecond")
          ) : !second ? (
            t("onlyFirst")
          ) : differing.length === 0 ? (
            <span className="text-ink-3">{t("same")}</span>
          ) : (
            <button
              type="button"
              aria-expanded={open}
              className="rounded-sm text-accent hover:underline"
              onClick={() => setOpen(!open)}
            >
              {t("difference")}: {differing.map((value) => nameOf(value, t)).join(", ")}
            </button>
          )}
        </Cell>
      </Row>
      {open && (
        <Row>
          <Cell colSpan={6}>
            <div className="flex flex-col gap-3 py-1">
              {differing.map((value) => (
                <section key={`${value.of} ${value.name}`}>
                  <h4 className="mb-1 text-ink-3 text-xs">{nameOf(value, t)}</h4>
                  <Texts first={value.first ?? ""} second={value.second ?? ""} />
                </section>
              ))}
            </div>
          </Cell>
        </Row>
      )}
    </>
  );
}

const tokensOf = (view: NodeView) => {
  const tokens = view.inputTokens + view.outputTokens;
  return tokens > 0 ? format.number(tokens) : "–";
};

function nameOf(value: ComparedValue, t: (key: "toolArguments", values: { tool: string }) => string): string {
  return value.of === "arguments" ? t("toolArguments", { tool: value.name }) : value.name;
}

const replyOf = (view: RunView) => (view.output ? written(view.output.reply) : (view.error?.message ?? ""));

/** A node's title by the graph that the run went by. */
function useTitle(run: string, node: string): string {
  const words = useNodeWords();
  const query = useQuery({
    queryKey: ["runs", run, "graph"],
    queryFn: ({ signal }) => api.runs.graph(run, signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const found = query.data?.graph.nodes.find((one) => one.id === node);
  return found ? words.nodeTitle(found) : node;
}
