import { useTranslation } from "react-i18next";
import { emptyGraph, type Graph } from "../../runtime/graph.ts";
import { useNodeWords } from "../i18n/node-words.ts";
import { useCatalogue, useWorkbench } from "../state/use-workbench.ts";
import { GraphPicture } from "../ui/graph-picture.tsx";
import { Segmented } from "../ui/segmented.tsx";
import { Select } from "../ui/select.tsx";
import { type FieldProps, recordOf } from "./field-props.ts";
import { JsonBox } from "./json-field.tsx";

type Body = null | { agent: string; version?: number } | Graph;

/** What a container repeats: another agent, or a graph of its own. */
export function BodyField({ node, name, value, set, label, disabled }: FieldProps) {
  const { t } = useTranslation("fields");
  const words = useNodeWords();
  const { id } = useWorkbench();
  const agents = useCatalogue((state) => state.agents).filter((agent) => agent.id !== id);
  const body = (value ?? null) as Body;
  const record = recordOf(body);
  const how = body !== null && "nodes" in record ? "graph" : "agent";
  const agent = typeof record.agent === "string" ? record.agent : "";
  return (
    <div className="flex flex-col gap-2">
      <Segmented
        value={how}
        label={label}
        onChange={(next) => set(next === "graph" ? startBody(words.nodeTitle({ type: "map" })) : null)}
        options={[
          { value: "agent", label: t("body.agent") },
          { value: "graph", label: t("body.graph") },
        ]}
      />
      {how === "agent" ? (
        agents.length === 0 && !agent ? (
          <p className="text-ink-3">{t("noOtherAgent")}</p>
        ) : (
          <Select
            value={agent || undefined}
            placeholder={t("chooseAgent")}
            label={t("chooseAgent")}
            disabled={disabled}
            onChange={(next) => set({ agent: next })}
            options={[
              ...agents.map((one) => ({ value: one.slug ?? one.id, label: one.name })),
              ...(agent && !agents.some((one) => one.id === agent || one.slug === agent)
                ? [{ value: agent, label: agent, hint: t("notThere") }]
                : []),
            ]}
          />
        )
      ) : (
        <>
          <GraphPicture graph={body as Graph} className="h-28 w-full rounded-md border border-line" />
          <JsonBox place={`${node}/${name}`} value={body} set={set} label={label} disabled={disabled} minLines={8} />
        </>
      )}
    </div>
  );
}

/** A body to begin with: the message goes to a model, its answer comes back. */
function startBody(title: string): Graph {
  return {
    ...emptyGraph(title),
    nodes: [
      { id: "ask", type: "input", version: 1, config: {} },
      { id: "brain", type: "llm", version: 1, config: {} },
      { id: "reply", type: "output", version: 1, config: {} },
    ],
    edges: [
      { from: "ask.message", to: "brain.message" },
      { from: "brain.text", to: "reply.reply" },
    ],
    layout: { ask: { x: 0, y: 0 }, brain: { x: 300, y: 0 }, reply: { x: 600, y: 0 } },
  };
}
