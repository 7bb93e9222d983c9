import type { TFunction } from "i18next";
import type { NodeDefinition } from "../../runtime/node.ts";
import { lookup } from "../graph/lookup.ts";
import { definitions } from "../graph/node-types.ts";
import { planReplacement, replacementsFor, replaceNode } from "../graph/replace-node.ts";
import { nodeWords } from "../i18n/node-words.ts";
import type { Workbench } from "../session/workbench.ts";
import { toast } from "../ui/toast.tsx";

/** The node types that can replace the node; those that keep the most come first. */
export function replacementTypes(workbench: Workbench, id: string): NodeDefinition[] {
  const node = lookup(workbench.graph()).node(id);
  if (!node) return [];
  return replacementsFor(workbench.graph(), workbench.reader.getState().reader, node, definitions).map(
    (one) => one.definition,
  );
}

/** Replaces the node, and shows a toast about connections and settings that were lost. */
export function replaceWith(
  workbench: Workbench,
  id: string,
  definition: NodeDefinition,
  t: TFunction<"editing">,
  language: string,
): void {
  const graph = workbench.graph();
  const node = lookup(graph).node(id);
  if (!node) return;
  const plan = planReplacement(graph, workbench.reader.getState().reader, node, definition);
  workbench.apply(replaceNode(plan));
  workbench.selection.select([id]);
  const words = nodeWords(language);
  const { edges, settings } = plan.lost;
  const said = [
    edges.length > 0 &&
      `${t("replaceNode.edges", { count: edges.length })}: ${edges.map((e) => `${e.from} → ${e.to}`).join(", ")}.`,
    settings.length > 0 &&
      `${t("replaceNode.settings", { names: settings.map((key) => words.field(node.type, key).label).join(", ") })}.`,
  ].filter(Boolean);
  if (said.length > 0) toast({ title: t("replaceNode.done"), detail: [...said, t("replaceNode.undo")].join(" ") });
}
