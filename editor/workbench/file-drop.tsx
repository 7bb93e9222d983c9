import { useReactFlow } from "@xyflow/react";
import { FileUp } from "lucide-react";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import type { Graph } from "../../runtime/graph.ts";
import { api } from "../api/api.ts";
import { pasteGraph } from "../graph/fragment.ts";
import { useFileReader } from "../hooks/use-read-file.ts";
import { useWorkbench } from "../hooks/use-workbench.ts";
import { useErrorWords } from "../shell/query-state.tsx";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { toast } from "../ui/toast.tsx";

interface Dropped {
  graph: Graph;
  file: string;
  /** Canvas coordinates. */
  position: { x: number; y: number };
}

const carriesFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
const isOverGraph = (event: DragEvent) =>
  event.target instanceof Element && event.target.closest(".react-flow") !== null;

/** Handles a file that is dropped on the graph: asks where to put an agent file; a toast explains any other file. */
export function FileDrop() {
  const workbench = useWorkbench();
  const flow = useReactFlow();
  const { t } = useTranslation("editing");
  const read = useFileReader();
  const [over, setOver] = useState(false);
  const [dropped, setDropped] = useState<Dropped>();

  useEffect(() => {
    const onOver = (event: DragEvent) => {
      if (!carriesFiles(event)) return;
      const here = isOverGraph(event);
      setOver(here);
      if (!here) return;
      event.preventDefault();
      event.dataTransfer!.dropEffect = "copy";
    };
    const onLeave = (event: DragEvent) => event.relatedTarget === null && setOver(false);
    const onDrop = (event: DragEvent) => {
      setOver(false);
      if (!carriesFiles(event) || !isOverGraph(event)) return;
      event.preventDefault();
      const [file, ...more] = event.dataTransfer!.files;
      if (!file) return;
      if (more.length > 0) toast({ title: t("drop.oneAtATime"), tone: "info" });
      const position = flow.screenToFlowPosition({ x: event.clientX, y: event.clientY });
      void read(file).then((found) => {
        if ("graph" in found) setDropped({ graph: found.graph, file: file.name, position });
        else toast({ tone: "bad", ...found });
      });
    };
    window.addEventListener("dragover", onOver);
    window.addEventListener("dragleave", onLeave);
    window.addEventListener("drop", onDrop);
    return () => {
      window.removeEventListener("dragover", onOver);
      window.removeEventListener("dragleave", onLeave);
      window.removeEventListener("drop", onDrop);
    };
  }, [flow, t, read]);

  return (
    <>
      {over && (
        <div className="pointer-events-none absolute inset-3 z-10 flex items-center justify-center rounded-xl border-2 border-accent border-dashed bg-paper/70">
          <p className="flex items-center gap-2 rounded-lg bg-raised px-4 py-2.5 font-medium shadow-float">
            <FileUp size={16} aria-hidden />
            {t("drop.here")}
          </p>
        </div>
      )}
      {dropped && <DropDialog dropped={dropped} close={() => setDropped(undefined)} workbench={workbench} />}
    </>
  );
}

function DropDialog({
  dropped: { graph, file, position },
  close,
  workbench,
}: {
  dropped: Dropped;
  close(): void;
  workbench: ReturnType<typeof useWorkbench>;
}) {
  const { t } = useTranslation("editing");
  const words = useErrorWords();
  const [, go] = useLocation();
  const [busy, setBusy] = useState(false);
  const asNew = () => {
    setBusy(true);
    api.agents.create(graph).then(
      (agent) => go(`/agents/${agent.id}`),
      (error: unknown) => {
        setBusy(false);
        const { title, detail } = words(error);
        toast({ tone: "bad", title: t("drop.failed"), detail: detail ?? title });
      },
    );
  };
  const intoThis = () => {
    close();
    if (workbench.document.getState().frozen) return toast({ tone: "bad", title: t("drop.pastRun") });
    const { command, ids } = pasteGraph(workbench.graph(), graph, position);
    workbench.apply(command);
    workbench.selection.select(ids);
  };
  return (
    <Dialog
      onClose={close}
      title={t("drop.title", { name: graph.name })}
      description={t("drop.about", { file, count: graph.nodes.length })}
      footer={
        <>
          <Button variant="ghost" className="mr-auto" onClick={close}>
            {t("cancel", { ns: "common" })}
          </Button>
          <Button onClick={intoThis}>{t("drop.intoThis")}</Button>
          <Button variant="solid" busy={busy} onClick={asNew}>
            {t("drop.asNew")}
          </Button>
        </>
      }
    />
  );
}
