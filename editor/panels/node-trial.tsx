import { Pin, PinOff, StepForward } from "lucide-react";
import { createContext, type ReactNode, useContext, useState } from "react";
import { useTranslation } from "react-i18next";
import type { NodeView } from "../../runtime/fold-run.ts";
import type { GraphNode } from "../../runtime/graph.ts";
import { outputText, readOutputs } from "../graph/output-texts.ts";
import { pinOf, setPin } from "../graph/pins.ts";
import { continueWith, togglePin } from "../hooks/run-part.ts";
import { useConversation, useDocument, useGraph, useWorkbench } from "../hooks/use-workbench.ts";
import { useNodeWords } from "../i18n/node-words.ts";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { Form } from "../ui/form.tsx";
import { Textarea } from "../ui/input.tsx";

/** Forks a past run from a node. Undefined in the draft, where the run continues instead. */
export const ForkContext = createContext<
  ((node: string, outputs?: Record<string, unknown>) => Promise<void>) | undefined
>(undefined);

/** A node's outputs in the shown run, with buttons to pin them, or to edit them and continue from there. */
export function NodeTrial({ node, view, children }: { node: GraphNode; view: NodeView; children: ReactNode }) {
  const { t } = useTranslation("testing");
  const workbench = useWorkbench();
  const fork = useContext(ForkContext);
  const frozen = useDocument((state) => state.frozen);
  const pinned = useGraph((graph) => pinOf(graph, node.id));
  const busy = useConversation((state) => state.busy);
  const [editing, setEditing] = useState(false);
  const [forking, setForking] = useState(false);
  const ended = view.endedAt !== undefined && view.status !== "skipped";
  const outputs = view.outputs && Object.keys(view.outputs).length > 0 ? view.outputs : undefined;
  if (!ended) return children;
  const again = async (values?: Record<string, unknown>) => {
    setForking(true);
    await fork?.(node.id, values).finally(() => setForking(false));
  };
  const go = (values: Record<string, unknown>) => {
    setEditing(false);
    if (fork) void again(values);
    else continueWith(workbench, node.id, values);
  };
  return (
    <>
      {editing && outputs ? (
        <OutputForm
          key={view.endedAt}
          type={node.type}
          outputs={outputs}
          busy={busy || forking}
          onGo={go}
          onPin={fork ? undefined : (values) => workbench.apply(setPin(node.id, values))}
          onCancel={() => setEditing(false)}
        />
      ) : (
        <>
          {children}
          <div className="flex flex-wrap gap-2">
            {outputs && !frozen && (
              <Button size="sm" icon={pinned ? PinOff : Pin} onClick={() => togglePin(workbench, node.id)}>
                {pinned ? t("unpin") : t("pin")}
              </Button>
            )}
            {outputs && (!frozen || fork) && (
              <Button size="sm" onClick={() => setEditing(true)}>
                {t("edit")}
              </Button>
            )}
            {fork && (
              <Button size="sm" icon={StepForward} busy={forking} onClick={() => void again()}>
                {t("fork")}
              </Button>
            )}
          </div>
        </>
      )}
    </>
  );
}

function OutputForm({
  type,
  outputs,
  busy,
  onGo,
  onPin,
  onCancel,
}: {
  type: string;
  outputs: Record<string, unknown>;
  busy: boolean;
  onGo(values: Record<string, unknown>): void;
  onPin?(values: Record<string, unknown>): void;
  onCancel(): void;
}) {
  const { t } = useTranslation(["testing", "common"]);
  const words = useNodeWords();
  const [texts, setTexts] = useState<Record<string, string>>(() =>
    Object.fromEntries(Object.entries(outputs).map(([port, value]) => [port, outputText(value)])),
  );
  const read = readOutputs(outputs, texts);
  return (
    <Form
      className="flex flex-col gap-3"
      onSubmit={() => {
        if (read.values) onGo(read.values);
      }}
    >
      {Object.keys(outputs).map((port) => (
        <Field
          key={port}
          label={t("editLabel", { port: words.port(type, { id: port, kind: "any" }) })}
          error={read.faults[port] && t("notJson", { message: read.faults[port] })}
        >
          <Textarea
            mono={typeof outputs[port] !== "string"}
            rows={5}
            value={texts[port]}
            onChange={(event) => setTexts({ ...texts, [port]: event.target.value })}
          />
        </Field>
      ))}
      <p className="text-ink-3 text-sm">{t("editHelp")}</p>
      <div className="flex flex-wrap gap-2">
        <Button type="submit" size="sm" variant="solid" icon={StepForward} disabled={!read.values || busy}>
          {t("continueHere")}
        </Button>
        {onPin && (
          <Button
            size="sm"
            icon={Pin}
            disabled={!read.values}
            onClick={() => {
              if (read.values) onPin(read.values);
              onCancel();
            }}
          >
            {t("pin")}
          </Button>
        )}
        <Button size="sm" variant="ghost" onClick={onCancel}>
          {t("common:cancel")}
        </Button>
      </div>
    </Form>
  );
}
