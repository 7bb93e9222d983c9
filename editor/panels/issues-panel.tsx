import { CircleAlert, CircleCheck, TriangleAlert } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Issue } from "../../runtime/issue.ts";
import { lookup } from "../graph/lookup.ts";
import { fixFor } from "../graph/quick-fixes.ts";
import { useBodies } from "../hooks/body-views.tsx";
import { useIssueWords } from "../hooks/issue-words.ts";
import { QuickFixButton } from "../hooks/quick-fix-button.tsx";
import { useGraph, useIssues, useReader, useWorkbench } from "../hooks/use-workbench.ts";
import { useNodeWords } from "../i18n/node-words.ts";
import { EmptyState } from "../ui/empty-state.tsx";

/** All issues of the graph. A row shows its node; a quick fix is one click. */
export function IssuesPanel() {
  const { t } = useTranslation("panels");
  const all = useIssues((issues) => issues.all);
  if (all.length === 0)
    return (
      <div className="p-4">
        <EmptyState icon={CircleCheck} title={t("noIssues")}>
          {t("noIssuesHelp")}
        </EmptyState>
      </div>
    );
  return (
    <ul className="divide-y divide-line">
      {withKeys(all).map(([key, issue]) => (
        <IssueLine key={key} issue={issue} />
      ))}
    </ul>
  );
}

/** A key that an issue keeps while others come and go, so that a focused button stays the button of its issue. */
function withKeys(issues: readonly Issue[]): [key: string, issue: Issue][] {
  const counts = new Map<string, number>();
  return issues.map((issue) => {
    const what = [issue.code, issue.node, issue.port, issue.path].join(" ");
    const count = counts.get(what) ?? 0;
    counts.set(what, count + 1);
    return [`${what} ${count}`, issue];
  });
}

function IssueLine({ issue }: { issue: Issue }) {
  const words = useIssueWords();
  const nodeWords = useNodeWords();
  const graph = useGraph((one) => one);
  const reader = useReader();
  const show = useShowNode();
  const text = words(issue);
  const fix = fixFor(issue, graph, reader);
  const node = issue.node === undefined ? undefined : lookup(graph).node(issue.node);
  const Icon = issue.severity === "error" ? CircleAlert : TriangleAlert;
  return (
    <li className="flex gap-2.5 px-4 py-3">
      <Icon size={16} aria-hidden className={issue.severity === "error" ? "mt-0.5 text-bad" : "mt-0.5 text-warn"} />
      <div className="min-w-0 flex-1">
        {node ? (
          <button type="button" className="rounded-sm text-left hover:underline" onClick={() => show(node.id)}>
            {text.message}
          </button>
        ) : (
          <p>{text.message}</p>
        )}
        {text.fix && <p className="mt-0.5 text-ink-3 text-sm">{text.fix}</p>}
        <div className="mt-1.5 flex flex-wrap items-center gap-2 empty:hidden">
          {fix && <QuickFixButton fix={fix} />}
          {node && <span className="text-ink-3 text-xs">{nodeWords.nodeTitle(node)}</span>}
          {!node && issue.path && <code className="text-ink-3 text-xs">{issue.path}</code>}
        </div>
      </div>
    </li>
  );
}

/** Selects a node and brings it into view. */
export function useShowNode(): (id: string) => void {
  const workbench = useWorkbench();
  const bodies = useBodies();
  return (id) => bodies.show(workbench, id);
}
