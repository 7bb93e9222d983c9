import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { diffGraphs, type NodeChange, type ValueChange } from "../../runtime/diff.ts";
import type { Graph } from "../../runtime/graph.ts";
import { table } from "../graph/node-types.ts";
import { useNodeWords } from "../i18n/node-words.ts";
import { Badge, type Tone } from "../ui/badge.tsx";

const TONE: Record<NodeChange["change"], Tone> = { added: "ok", removed: "bad", changed: "warn", moved: "neutral" };

/** The differences between two graphs: nodes and edges by name, configs by key, prompts by words. */
export function DiffView({ before, after }: { before: Graph; after: Graph }) {
  const { t } = useTranslation("panels");
  const words = useNodeWords();
  const diff = useMemo(() => diffGraphs(before, after, table), [before, after]);
  const moved = diff.nodes.filter((node) => node.change === "moved");
  const rest = diff.nodes.filter((node) => node.change !== "moved");
  if (diff.nodes.length + diff.edges.length + diff.about.length === 0)
    return <p className="text-ink-3">{t("diff.same")}</p>;
  return (
    <div className="flex flex-col gap-3">
      {diff.looksOnly && <p className="text-ink-2">{t("diff.looksOnly")}</p>}
      {diff.about.length > 0 && (
        <section className="rounded-md border border-line p-2.5">
          <p className="mb-1.5 font-medium">{t("agent")}</p>
          <Values values={diff.about} />
        </section>
      )}
      {rest.map((node) => (
        <section key={node.id} className="rounded-md border border-line p-2.5">
          <p className="flex items-center gap-2">
            <Badge tone={TONE[node.change]}>{t(`diff.${node.change}`)}</Badge>
            <span className="font-medium">{words.nodeTitle(node)}</span>
            <span className="font-mono text-ink-3 text-xs">{node.id}</span>
          </p>
          {node.values.length > 0 && (
            <div className="mt-1.5">
              <Values values={node.values} />
            </div>
          )}
        </section>
      ))}
      {diff.edges.length > 0 && (
        <ul className="flex flex-col gap-1 rounded-md border border-line p-2.5">
          {diff.edges.map((edge) => (
            <li key={`${edge.change} ${edge.from} ${edge.to}`} className="flex items-center gap-2">
              <Badge tone={TONE[edge.change]}>{t(`diff.${edge.change}`)}</Badge>
              <span className="truncate font-mono text-xs">
                {edge.from} → {edge.to}
              </span>
            </li>
          ))}
        </ul>
      )}
      {moved.length > 0 && <p className="text-ink-3 text-sm">{t("diff.movedCount", { count: moved.length })}</p>}
    </div>
  );
}

function Values({ values }: { values: readonly ValueChange[] }) {
  return (
    <dl className="flex flex-col gap-1.5">
      {values.map((value) => (
        <div key={value.path}>
          <dt className="font-mono text-ink-3 text-xs">
            {value.path
              .replace(/^\/config\//, "")
              .replace(/^\//, "")
              .replaceAll("/", ".")}
          </dt>
          <dd className="whitespace-pre-wrap break-words text-sm">
            <ChangedValue value={value} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** A value before and after; two texts are compared by words. `whole`: long values are not shortened. */
export function ChangedValue({ value, whole = false }: { value: ValueChange; whole?: boolean }) {
  if (value.words)
    return value.words.map((run, index) =>
      run.change === "added" ? (
        // biome-ignore lint/suspicious/noArrayIndexKey: the runs of a text are identified by their position
        <ins key={index} className="rounded-xs bg-ok/14 text-ok no-underline">
          {run.text}
        </ins>
      ) : run.change === "removed" ? (
        // biome-ignore lint/suspicious/noArrayIndexKey: as above
        <del key={index} className="rounded-xs bg-bad/12 text-bad">
          {run.text}
        </del>
      ) : (
        // biome-ignore lint/suspicious/noArrayIndexKey: as above
        <span key={index}>
          {!whole && run.text.length > 160 ? `${run.text.slice(0, 70)} … ${run.text.slice(-70)}` : run.text}
        </span>
      ),
    );
  const format = whole ? text : short;
  return (
    <>
      {value.before !== undefined && <del className="rounded-xs bg-bad/12 text-bad">{format(value.before)}</del>}{" "}
      {value.after !== undefined && (
        <ins className="rounded-xs bg-ok/14 text-ok no-underline">{format(value.after)}</ins>
      )}
    </>
  );
}

const text = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

function short(value: unknown): string {
  const all = text(value);
  return all.length > 400 ? `${all.slice(0, 400)}…` : all;
}
