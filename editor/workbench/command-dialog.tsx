import { Command } from "cmdk";
import { useTranslation } from "react-i18next";
import { useStore } from "zustand";
import { definitions, table } from "../graph/node-types.ts";
import { nodeIcon, nodeTone } from "../hooks/node-icons.ts";
import { useCatalogue, useDocument, useGraph, useWorkbench } from "../hooks/use-workbench.ts";
import { useNodeWords } from "../i18n/node-words.ts";
import { commandScore } from "../pages/commands/command-score.ts";
import { CommandFrame, groupClass, itemClass, PageGroups } from "../pages/commands/page-groups.tsx";
import { useShowNode } from "../panels/issues-panel.tsx";
import { TONE_TEXT } from "../ui/badge.tsx";
import { Kbd } from "../ui/kbd.tsx";
import type { Action, ActionId } from "./action.ts";
import { useAddInView } from "./palette.tsx";

/** Actions that are not useful in this list. */
const HIDDEN: readonly ActionId[] = ["commands", "addNode", "chat"];
/** The command palette: one search over actions, node types, nodes, pages and agents. */
export function CommandDialog({ actions }: { actions: ReadonlyMap<ActionId, Action> }) {
  const workbench = useWorkbench();
  const open = useStore(workbench.overlays, (state) => state.commands);
  const close = () => workbench.overlays.setState({ commands: false });
  return (
    <CommandFrame open={open === true} close={close}>
      <Commands actions={actions} close={close} />
    </CommandFrame>
  );
}

const NOTHING: typeof definitions = [];

function Commands({ actions, close }: { actions: ReadonlyMap<ActionId, Action>; close(): void }) {
  const { t } = useTranslation("canvas");
  const words = useNodeWords();
  const add = useAddInView();
  const show = useShowNode();
  // No node can be added to a read-only graph.
  const addable = useDocument((state) => (state.frozen ? NOTHING : definitions));
  const nodes = useGraph((graph) => graph.nodes);
  const agents = useCatalogue((state) => state.agents);
  const { id } = useWorkbench();
  const then = (call: () => void) => () => {
    close();
    // The dialog restores the focus first; the action may move it.
    requestAnimationFrame(call);
  };
  return (
    <Command label={t("action.commands")} filter={commandScore} loop>
      <Command.Input
        placeholder={t("commands.placeholder")}
        className="h-11 w-full border-line border-b bg-transparent px-4 text-md outline-none"
      />
      <Command.List className="max-h-[min(420px,60vh)] overflow-y-auto py-1.5">
        <Command.Empty className="px-4 py-6 text-center text-ink-3">{t("commands.none")}</Command.Empty>
        <Command.Group heading={t("commands.actions")} className={groupClass}>
          {[...actions.values()]
            .filter((action) => !HIDDEN.includes(action.id))
            .map((action) => (
              <Command.Item
                key={action.id}
                value={`do ${t(`action.${action.id}`)} ${action.id}`}
                onSelect={then(action.run)}
                className={itemClass}
              >
                <action.icon size={16} aria-hidden className="text-ink-2" />
                <span className="flex-1">{t(`action.${action.id}`)}</span>
                {action.keys && <Kbd keys={action.keys} className="text-ink-2" />}
              </Command.Item>
            ))}
        </Command.Group>
        {addable.length > 0 && (
          <Command.Group heading={t("commands.add")} className={groupClass}>
            {addable.map((definition) => {
              const Icon = nodeIcon(definition);
              return (
                <Command.Item
                  key={definition.type}
                  value={`add ${words.title(definition.type)} ${definition.type}`}
                  onSelect={then(() => add(definition))}
                  className={itemClass}
                >
                  <Icon size={16} aria-hidden className={TONE_TEXT[nodeTone(definition)]} />
                  <span className="flex-1">{words.title(definition.type)}</span>
                  <span className="truncate text-ink-2 text-sm">{words.summary(definition.type)}</span>
                </Command.Item>
              );
            })}
          </Command.Group>
        )}
        <Command.Group heading={t("commands.go")} className={groupClass}>
          {nodes.slice(0, 300).map((node) => {
            const definition = table.get(node.type);
            const Icon = nodeIcon(definition);
            return (
              <Command.Item
                key={node.id}
                value={`node ${words.nodeTitle(node)} ${node.id}`}
                onSelect={then(() => show(node.id))}
                className={itemClass}
              >
                <Icon size={16} aria-hidden className={TONE_TEXT[nodeTone(definition)]} />
                <span className="flex-1">{words.nodeTitle(node)}</span>
                <span className="font-mono text-ink-2 text-xs">{node.id}</span>
              </Command.Item>
            );
          })}
        </Command.Group>
        <PageGroups then={then} agents={agents.filter((agent) => agent.id !== id)} />
      </Command.List>
    </Command>
  );
}
