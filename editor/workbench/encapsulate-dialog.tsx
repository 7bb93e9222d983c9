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
import type { Overlays } from "../session/overlays.ts";
import { setCatalogue } from "../session/workbench.ts";
import { ErrorNotice } from "../shell/query-state.tsx";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";
import { Notice } from "../ui/notice.tsx";
import { toast } from "../ui/toast.tsx";

/** Asks for the name of the agent that the chosen nodes become, saves it, and puts the node that calls it in their place. */
export function EncapsulateDialog() {
  const { overlays } = useWorkbench();
  const asked = useStore(overlays, (state) => state.encapsulating);
  return asked ? <Asked {...asked} close={() => overlays.setState({ encapsulating: undefined })} /> : null;
}

function Asked({ plan, nodes, suggested, close }: NonNullable<Overlays["encapsulating"]> & { close(): void }) {
  const workbench = useWorkbench();
  const client = useQueryClient();
  const words = useNodeWords();
  const [, go] = useLocation();
  const { t } = useTranslation(["subagents", "common"]);
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
      // The list is read anew in a moment; until then its ports are known all the same.
      setCatalogue(catalogue, { ...known, agents: [...known.agents, entry] });
      client.setQueryData<AgentCard[]>(["agents", "cards"], (list) => list && [...list, entry]);
      void client.invalidateQueries({ queryKey: ["agents"] });
      const { command, node } = plan.command({ id: agent.id, name: agent.graph.name });
      workbench.apply(command);
      workbench.selection.choose([node]);
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
    if (!missing && !make.isPending) make.mutate();
  };

  const takes = connectedPorts(plan.inner, "input");
  const gives = connectedPorts(plan.inner, "output");
  const forgets = plan.forgets.flatMap((id) => lookup(plan.inner).node(id) ?? []).map(words.nodeTitle);
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && close()}
      title={t("title")}
      description={t("lead", { count: nodes })}
      footer={
        <>
          <Button onClick={close}>{t("common:cancel")}</Button>
          <Button variant="solid" busy={make.isPending} onClick={submit}>
            {t("convert")}
          </Button>
        </>
      }
    >
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <Field label={t("name")} error={tried && missing && t("nameMissing")}>
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
          <dd>{takes.map((port) => words.port("input", port)).join(" · ")}</dd>
          <dt className="text-ink-3">{t("outputs")}</dt>
          <dd>{gives.map((port) => words.port("output", port)).join(" · ")}</dd>
        </dl>
        {forgets.length > 0 && <Notice tone="warn">{t("losesHistory", { names: forgets.join(", ") })}</Notice>}
        {make.isError && <ErrorNotice error={make.error} />}
      </form>
    </Dialog>
  );
}

/** What the new agent takes or gives: every agent can do more, this is what it does. */
function connectedPorts(
  inner: Parameters<typeof agentPorts>[0] & { edges: { from: string; to: string }[] },
  side: "input" | "output",
): Port[] {
  const id = inner.nodes.find((node) => roleOf(node) === side)?.id;
  const { inputs, outputs } = agentPorts(inner, table);
  const ends = new Set(inner.edges.flatMap((edge) => [edge.from, edge.to]));
  return (side === "input" ? inputs : outputs).filter((port) => port.id === "message" || ends.has(`${id}.${port.id}`));
}
