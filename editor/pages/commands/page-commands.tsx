import { Command } from "cmdk";
import { useTranslation } from "react-i18next";
import { useAgents } from "../home/use-agents.ts";
import { commandScore } from "./command-score.ts";
import { CommandFrame, PageGroups } from "./page-groups.tsx";

/** The command palette of a page without one of its own: goes to a page, a guide or an agent. */
export function PageCommands({ close }: { close(): void }) {
  const { t } = useTranslation("canvas");
  const agents = useAgents().data ?? [];
  return (
    <CommandFrame open close={close}>
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
    </CommandFrame>
  );
}
