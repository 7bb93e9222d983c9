import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import type { Graph } from "../../runtime/graph.ts";
import { encapsulate, type Refusal } from "../graph/encapsulate.ts";
import { lookup } from "../graph/lookup.ts";
import { roleOf, table } from "../graph/node-types.ts";
import { type UnpackRefusal, unpack } from "../graph/unpack.ts";
import { issueText } from "../hooks/issue-words.ts";
import { useWorkbench } from "../hooks/use-workbench.ts";
import { useNodeWords } from "../i18n/node-words.ts";
import { agentOf, fetchCalled } from "../session/called-agents.ts";
import { checkContext } from "../session/catalogue.ts";
import { onlyNode } from "../session/selection.ts";
import { useErrorWords } from "../shell/query-state.tsx";
import { toast } from "../ui/toast.tsx";

/** Converts the selected nodes to an agent (a dialog asks for its name), and unpacks a called agent. A toast says why not. */
export function useSubagents(): { encapsulate(): void; unpack(): void } {
  const workbench = useWorkbench();
  const words = useNodeWords();
  const errorWords = useErrorWords();
  const { t, i18n } = useTranslation("subagents");
  return useMemo(() => {
    const { selection, overlays, catalogue, document: doc } = workbench;
    const deps = () => ({ table, context: checkContext(catalogue.getState()) });
    const titles = (graph: Graph, ends: readonly string[]) => {
      const named = ends.map((end) => {
        const [id = end, ...port] = end.split(".");
        const node = lookup(graph).node(id);
        return [node ? words.nodeTitle(node) : id, ...port].join(".");
      });
      return named.join(", ");
    };
    const why = (refused: Refusal | UnpackRefusal, graph: Graph): string => {
      const { reader } = workbench.reader.getState();
      const names = "names" in refused ? titles(graph, refused.names) : "";
      const message = "issue" in refused ? issueText(refused.issue, i18n.language, graph, reader).message : "";
      return t(`refused.${refused.why}`, { names, message });
    };
    return {
      encapsulate() {
        if (doc.getState().frozen) return;
        const graph = workbench.graph();
        const chosen = selection.getState().nodes;
        const plan = encapsulate(graph, chosen, deps());
        if ("refused" in plan) toast({ tone: "bad", title: t("cannotConvert"), detail: why(plan.refused, graph) });
        else
          overlays.setState({
            encapsulating: { plan, nodes: chosen.size, suggested: suggestedName(graph, chosen, words.nodeTitle) },
          });
      },
      async unpack() {
        if (doc.getState().frozen) return;
        const id = onlyNode(selection.getState());
        const refuse = (refused: UnpackRefusal, graph: Graph) =>
          toast({ tone: "bad", title: t("cannotUnpack"), detail: why(refused, graph) });
        const node = id === undefined ? undefined : lookup(workbench.graph()).node(id);
        const ref = node && roleOf(node) === "calls-agent" ? agentOf(node) : undefined;
        if (id === undefined || !ref) return refuse({ why: "notOne" }, workbench.graph());
        let called: Graph;
        try {
          called = (await fetchCalled(workbench, ref)).graph;
        } catch (error) {
          const { title, detail } = errorWords(error);
          return toast({ tone: "bad", title: t("readFailed"), detail: detail ?? title });
        }
        const graph = workbench.graph();
        const plan = unpack(graph, id, called, deps());
        if ("refused" in plan) return refuse(plan.refused, plan.refused.why === "unknown" ? called : graph);
        workbench.apply(plan.command);
        selection.select(plan.nodes);
        const said = [
          t("unpackedHelp"),
          plan.remembers.length > 0 && t("gainsHistory", { names: titles(workbench.graph(), plan.remembers) }),
          called.settings.language !== graph.settings.language && t("language"),
        ];
        toast({ title: t("unpacked", { name: called.name }), detail: said.filter(Boolean).join(" ") });
      },
    };
  }, [workbench, words, errorWords, t, i18n]);
}

/** The title of the group of the nodes, else of their model node, else of the first node. */
function suggestedName(
  graph: Graph,
  chosen: ReadonlySet<string>,
  title: (node: Graph["nodes"][number]) => string,
): string {
  const nodes = graph.nodes.filter((node) => chosen.has(node.id));
  const group = graph.groups.find((one) => one.title && nodes.every((node) => one.nodes.includes(node.id)));
  const main =
    nodes.find((node) => table.get(node.type)?.sessionInput) ?? nodes.find((node) => roleOf(node) !== "annotation");
  return group?.title ?? (main ? title(main) : "");
}
