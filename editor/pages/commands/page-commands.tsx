import { Command } from "cmdk";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { useAgents } from "../home/use-agents.ts";
import { commandScore } from "./command-score.ts";
import { CommandFrame, PageGroups } from "./page-groups.tsx";

/** An open agent and a run on its graph have a palette of their own, with actions and nodes. */
const HAS_OWN = /^\/agents\/[^/]+$|^\/runs\/[^/]+\/graph$/;

/** Ctrl+K on all other pages: goes to a page, a guide or an agent. */
export function PageCommands() {
  const [path] = useLocation();
  const [open, setOpen] = useState(false);
  const own = HAS_OWN.test(path);
  useEffect(() => {
    if (own) return;
    const onKey = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey)
        return;
      event.preventDefault();
      setOpen(true);
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [own]);
  const close = () => setOpen(false);
  return (
    <CommandFrame open={open && !own} close={close}>
      <Commands close={close} />
    </CommandFrame>
  );
}

function Commands({ close }: { close(): void }) {
  const { t } = useTranslation("canvas");
  const agents = useAgents().data ?? [];
  return (
    <Command label={t("action.commands")} filter={commandScore} loop>
      <Command.Input
        placeholder={t("commands.placeholderPages")}
        className="h-11 w-full border-line border-b bg-transparent px-4 text-md outline-none"
      />
      <Command.List className="max-h-[min(420px,60vh)] overflow-y-auto py-1.5">
        <Command.Empty className="px-4 py-6 text-center text-ink-3">{t("commands.none")}</Command.Empty>
        <PageGroups
          agents={agents.map(({ id, graph }) => ({ id, name: graph.name }))}
          then={(call) => () => {
            close();
            call();
          }}
        />
      </Command.List>
    </Command>
  );
}
