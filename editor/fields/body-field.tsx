import { Maximize2, Plus } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import { bodyOf } from "../graph/body.ts";
import { useOpenBody } from "../hooks/use-open-body.ts";
import { useCatalogue, useWorkbench } from "../hooks/use-workbench.ts";
import { findAgent } from "../session/catalogue.ts";
import { Button } from "../ui/button.tsx";
import { GraphPicture } from "../ui/graph-picture.tsx";
import { Notice } from "../ui/notice.tsx";
import { Select } from "../ui/select.tsx";
import { type FieldProps, recordOf } from "./field-props.ts";
import { JsonBox } from "./json-field.tsx";

/** What a container repeats: its own graph, opened on the canvas, or another agent. */
export function BodyField({ node, name, value, set, label, disabled }: FieldProps) {
  const { t } = useTranslation(["fields", "bodies"]);
  const open = useOpenBody();
  const body = bodyOf({ config: { body: value } });
  switch (body.is) {
    case "graph":
      return (
        <div className="flex flex-col gap-2">
          <button
            type="button"
            aria-label={t("bodies:open")}
            className="rounded-md border border-line hover:border-ink-3"
            onClick={() => open(node)}
          >
            <GraphPicture graph={body.graph} className="h-28 w-full" />
          </button>
          <div className="flex items-center gap-2">
            <Button size="sm" icon={Maximize2} onClick={() => open(node)}>
              {t("bodies:open")}
            </Button>
            <span className="text-ink-3 text-sm">{t("bodies:nodes", { count: body.graph.nodes.length })}</span>
            <Button size="sm" variant="ghost" className="ml-auto" disabled={disabled} onClick={() => set(null)}>
              {t("bodies:startOver")}
            </Button>
          </div>
        </div>
      );
    case "bad":
      return (
        <div className="flex flex-col gap-2">
          <Notice
            tone="warn"
            title={t("bodies:invalidBody")}
            actions={
              <Button disabled={disabled} onClick={() => set(null)}>
                {t("bodies:startOver")}
              </Button>
            }
          />
          <JsonBox place={`${node}/${name}`} value={value} set={set} label={label} disabled={disabled} minLines={8} />
        </div>
      );
    default:
      return (
        <div className="flex flex-col gap-2">
          {body.is === "none" && (
            <Button icon={Plus} className="self-start" disabled={disabled} onClick={() => open(node)}>
              {t("bodies:build")}
            </Button>
          )}
          <AgentChoice value={value} set={set} disabled={disabled} />
        </div>
      );
  }
}

function AgentChoice({ value, set, disabled }: Pick<FieldProps, "value" | "set" | "disabled">) {
  const { t } = useTranslation(["fields", "bodies"]);
  const { id } = useWorkbench();
  const all = useCatalogue((state) => state.agents);
  const agents = all.filter((agent) => agent.id !== id);
  const { agent: raw } = recordOf(value);
  const agent = typeof raw === "string" ? raw : "";
  const known = findAgent(all, agent);
  if (agents.length === 0 && !agent) return null;
  return (
    <>
      <Select
        value={agent || undefined}
        placeholder={t("chooseAgent")}
        label={t("chooseAgent")}
        disabled={disabled}
        onChange={(next) => set({ agent: next })}
        options={[
          ...agents.map((one) => ({ value: one.id === agent ? one.id : (one.slug ?? one.id), label: one.name })),
          ...(agent && !known ? [{ value: agent, label: agent, hint: t("notFound") }] : []),
        ]}
      />
      {agent && (
        <div className="flex gap-3">
          {known && (
            <Link
              href={`/agents/${encodeURIComponent(known.id)}`}
              className="rounded-sm text-accent text-sm hover:underline"
            >
              {t("bodies:openAgent")}
            </Link>
          )}
          <Button size="sm" variant="ghost" className="ml-auto" disabled={disabled} onClick={() => set(null)}>
            {t("bodies:startOver")}
          </Button>
        </div>
      )}
    </>
  );
}
