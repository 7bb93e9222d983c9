/** The parts of the command palette that are the same on every page: its frame, the pages, the guides and the agents. */
import { Command } from "cmdk";
import { ExternalLink } from "lucide-react";
import { Dialog } from "radix-ui";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { GUIDES } from "../guide/guides.ts";

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
export const itemClass =
  "flex cursor-pointer items-center gap-2.5 rounded-md px-2.5 py-1.5 data-[selected=true]:bg-hover";
export const groupClass =
  "px-1.5 pb-1 [&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-2xs [&_[cmdk-group-heading]]:font-semibold [&_[cmdk-group-heading]]:text-ink-3";

/** The dialog around a command palette. */
export function CommandFrame({ open, close, children }: { open: boolean; close(): void; children: ReactNode }) {
  const { t } = useTranslation("canvas");
  return (
    <Dialog.Root open={open} onOpenChange={(next) => next || close()}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 bg-scrim/50 animate-fade" />
        <Dialog.Content
          aria-describedby={undefined}
          className="-translate-x-1/2 fixed top-[14vh] left-1/2 z-40 w-[min(560px,calc(100vw-32px))] overflow-hidden rounded-xl border border-line bg-raised shadow-float outline-none animate-rise"
        >
          <Dialog.Title className="sr-only">{t("action.commands")}</Dialog.Title>
          {open && children}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** Pages, guides and agents to go to. `then` closes the palette before it calls. */
export function PageGroups({
  then,
  agents,
}: {
  then(call: () => void): () => void;
  agents: readonly { id: string; name: string }[];
}) {
  const { t } = useTranslation(["canvas", "shell", "tools", "runs", "settings", "guide"]);
  const [, go] = useLocation();
  return (
    <>
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
      {agents.length > 0 && (
        <Command.Group heading={t("commands.agents")} className={groupClass}>
          {agents.slice(0, 100).map((agent) => (
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
    </>
  );
}
