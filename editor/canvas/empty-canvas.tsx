import { Blocks, BrainCircuit, MessageSquarePlus, Plus } from "lucide-react";
import { useTranslation } from "react-i18next";
import { replaceGraph } from "../graph/commands.ts";
import { starter } from "../graph/starter.ts";
import { useDocument, useGraph, useWorkbench } from "../hooks/use-workbench.ts";
import { Button } from "../ui/button.tsx";
import { EmptyState } from "../ui/empty-state.tsx";

/** The first actions on a canvas without nodes. */
export function EmptyCanvas({ onAdd }: { onAdd(): void }) {
  const { t } = useTranslation("canvas");
  const workbench = useWorkbench();
  const empty = useGraph((graph) => graph.nodes.length === 0);
  const frozen = useDocument((state) => state.frozen);
  if (!empty || frozen) return null;
  const begin = () => {
    const graph = workbench.graph();
    const { nodes, edges, layout } = starter(graph.name);
    workbench.apply(replaceGraph({ ...graph, nodes, edges, layout }));
  };
  return (
    <div className="pointer-events-none absolute inset-0 z-10 flex items-center justify-center p-6">
      <EmptyState
        icon={Blocks}
        title={t("empty.title")}
        className="max-w-xl border-none bg-paper/90 [&_button]:pointer-events-auto"
        actions={
          <>
            <Button variant="solid" icon={BrainCircuit} onClick={begin}>
              {t("empty.begin")}
            </Button>
            <Button icon={Plus} onClick={onAdd}>
              {t("action.addNode")}
            </Button>
            <Button icon={MessageSquarePlus} onClick={() => workbench.panels.open("build")}>
              {t("action.build")}
            </Button>
          </>
        }
      >
        {t("empty.lead")}
      </EmptyState>
    </div>
  );
}
