import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import type { GraphNode } from "../../runtime/graph.ts";
import { useNodeWords } from "../i18n/node-words.ts";
import type { AgentEntry } from "../state/catalogue.ts";
import { lookup } from "../state/lookup.ts";
import { useWorkbench } from "../state/use-workbench.ts";
import { toast } from "../ui/toast.tsx";
import { bodyOf, isContainer, setBody, startBody } from "./body.ts";
import { useBodies } from "./views.tsx";

/** The agent that a node calls, or that it repeats. */
export function namedAgent(node: GraphNode): string | undefined {
  if (node.type === "agent") return (node.config as { agent?: string } | null)?.agent || undefined;
  if (!isContainer(node)) return undefined;
  const body = bodyOf(node);
  return body.is === "agent" ? body.agent : undefined;
}

export const agentNamed = (agents: readonly AgentEntry[], name: string): AgentEntry | undefined =>
  agents.find((agent) => agent.id === name || agent.slug === name);

/** Opens what a node holds: its body (begun where there is none), or the agent that it names. */
export function useOpenBody(): (id: string | undefined) => void {
  const workbench = useWorkbench();
  const bodies = useBodies();
  const words = useNodeWords();
  const [, go] = useLocation();
  const { t } = useTranslation("bodies");
  return (id) => {
    const node = id === undefined ? undefined : lookup(workbench.graph()).node(id);
    const agent = node && namedAgent(node);
    if (agent !== undefined) {
      go(`/agents/${encodeURIComponent(agentNamed(workbench.catalogue.getState().agents, agent)?.id ?? agent)}`);
      return;
    }
    if (!node || !isContainer(node)) {
      toast({ title: t("noBody") });
      return;
    }
    if (bodyOf(node).is === "none") workbench.apply(setBody(node.id, startBody(node, words.nodeTitle(node))));
    if (bodyOf(lookup(workbench.graph()).node(node.id) ?? node).is === "graph") bodies.open(node.id);
    else workbench.places.open("node");
  };
}
