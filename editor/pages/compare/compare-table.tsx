/** What each node did in both runs, as rows that expand to the differences. */
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { TextRun } from "../../../runtime/diff.ts";
import type { Scope } from "../../../runtime/event.ts";
import { type NodeView, workedMs } from "../../../runtime/fold-run.ts";
import type { Graph, GraphNode } from "../../../runtime/graph.ts";
import * as format from "../../i18n/format.ts";
import { useNodeWords } from "../../i18n/node-words.ts";
import { ChangedValue } from "../../panels/diff-view.tsx";
import { Cell, Head, HeadCell, Row, Table } from "../../ui/table.tsx";
import { type ComparedNode, type ComparedPart, type ComparedValue, compareText, isSame } from "./compare.ts";
import { PartPicker } from "./compare-scope.tsx";

/** Two texts: shown once if they are equal, otherwise side by side with the differing words marked. */
export function Texts({ first, second }: { first: string; second: string }) {
  const { t } = useTranslation("testing");
  const words = useMemo(() => compareText(first, second), [first, second]);
  const box = "min-w-0 whitespace-pre-wrap break-words rounded-lg border border-line bg-surface px-3.5 py-2.5";
  if (!words)
    return (
      <p className={box}>
        {first || <span className="text-ink-3">{t("noReply")}</span>}
        {first && <span className="ml-2 text-ink-3 text-sm">{t("same")}</span>}
      </p>
    );
  return (
    <div className="grid grid-cols-2 gap-4 max-md:grid-cols-1">
      <p className={box}>
        {first === "" ? <span className="text-ink-3">{t("noReply")}</span> : <Side words={words} without="added" />}
      </p>
      <p className={box}>
        {second === "" ? <span className="text-ink-3">{t("noReply")}</span> : <Side words={words} without="removed" />}
      </p>
    </div>
  );
}

function Side({ words, without }: { words: readonly TextRun[]; without: "added" | "removed" }) {
  return <ChangedValue whole value={{ path: "", words: words.filter((run) => run.change !== without) }} />;
}

export function NodeTable({
  nodes,
  parts,
  graph,
  onScope,
}: {
  nodes: readonly ComparedNode[];
  parts: ReadonlyMap<string, ComparedPart[]>;
  /** The graph of the nodes, if it is known. */
  graph?: Graph;
  onScope(scope: Scope): void;
}) {
  const { t } = useTranslation("testing");
  return (
    <Table label={t("compareTitle")}>
      <Head>
        <HeadCell>{t("node")}</HeadCell>
        {(["status", "duration", "tokens", "cost"] as const).map((column) => (
          <HeadCell key={column} end={column !== "status"} className={column === "cost" ? "max-lg:hidden" : undefined}>
            {t(column)}
          </HeadCell>
        ))}
        <HeadCell>{t("outputs")}</HeadCell>
      </Head>
      <tbody>
        {nodes.map((node) => (
          <NodeRow
            key={node.key}
            compared={node}
            node={graph?.nodes.find((one) => one.id === node.node)}
            parts={parts.get(node.node)}
            onScope={onScope}
          />
        ))}
      </tbody>
    </Table>
  );
}

function NodeRow({
  compared,
  node,
  parts,
  onScope,
}: {
  compared: ComparedNode;
  node?: GraphNode;
  parts?: readonly ComparedPart[];
  onScope(scope: Scope): void;
}) {
  const { t } = useTranslation(["testing", "runs"]);
  const words = useNodeWords();
  const [open, setOpen] = useState(false);
  const title = node ? words.nodeTitle(node) : compared.node;
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
        <Cell className="font-medium">
          {title}
          {parts && <PartPicker parts={parts} title={title} onScope={onScope} />}
        </Cell>
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
