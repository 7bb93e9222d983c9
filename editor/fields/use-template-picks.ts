import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import { connect } from "../graph/commands.ts";
import { templatePicks } from "../graph/template-picks.ts";
import { useReader, useWorkbench } from "../hooks/use-workbench.ts";
import { useNodeWords } from "../i18n/node-words.ts";

export interface PickedVariable {
  name: string;
  detail: string;
  choose?(): void;
}

/** What can be written between `{{` and `}}` in a field. To choose one also connects it, in the undo step of the field. */
export function useTemplatePicks(node: string, field: string): () => PickedVariable[] {
  const { t } = useTranslation("fields");
  const { graph, apply } = useWorkbench();
  const reader = useReader();
  const words = useNodeWords();
  return useCallback(
    () =>
      templatePicks(graph(), reader, node).map(({ name, kind, from, edge }) => {
        const source = from && `${words.nodeTitle(from.node)} · ${words.port(from.node.type, from.port)}`;
        const detail = source === undefined ? t("pickOpen") : `${source} (${words.kind(kind)})`;
        const choose = edge && (() => apply({ ...connect(edge), group: `config:${node}:${field}` }));
        return { name, detail, ...(choose && { choose }) };
      }),
    [graph, apply, reader, node, field, words, t],
  );
}
