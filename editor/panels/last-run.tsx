import { useTranslation } from "react-i18next";
import { type NodeView, workedMs } from "../../runtime/fold-run.ts";
import { edgeEnd, type Graph, type GraphNode } from "../../runtime/graph.ts";
import { lookup } from "../graph/lookup.ts";
import { QuickFixButton } from "../hooks/quick-fix-button.tsx";
import { useGraph, useLive } from "../hooks/use-workbench.ts";
import * as format from "../i18n/format.ts";
import { useNodeWords } from "../i18n/node-words.ts";
import { viewOf } from "../session/live-run.ts";
import type { RunState } from "../session/run-state.ts";
import { Notice } from "../ui/notice.tsx";
import { NodeTrial } from "./node-trial.tsx";
import { More, Part } from "./parts.tsx";
import { PromptBar } from "./prompt-bar.tsx";
import { promptMessages } from "./prompt-messages.ts";
import { ToolSteps } from "./tool-steps.tsx";
import { ValueView } from "./value-view.tsx";

/** The inputs and outputs of the node in the shown run. */
export function LastRun({ node }: { node: GraphNode }) {
  const { t } = useTranslation("panels");
  const view = useLive((state) => viewOf(state, node.id));
  const runState = useLive((state) => (view ? state.runState : undefined));
  const graph = useGraph((one) => one);
  if (!view || !runState) return null;
  const inputs = inputsOf(graph, node.id, runState);
  const outputs = Object.entries(view.outputs ?? {});
  return (
    <>
      <BuiltPrompt node={node} />
      <Part title={t("lastRun")} aside={workSummary(view)}>
        {view.status === "skipped" && <p className="text-ink-3">{t("skipped")}</p>}
        {view.error && (
          <Notice
            tone="bad"
            className="mb-3"
            title={view.error.message}
            actions={<QuickFixButton error={view.error} node={node.id} />}
          />
        )}
        <GroundingNotice view={view} />
        {view.tools.length > 0 && (
          <div className="mb-3">
            <ToolSteps tools={view.tools} />
          </div>
        )}
        <div className="flex flex-col gap-3">
          {inputs.length > 0 && (
            <More label={t("received")} note={inputs.map(([port]) => port).join(", ")}>
              <Values values={inputs} type={node.type} />
            </More>
          )}
          <NodeTrial node={node} view={view}>
            {outputs.length > 0 && <Values values={outputs} type={node.type} />}
          </NodeTrial>
        </div>
      </Part>
    </>
  );
}

/** The last prompt of the node, with its tokens by piece. */
export function BuiltPrompt({ node }: { node: GraphNode }) {
  const { t } = useTranslation("panels");
  const prompts = useLive((state) => viewOf(state, node.id)?.prompts);
  const prompt = prompts?.at(-1);
  if (!prompts || !prompt) return null;
  return (
    <div className="mb-4 border-line border-y bg-paper/50 px-4 py-3.5">
      <div className="mb-2 flex items-baseline justify-between gap-2">
        <h2 className="font-medium text-ink-2 text-sm">{t("builtPrompt")}</h2>
        <span className="text-ink-3 text-sm tnum">
          {t("promptTokens", { tokens: format.number(prompt.tokens), limit: format.number(prompt.limit) })}
        </span>
      </div>
      <PromptBar prompt={prompt} messages={promptMessages(prompts)} />
    </div>
  );
}

function Values({ values, type }: { values: [string, unknown][]; type: string }) {
  const words = useNodeWords();
  return values.map(([port, value]) => (
    <div key={port}>
      <p className="mb-1 text-ink-3 text-xs">{words.port(type, { id: port, kind: "any" })}</p>
      <ValueView value={value} name={port} />
    </div>
  ));
}

/** Warns about a reply without sources or with an unbacked claim. */
function GroundingNotice({ view }: { view: NodeView }) {
  const { t } = useTranslation("panels");
  const { grounding } = view;
  if (!grounding) return null;
  const nothing = grounding.documents.length === 0 && grounding.tools.length === 0;
  return (
    <>
      {nothing && <p className="mb-2 text-ink-3">{t("noSources")}</p>}
      {grounding.claim && (
        <Notice tone="warn" className="mb-3" title={t("claim")}>
          {grounding.claim}
        </Notice>
      )}
    </>
  );
}

export function workSummary(view: NodeView): string | undefined {
  const ms = workedMs(view);
  if (ms === undefined || view.status === "skipped") return undefined;
  const parts = [format.span(ms)];
  if (view.inputTokens + view.outputTokens > 0)
    parts.push(`${format.number(view.inputTokens)} → ${format.number(view.outputTokens)} tok`);
  if (view.costUsd !== undefined) parts.push(format.dollars(view.costUsd));
  return parts.join(" · ");
}

/** The inputs of a node by port: the outputs of the nodes connected to it. */
export function inputsOf(graph: Graph, node: string, runState: RunState): [string, unknown][] {
  const values = new Map<string, unknown[]>();
  for (const edge of lookup(graph).into(node)) {
    const from = edgeEnd(edge.from);
    const outputs = runState.view.nodes.get(from.node)?.outputs;
    if (!outputs || !(from.port in outputs)) continue;
    const port = edgeEnd(edge.to).port;
    values.set(port, [...(values.get(port) ?? []), outputs[from.port]]);
  }
  return [...values].map(([port, all]) => [port, all.length === 1 ? all[0] : all]);
}
