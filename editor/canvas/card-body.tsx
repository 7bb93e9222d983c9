import { useTranslation } from "react-i18next";
import type { NodeView } from "../../runtime/fold-run.ts";
import type { GraphNode } from "../../runtime/graph.ts";
import type { Issue } from "../../runtime/issue.ts";
import { type PreviewPart, shortToolName } from "../../runtime/preview.ts";
import type { PartialRule } from "../../runtime/rule.ts";
import { isContainer } from "../graph/body.ts";
import { bodyLines, CARD } from "../graph/card-size.ts";
import { type CardPreview, configPreview, runPreview } from "../graph/preview.ts";
import { useIssueWords } from "../hooks/issue-words.ts";
import { QuickFixButton } from "../hooks/quick-fix-button.tsx";
import { useCatalogue, useLive, useNodeFacts } from "../hooks/use-workbench.ts";
import { useNodeWords } from "../i18n/node-words.ts";
import { useRuleWords } from "../i18n/rule-words.ts";
import { findAgent } from "../session/catalogue.ts";
import { streamedTextOf } from "../session/live-run.ts";
import { TONE_SOFT } from "../ui/badge.tsx";
import { cx } from "../ui/cx.ts";
import { CardApproval } from "./card-approval.tsx";
import { ContainerBody } from "./container-body.tsx";

const CLAMP: Record<number, string> = { 2: "line-clamp-2", 3: "line-clamp-3" };

/** Below the ports: the node's last result, streamed text or failure, else its config. */
export function CardBody({ node, view, issues }: { node: GraphNode; view?: NodeView; issues: readonly Issue[] }) {
  const typing = useLive((state) => streamedTextOf(state, node.id));
  const { definition, config } = useNodeFacts(node);
  const preview = (view && runPreview(view, typing, definition)) ?? configPreview(node, config);
  const lines = bodyLines(node.type);
  const shown = <PreviewView preview={preview} node={node} lines={lines} issues={issues} view={view} />;
  return (
    <div
      className="mt-auto border-line border-t px-3 text-ink-2 text-sm"
      style={{
        paddingBlock: CARD.bodyPad,
        minHeight: lines * CARD.line + 2 * CARD.bodyPad + 1,
        lineHeight: `${CARD.line}px`,
      }}
    >
      {isContainer(node) ? (
        <ContainerBody node={node} view={view}>
          {shown}
        </ContainerBody>
      ) : (
        shown
      )}
    </div>
  );
}

interface PreviewProps {
  preview: CardPreview;
  node: GraphNode;
  view?: NodeView;
  lines: number;
  issues: readonly Issue[];
}

function PreviewView({ preview, node, lines, issues, view }: PreviewProps) {
  const { t } = useTranslation("canvas");
  const issueWords = useIssueWords();
  const words = useNodeWords();
  switch (preview.is) {
    case "failed":
      return (
        <div className="flex flex-col gap-1.5">
          <p className="line-clamp-4 break-words text-bad">{preview.error.message}</p>
          {preview.retrying ? <p>{t("retrying")}</p> : <QuickFixButton error={preview.error} node={node.id} />}
        </div>
      );
    case "waiting":
      return <CardApproval view={view} />;
    case "stream":
      return (
        <p className={cx("break-words", CLAMP[lines], preview.thinking ? "text-ink-3 italic" : "text-ink")}>
          {preview.text}
          <span aria-hidden className="ml-0.5 inline-block h-3 w-1.5 translate-y-0.5 animate-breathe bg-accent" />
        </p>
      );
    case "parts":
      return (
        <p className={cx("break-words", CLAMP[lines])}>
          {preview.parts.map((part, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: parts have no identity but their index
            <Part key={index} part={part} first={index === 0} />
          ))}
        </p>
      );
    case "empty": {
      // The first error says what to configure.
      const issue = issues.find(
        (one) => one.code !== "missing-edge" && one.code !== "unreachable" && one.severity === "error",
      );
      return (
        <p className="line-clamp-2 text-ink-3">
          {issue ? issueWords(issue).message : (words.emptyText(node.type) ?? t("notConfigured"))}
        </p>
      );
    }
  }
}

function Part({ part, first }: { part: PreviewPart; first: boolean }) {
  if ("chip" in part)
    return <span className={cx("mr-1 rounded-xs px-1 font-medium text-xs", TONE_SOFT[part.kind])}>{part.chip}</span>;
  if ("mono" in part) return <span className="font-mono text-xs">{part.mono} </span>;
  if ("rule" in part) return <RuleText rule={part.rule} />;
  if ("model" in part) return <ModelName model={part.model} />;
  if ("tool" in part) return <ToolName part={part} first={first} />;
  if ("agent" in part) return <AgentName agent={part.agent} />;
  if ("quiet" in part) return <span className="text-ink-3 tnum">{part.quiet} </span>;
  return <span>{part.text} </span>;
}

function RuleText({ rule }: { rule: PartialRule }) {
  return <span>{useRuleWords()(rule)} </span>;
}

function ModelName({ model }: { model: string }) {
  const { t } = useTranslation("fields");
  return model === "default" ? <span>{t("model.default")} </span> : <span className="font-mono text-xs">{model} </span>;
}

function AgentName({ agent }: { agent: string }) {
  const name = useCatalogue((state) => findAgent(state.agents, agent)?.name);
  return name === undefined ? <span className="font-mono text-xs">{agent}</span> : <span>{name}</span>;
}

/** A tool's name, and whether it needs approval. */
function ToolName({ part, first }: { part: Extract<PreviewPart, { tool: string }>; first: boolean }) {
  const { t } = useTranslation("canvas");
  return (
    <span>
      {!first && " · "}
      <span className={cx(part.approve === "off" && "text-ink-3 line-through")}>{shortToolName(part.tool)}</span>
      {part.approve === "ask" && <span className="text-warn"> {t("needsApproval")}</span>}
    </span>
  );
}
