import { CircleAlert, TriangleAlert } from "lucide-react";
import { useId, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Graph } from "../../runtime/graph.ts";
import type { Issue } from "../../runtime/issue.ts";
import type { Patch } from "../../runtime/patch.ts";
import { table } from "../graph/node-types.ts";
import { newIssues, viewPatch } from "../graph/patch-view.ts";
import { issueText } from "../hooks/issue-words.ts";
import { useCatalogue, useDocument, useGraph, useReader, useWorkbench } from "../hooks/use-workbench.ts";
import type { BuildTurn } from "../session/build-conversation.ts";
import { checkContext } from "../session/catalogue.ts";
import { Button } from "../ui/button.tsx";
import { GraphPicture } from "../ui/graph-picture.tsx";
import { Checkbox } from "../ui/switch.tsx";
import { PatchPartView } from "./patch-part.tsx";
import { useApplyPatch } from "./use-apply-patch.ts";

/** A proposal that is not decided: its parts, compared with the current graph, to apply or reject. */
export function Proposal({ turn, patch }: { turn: BuildTurn; patch: Patch }) {
  const { t } = useTranslation(["builder", "editing"]);
  const { builder } = useWorkbench();
  const heading = useId();
  const graph = useGraph((one) => one);
  const catalogue = useCatalogue((state) => state);
  const frozen = useDocument((state) => state.frozen);
  const applyParts = useApplyPatch();
  const [applying, setApplying] = useState(false);
  const view = useMemo(() => viewPatch(graph, patch.parts, turn.unticked, table), [graph, patch, turn.unticked]);
  const issues = useMemo(() => newIssues(graph, view.graph, table, checkContext(catalogue)), [graph, view, catalogue]);
  const picture = useMemo(() => pictureOf(graph, view.graph), [graph, view]);
  const all = patch.parts.map((_part, index) => index);
  const ticked = all.length - turn.unticked.size;

  const apply = async () => {
    setApplying(true);
    try {
      await applyParts(patch.parts.filter((_part, index) => view.fits.has(index)));
      builder.markApplied(turn.id, view.fits);
    } finally {
      setApplying(false);
    }
  };
  if (patch.parts.length === 0) return <p className="text-ink-3 text-sm">{t("nothing")}</p>;
  return (
    <section aria-labelledby={heading} className="overflow-clip rounded-lg border border-line bg-surface">
      <header className="flex items-center gap-2 border-line border-b px-3 py-2">
        <Checkbox
          checked={ticked === 0 ? false : ticked === all.length ? true : "indeterminate"}
          onChange={(on) => builder.setTicked(turn.id, all, on)}
        >
          <span id={heading} className="font-medium">
            {t("parts", { count: all.length })}
          </span>
        </Checkbox>
      </header>
      <GraphPicture graph={picture.graph} rings={picture.rings} className="h-36 border-line border-b" />
      <ul className="divide-y divide-line">
        {view.parts.map((part) => (
          <PatchPartView
            key={part.index}
            view={part}
            graph={graph}
            patch={patch}
            ticked={!turn.unticked.has(part.index)}
            onTick={(on) => builder.setTicked(turn.id, [part.index], on)}
          />
        ))}
      </ul>
      {issues.length > 0 && <NewIssues issues={issues} graph={view.graph} />}
      <footer className="sticky bottom-0 flex flex-wrap items-center gap-2 border-line border-t bg-surface px-3 py-2.5">
        <Button variant="solid" disabled={view.fits.size === 0 || frozen} busy={applying} onClick={() => void apply()}>
          {view.fits.size === all.length ? t("apply") : t("applySome", { count: view.fits.size })}
        </Button>
        <Button onClick={() => builder.refuse(turn.id)}>{t("reject")}</Button>
        {frozen && <p className="w-full text-ink-3 text-sm">{t("editing:find.pastRun")}</p>}
      </footer>
    </section>
  );
}

/** The graph with the selected changes, arranged anew, because new nodes have no position yet; new and changed nodes have a ring. */
function pictureOf(before: Graph, after: Graph) {
  const old = new Map(before.nodes.map((node) => [node.id, node]));
  const rings = new Map(
    after.nodes.flatMap((node) => {
      const was = old.get(node.id);
      return was === node ? [] : [[node.id, was ? "var(--accent)" : "var(--ok)"] as const];
    }),
  );
  return { graph: { ...after, layout: {} }, rings };
}

/** Issues that the patch would add. */
function NewIssues({ issues, graph }: { issues: readonly Issue[]; graph: Graph }) {
  const { t, i18n } = useTranslation("builder");
  const reader = useReader();
  return (
    <div className="border-line border-t bg-warn-soft px-3 py-2.5">
      <p className="font-medium text-sm">{t("issues", { count: issues.length })}</p>
      <ul className="mt-1 flex flex-col gap-1">
        {issues.slice(0, 8).map((issue, index) => {
          const Icon = issue.severity === "error" ? CircleAlert : TriangleAlert;
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: the same issue may occur twice
            <li key={index} className="flex gap-1.5 text-sm">
              <Icon
                size={14}
                aria-hidden
                className={issue.severity === "error" ? "mt-0.5 text-bad" : "mt-0.5 text-warn"}
              />
              <span className="min-w-0 text-ink-2">{issueText(issue, i18n.language, graph, reader).message}</span>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
