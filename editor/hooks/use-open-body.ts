import { useTranslation } from "react-i18next";
import { bodyOf, isContainer, setBody, startBody } from "../graph/body.ts";
import { lookup } from "../graph/lookup.ts";
import { useNodeWords } from "../i18n/node-words.ts";
import { agentOf } from "../session/called-agents.ts";
import { useErrorToast } from "../shell/query-state.tsx";
import { toast } from "../ui/toast.tsx";
import { useBodies } from "./body-views.tsx";
import { useWorkbench } from "./use-workbench.ts";

/** Opens the graph inside a node: its body (created if there is none), or the called agent. */
export function useOpenBody(): (id: string | undefined) => void {
  const workbench = useWorkbench();
  const bodies = useBodies();
  const words = useNodeWords();
  const toastError = useErrorToast();
  const { t } = useTranslation("bodies");
  return (id) => {
    const node = id === undefined ? undefined : lookup(workbench.graph()).node(id);
    if (!node || (!isContainer(node) && !agentOf(node))) {
      toast({ title: t("noBody"), tone: "info" });
      return;
    }
    if (isContainer(node) && bodyOf(node).is === "none") {
      workbench.apply(setBody(node.id, startBody(node, words.nodeTitle(node))));
      // The inputs of a body are explained in the node panel.
      workbench.panels.open("node");
    }
    if (bodyOf(lookup(workbench.graph()).node(node.id) ?? node).is === "bad") workbench.panels.open("node");
    else bodies.open(node.id).catch(toastError);
  };
}
