import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { useStore } from "zustand";
import { agentPorts } from "../../runtime/agent-ports.ts";
import type { Port } from "../../runtime/port.ts";
import type { AgentCard } from "../../server/contract/agent.ts";
import { api } from "../api/api.ts";
import { lookup } from "../graph/lookup.ts";
import { roleOf, table } from "../graph/node-types.ts";
import { useWorkbench } from "../hooks/use-workbench.ts";
import { useNodeWords } from "../i18n/node-words.ts";
import { setCatalogue } from "../session/catalogue.ts";
import type { Overlays } from "../session/overlays.ts";
import { FormDialog } from "../shell/form-dialog.tsx";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";
import { Notice } from "../ui/notice.tsx";
import { toast } from "../ui/toast.tsx";

/** Asks for a name, saves the selected nodes as an agent, and replaces them with a node that calls it. */
export function EncapsulateDialog() {
  const { overlays } = useWorkbench();
  const asked = useStore(overlays, (state) => state.encapsulating);
  return asked ? <NameDialog {...asked} close={() => overlays.setState({ encapsulating: undefined })} /> : null;
}

function NameDialog({ plan, nodes, suggested, close }: NonNullable<Overlays["encapsulating"]> & { close(): void }) {
  const workbench = useWorkbench();
  const client = useQueryClient();
  const words = useNodeWords();
  const [, go] = useLocation();
  const { t } = useTranslation(["subagents", "common", "templates"]);
  const [name, setName] = useState(suggested.slice(0, 200));
  const [tried, setTried] = useState(false);
  const missing = name.trim() === "";

  const make = useMutation({
    mutationFn: () => api.agents.create({ ...plan.inner, name: name.trim() }),
    onSuccess(agent) {
      const { catalogue } = workbench;
      const known = catalogue.getState();
      const { graph, issues: _, ...rest } = agent;
      const { name, description } = graph;
      const entry = { ...rest, name, description, ports: agentPorts(graph, table) };
      // The list is reloaded below; until then the new node needs the agent's ports.
      setCatalogue(catalogue, { ...known, agents: [...known.agents, entry] });
      client.setQueryData<AgentCard[]>(["agents", "cards"], (list) => list && [...list, entry]);
      void client.invalidateQueries({ queryKey: ["agents"] });
      const { command, node } = plan.command({ id: agent.id, name: agent.graph.name });
      workbench.apply(command);
      workbench.selection.select([node]);
      close();
      toast({
        title: t("converted", { name: agent.graph.name }),
        detail: t("convertedHelp"),
        action: { label: t("open"), onSelect: () => go(`/agents/${agent.id}`) },
      });
    },
  });
  const submit = () => {
    setTried(true);
    if (!missing) make.mutate();
  };

  const inputs = connectedPorts(plan.inner, "input");
  const outputs = connectedPorts(plan.inner, "output");
  const forgets = plan.forgets.flatMap((id) => lookup(plan.inner).node(id) ?? []).map(words.nodeTitle);
  return (
    <FormDialog
      onClose={close}
      title={t("title")}
      description={t("lead", { count: nodes })}
      submit={t("convert")}
      mutation={make}
      onSubmit={submit}
    >
      <Field label={t("common:name")} error={tried && missing && t("templates:nameMissing")}>
        <Input
          value={name}
          maxLength={200}
          autoFocus
          onFocus={(event) => event.target.select()}
          onChange={(event) => setName(event.target.value)}
        />
      </Field>
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 text-sm">
        <dt className="text-ink-3">{t("inputs")}</dt>
        <dd>{inputs.map((port) => words.port("input", port)).join(" · ")}</dd>
        <dt className="text-ink-3">{t("outputs")}</dt>
        <dd>{outputs.map((port) => words.port("output", port)).join(" · ")}</dd>
      </dl>
      {forgets.length > 0 && <Notice tone="warn">{t("losesHistory", { names: forgets.join(", ") })}</Notice>}
    </FormDialog>
  );
}

/** The ports that the new agent uses: `message` and those with an edge. */
function connectedPorts(
  inner: Parameters<typeof agentPorts>[0] & { edges: { from: string; to: string }[] },
  side: "input" | "output",
): Port[] {
  const id = inner.nodes.find((node) => roleOf(node) === side)?.id;
  const { inputs, outputs } = agentPorts(inner, table);
  const ends = new Set(inner.edges.flatMap((edge) => [edge.from, edge.to]));
  return (side === "input" ? inputs : outputs).filter((port) => port.id === "message" || ends.has(`${id}.${port.id}`));
}
