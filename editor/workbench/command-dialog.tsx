import { Command } from "cmdk";
import { ExternalLink } from "lucide-react";
import { Dialog } from "radix-ui";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { useStore } from "zustand";
import { definitions, table } from "../graph/node-types.ts";
import { nodeIcon, nodeTone } from "../hooks/node-icons.ts";
import { useCatalogue, useDocument, useGraph, useWorkbench } from "../hooks/use-workbench.ts";
import { useNodeWords } from "../i18n/node-words.ts";
import { GUIDES } from "../pages/guide/guides.ts";
import { useShowNode } from "../panels/issues-panel.tsx";
import { TONE_TEXT } from "../ui/badge.tsx";
import { Kbd } from "../ui/kbd.tsx";
import type { Action, ActionId } from "./action.ts";
import { commandScore } from "./command-score.ts";
import { useAddInView } from "./palette.tsx";

/** Pages by the name in the menu, or on the page that contains them. */
const PAGES = [
  ["shell:agents", "/"],
  ["shell:templates", "/templates"],
  ["shell:knowledge", "/knowledge"],
  ["shell:tools", "/tools"],
  ["tools:servers", "/tools/servers"],
  ["shell:models", "/models"],
  ["shell:runs", "/runs"],
  ["runs:sessions.title", "/sessions"],
  ["shell:inbox", "/inbox"],
  ["shell:usage", "/usage"],
  ["shell:settings", "/settings"],
  ["settings:tabs.secrets", "/settings/secrets"],
  ["settings:tabs.keys", "/settings/keys"],
] as const;
/** Actions that are not useful in this list. */
const HIDDEN: readonly ActionId[] = ["commands", "addNode", "chat"];
const itemClass = "flex cursor-pointer items-center gap-2.5 rounded-md px-2.5 py-1.5 data-[selected=true]:bg-hover";
const groupClass =
  "px-1.5 pb-1 [&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-2xs [&_[cmdk-group-heading]]:font-semibold [&_[cmdk-group-heading]]:text-ink-3";

/** The command palette: one search over actions, node types, nodes, pages and agents. */
export function CommandDialog({ actions }: { actions: ReadonlyMap<ActionId, Action> }) {
  const workbench = useWorkbench();
  const open = useStore(workbench.overlays, (state) => state.commands);
  const { t } = useTranslation("canvas");
  const close = () => workbench.overlays.setState({ commands: false });
  return (
    <Dialog.Root open={open} onOpenChange={(next) => next || close()}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 bg-scrim/50 animate-fade" />
        <Dialog.Content
          aria-describedby={undefined}
          className="-translate-x-1/2 fixed top-[14vh] left-1/2 z-40 w-[min(560px,calc(100vw-32px))] overflow-hidden rounded-xl border border-line bg-raised shadow-float outline-none animate-rise"
        >
          <Dialog.Title className="sr-only">{t("action.commands")}</Dialog.Title>
          {open && <Commands actions={actions} close={close} />}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

const NOTHING: typeof definitions = [];

function Commands({ actions, close }: { actions: ReadonlyMap<ActionId, Action>; close(): void }) {
  const { t } = useTranslation(["canvas", "shell", "tools", "runs", "settings", "guide"]);
  const words = useNodeWords();
  const add = useAddInView();
  const show = useShowNode();
  const [, go] = useLocation();
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
        <Command.Group heading={t("commands.pages")} className={groupClass}>
          {PAGES.map(([page, href]) => (
            <Command.Item key={page} value={`page ${t(page)}`} onSelect={then(() => go(href))} className={itemClass}>
              {t(page)}
            </Command.Item>
          ))}
          {GUIDES.map((guide) => (
            <Command.Item
              key={guide}
              value={`guide ${t("guide:title")} ${t(`guide:names.${guide}`)}`}
              onSelect={then(() => go(`/docs/${guide}`))}
              className={itemClass}
            >
              <span className="flex-1">{t(`guide:names.${guide}`)}</span>
              <span className="text-ink-3 text-sm">{t("guide:title")}</span>
            </Command.Item>
          ))}
          <Command.Item
            value={`page ${t("settings:openApi")}`}
            onSelect={then(() => void window.open("/openapi.json", "_blank", "noopener"))}
            className={itemClass}
          >
            <span className="flex-1">{t("settings:openApi")}</span>
            <ExternalLink size={14} aria-hidden className="text-ink-3" />
          </Command.Item>
        </Command.Group>
        {agents.length > 1 && (
          <Command.Group heading={t("commands.agents")} className={groupClass}>
            {agents
              .filter((agent) => agent.id !== id)
              .slice(0, 100)
              .map((agent) => (
                <Command.Item
                  key={agent.id}
                  value={`agent ${agent.name} ${agent.id}`}
                  onSelect={then(() => go(`/agents/${agent.id}`))}
                  className={itemClass}
                >
                  {agent.name}
                </Command.Item>
              ))}
          </Command.Group>
        )}
      </Command.List>
    </Command>
  );
}
