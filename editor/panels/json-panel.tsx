import { useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { serializeGraph } from "../../runtime/graph.ts";
import type { Issue } from "../../runtime/issue.ts";
import { parseAgentFile } from "../../runtime/parse.ts";
import { CodeBox } from "../fields/code-box.tsx";
import { replaceGraph } from "../graph/commands.ts";
import { lookup } from "../graph/lookup.ts";
import { issueText } from "../hooks/issue-words.ts";
import { useDocument, useGraph, useIssues, useReader, useSelection, useWorkbench } from "../hooks/use-workbench.ts";
import { onlyNode } from "../session/selection.ts";
import { Button } from "../ui/button.tsx";
import { CopyButton } from "../ui/code-block.tsx";
import { markerFor, spanOf } from "./json-path.ts";

/**
 * The agent file beside the graph. A text that parses changes the graph immediately. Another text stays here with its
 * errors marked, until it is corrected or reset.
 */
export function JsonPanel() {
  const { t, i18n } = useTranslation("panels");
  const { apply, document } = useWorkbench();
  const graph = useGraph((one) => one);
  const frozen = useDocument((state) => state.frozen);
  const issues = useIssues((state) => state.all);
  const reader = useReader();
  const chosen = useSelection(onlyNode);
  const written = useMemo(() => serializeGraph(graph), [graph]);
  /** The edited text and its errors; undefined while the text of the graph is shown. */
  const [draft, setDraft] = useState<{ text: string; faults: readonly Issue[] }>();

  // A change made elsewhere (canvas, undo) replaces the text, unless the text does not parse.
  useEffect(() => {
    setDraft((old) => (old && old.faults.length === 0 && !describesSame(old.text, written) ? undefined : old));
  }, [written]);

  const text = draft?.text ?? written;
  const faults = draft?.faults ?? [];
  const markers = useMemo(
    () =>
      (faults.length ? faults : issues.filter((issue) => issue.severity === "error")).flatMap((issue) =>
        markerFor(text, issue, issueText(issue, i18n.language, graph, reader).message),
      ),
    [text, faults, issues, i18n.language, graph, reader],
  );
  const reveal = useMemo(
    () => (chosen === undefined || draft ? undefined : spanOf(written, ["nodes", lookup(graph).position(chosen)])),
    [chosen, draft, written, graph],
  );

  const change = (next: string) => {
    const parsed = parseAgentFile(next);
    setDraft({ text: next, faults: parsed.graph ? [] : parsed.issues });
    if (parsed.graph && serializeGraph(parsed.graph) !== serializeGraph(document.getState().graph))
      apply(replaceGraph(parsed.graph, "replace", "json"));
  };

  return (
    <div className="flex h-full min-h-0 flex-col gap-2 p-3">
      <div className="min-h-0 flex-1">
        <CodeBox
          value={text}
          onChange={change}
          language="json"
          label={t("agentFile")}
          fill
          lineNumbers
          readOnly={frozen}
          markers={markers}
          reveal={reveal}
          onBlur={document.seal}
        />
      </div>
      <div className="flex shrink-0 items-center gap-2">
        {faults.length > 0 ? (
          <>
            <p role="alert" className="min-w-0 flex-1 text-bad text-sm">
              {faults[0]!.message}
              {faults[0]!.path && <code className="ml-1 text-xs">{faults[0]!.path}</code>}
            </p>
            <Button size="sm" onClick={() => setDraft(undefined)}>
              {t("resetToGraph")}
            </Button>
          </>
        ) : (
          <>
            <p className="min-w-0 flex-1 text-ink-3 text-sm">{t("jsonHelp")}</p>
            <CopyButton text={text} label={t("copyFile")} />
          </>
        )}
      </div>
    </div>
  );
}

function describesSame(text: string, written: string): boolean {
  const parsed = parseAgentFile(text);
  return parsed.graph !== undefined && serializeGraph(parsed.graph) === written;
}
