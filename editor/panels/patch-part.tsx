import { ArrowRight, type LucideIcon, Minus, PencilLine, Plus, Settings2, Unplug } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { ValueChange } from "../../runtime/diff.ts";
import { edgeEnd, type Graph } from "../../runtime/graph.ts";
import type { Patch, PatchPart, PatchRejection } from "../../runtime/patch.ts";
import { table } from "../graph/node-types.ts";
import { outputText } from "../graph/output-texts.ts";
import type { PartView } from "../graph/patch-view.ts";
import { nodeIcon } from "../hooks/node-icons.ts";
import { type NodeWords, useNodeWords } from "../i18n/node-words.ts";
import { cx } from "../ui/cx.ts";
import { Checkbox } from "../ui/switch.tsx";
import { ChangedValue } from "./diff-view.tsx";

const SIGN: Record<PatchPart["do"], { icon: LucideIcon; ink: string }> = {
  "add-node": { icon: Plus, ink: "bg-ok-soft text-ok" },
  "remove-node": { icon: Minus, ink: "bg-bad-soft text-bad" },
  "set-config": { icon: PencilLine, ink: "bg-warn-soft text-warn" },
  "set-title": { icon: PencilLine, ink: "bg-warn-soft text-warn" },
  "add-edge": { icon: ArrowRight, ink: "bg-ok-soft text-ok" },
  "remove-edge": { icon: Unplug, ink: "bg-bad-soft text-bad" },
  "set-about": { icon: Settings2, ink: "bg-warn-soft text-warn" },
  "set-settings": { icon: Settings2, ink: "bg-warn-soft text-warn" },
};

/** One part of a patch: a checkbox, what it does, the changed values, and why it cannot be applied. */
export function PatchPartView({
  view,
  graph,
  patch,
  ticked,
  onTick,
}: {
  view: PartView;
  graph: Graph;
  patch: Patch;
  ticked: boolean;
  onTick(on: boolean): void;
}) {
  const { icon: Icon, ink } = SIGN[view.part.do];
  const misfit = useMisfitWords(graph, patch);
  return (
    <li className={cx("px-3 py-2", !ticked && "opacity-60")}>
      <Checkbox checked={ticked} onChange={onTick} className="[&>span]:flex-1">
        <span className="flex gap-2">
          <span className={cx("mt-px flex size-4.5 shrink-0 items-center justify-center rounded-sm", ink)}>
            <Icon size={12} aria-hidden />
          </span>
          <span className={cx("min-w-0 break-words", view.misfit && "text-ink-3 line-through decoration-1")}>
            <Sentence part={view.part} graph={graph} patch={patch} />
          </span>
        </span>
      </Checkbox>
      {view.misfit && <p className="mt-1 ml-[50px] text-sm text-warn">{misfit(view.misfit)}</p>}
      {view.values.length > 0 && <Values view={view} graph={graph} patch={patch} />}
    </li>
  );
}

function Values({ view, graph, patch }: { view: PartView; graph: Graph; patch: Patch }) {
  const label = useValueLabel(view.part, graph, patch);
  return (
    <dl className="mt-1.5 ml-[50px] flex flex-col gap-1.5">
      {view.values.map((value) => (
        <div key={value.path}>
          <dt className="text-ink-3 text-xs">{label(value)}</dt>
          <dd className="max-h-48 overflow-y-auto whitespace-pre-wrap break-words text-sm">
            {/* All values of a new node are new, so they are not marked as added. */}
            {view.part.do === "add-node" ? outputText(value.after) : <ChangedValue value={value} whole />}
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** The label of a changed value: for `/config/instructions` the label of that field. */
function useValueLabel(part: PatchPart, graph: Graph, patch: Patch): (value: ValueChange) => string {
  const { t } = useTranslation("builder");
  const words = useNodeWords();
  return ({ path }) => {
    const [top, key, ...rest] = path.split("/").slice(1);
    if (top === "config" && key !== undefined && "id" in part) {
      const type = typeOf(part.id, graph, patch);
      return [type === undefined ? key : words.field(type, key).label, ...rest].join(" · ");
    }
    if (top === "title" || top === "name" || top === "description") return t(`key.${top}`);
    return (top === "settings" ? [key, ...rest] : [top, key, ...rest]).filter(Boolean).join(" · ");
  };
}

function Sentence({ part, graph, patch }: { part: PatchPart; graph: Graph; patch: Patch }): ReactNode {
  const { t } = useTranslation("builder");
  const words = useNodeWords();
  const verb = t(`do.${part.do}`);
  if ("id" in part)
    return (
      <>
        {verb} <NodeName id={part.id} graph={graph} patch={patch} />
        {part.do === "add-node" && part.title && <span className="text-ink-3"> {words.title(part.type)}</span>}
      </>
    );
  if ("from" in part)
    return (
      <>
        {verb} <EdgeEnd end={part.from} graph={graph} patch={patch} words={words} /> →{" "}
        <EdgeEnd end={part.to} graph={graph} patch={patch} words={words} />
      </>
    );
  return verb;
}

function NodeName({ id, graph, patch }: { id: string; graph: Graph; patch: Patch }) {
  const words = useNodeWords();
  const type = typeOf(id, graph, patch);
  const Icon = nodeIcon(type === undefined ? undefined : table.get(type));
  return (
    <span className="font-medium">
      <Icon size={14} aria-hidden className="-mt-0.5 mr-1 inline text-ink-3" />
      {nameOf(id, graph, patch, words)}
    </span>
  );
}

function EdgeEnd({ end, graph, patch, words }: { end: string; graph: Graph; patch: Patch; words: NodeWords }) {
  const { node, port } = edgeEnd(end);
  return (
    <span className="font-medium">
      {nameOf(node, graph, patch, words)}
      <span className="font-normal text-ink-3"> {port}</span>
    </span>
  );
}

/** A node of the graph, or one that the patch adds. */
function findNode(id: string, graph: Graph, patch: Patch): { type: string; title?: string } | undefined {
  const node = graph.nodes.find((one) => one.id === id);
  if (node) return node;
  for (const part of patch.parts) if (part.do === "add-node" && part.id === id) return part;
  return undefined;
}
const typeOf = (id: string, graph: Graph, patch: Patch) => findNode(id, graph, patch)?.type;
const nameOf = (id: string, graph: Graph, patch: Patch, words: NodeWords) => {
  const node = findNode(id, graph, patch);
  return node ? words.nodeTitle(node) : id;
};

function useMisfitWords(graph: Graph, patch: Patch): (misfit: PatchRejection) => string {
  const { t } = useTranslation("builder");
  const words = useNodeWords();
  return ({ code, about }) =>
    t(`misfit.${code}`, {
      about: code === "no-node" || code === "node-there" ? nameOf(about, graph, patch, words) : about,
    });
}
