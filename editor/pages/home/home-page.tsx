import { Plus } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Agent } from "../../../server/contract/agent.ts";
import { Page, Section } from "../../shell/page.tsx";
import { Loaded } from "../../shell/query-state.tsx";
import { UsedBy } from "../../shell/used-by.tsx";
import { Button, LinkButton } from "../../ui/button.tsx";
import { ConfirmDialog } from "../../ui/dialog.tsx";
import { WindowDrop } from "../../ui/drop-zone.tsx";
import { ImportButton } from "../../ui/import-button.tsx";
import { SearchInput } from "../../ui/input.tsx";
import { NoMatch } from "../../ui/no-match.tsx";
import { Skeleton } from "../../ui/progress.tsx";
import { Select } from "../../ui/select.tsx";
import { SaveTemplate } from "../templates/save-template.tsx";
import { TemplateGallery } from "../templates/template-gallery.tsx";
import { AgentCard } from "./agent-card.tsx";
import { downloadAgent } from "./agent-files.ts";
import { foldersOf, inFolder, tagsOf } from "./agent-labels.ts";
import { LabelPanel } from "./label-panel.tsx";
import { useAgentActions, useAgents } from "./use-agents.ts";

/** No folder and no tag has this name: folders and tags are never empty and keep no space at their ends. */
const ANY = " ";

/** The start page: the list of agents or, if there are none, ways to create the first one. */
export function HomePage() {
  const { t } = useTranslation(["home", "shell", "common"]);
  const agents = useAgents();
  const { create, duplicate, remove, importFiles } = useAgentActions();
  const [search, setSearch] = useState("");
  const [doomed, setDoomed] = useState<Agent>();
  const [kept, setKept] = useState<Agent>();
  const [labelled, setLabelled] = useState<Agent>();
  const [folder, setFolder] = useState(ANY);
  const [tag, setTag] = useState(ANY);
  const none = agents.data?.length === 0;

  return (
    <Page
      crumbs={[{ label: t("title") }]}
      title={none ? t("firstTitle") : t("title")}
      lead={none ? t("firstLead") : t("lead")}
      wide
      actions={
        <>
          {(agents.data?.length ?? 0) > 6 && (
            <SearchInput value={search} onChange={setSearch} label={t("search")} className="w-56" />
          )}
          <ImportButton
            label={t("import")}
            busy={importFiles.isPending}
            onFiles={(files) => importFiles.mutate(files)}
          />
          <Button
            variant={none ? "outline" : "solid"}
            icon={Plus}
            onClick={() => create.mutate()}
            busy={create.isPending}
          >
            {t("newAgent")}
          </Button>
        </>
      }
    >
      <WindowDrop
        title={t("shell:dropTitle")}
        hint={t("shell:dropHint")}
        onFiles={(files) => importFiles.mutate(files)}
      />
      <Loaded
        query={agents}
        skeleton={
          <div className="grid grid-cols-[repeat(auto-fill,minmax(280px,1fr))] gap-4">
            {[0, 1, 2].map((shape) => (
              <Skeleton key={shape} className="h-64 rounded-xl" />
            ))}
          </div>
        }
      >
        {(list) => {
          if (list.length === 0) return <TemplateGallery large />;
          const folders = foldersOf(list);
          const tags = tagsOf(list);
          // A folder or tag that the last agent has left filters nothing.
          const inside = folders.includes(folder) ? folder : ANY;
          const tagged = tags.includes(tag) ? tag : ANY;
          const filtering = inside !== ANY || tagged !== ANY;
          const shown = matching(list, search).filter(
            (agent) => (inside === ANY || inFolder(agent, inside)) && (tagged === ANY || agent.tags?.includes(tagged)),
          );
          return (
            <>
              {folders.length + tags.length > 0 && (
                <div className="mb-4 flex flex-wrap gap-2">
                  {folders.length > 0 && (
                    <Select
                      className="w-52"
                      label={t("labels.folder")}
                      value={inside}
                      onChange={setFolder}
                      options={[
                        { value: ANY, label: t("labels.allFolders") },
                        ...folders.map((one) => ({ value: one, label: one })),
                      ]}
                    />
                  )}
                  {tags.length > 0 && (
                    <Select
                      className="w-44"
                      label={t("labels.tag")}
                      value={tagged}
                      onChange={setTag}
                      options={[
                        { value: ANY, label: t("labels.allTags") },
                        ...tags.map((one) => ({ value: one, label: one })),
                      ]}
                    />
                  )}
                </div>
              )}
              {shown.length === 0 ? (
                <NoMatch
                  query={search || [inside, tagged].filter((one) => one !== ANY).join(" · ")}
                  onClear={() => {
                    setSearch("");
                    setFolder(ANY);
                    setTag(ANY);
                  }}
                />
              ) : (
                <div className="grid grid-cols-[repeat(auto-fill,minmax(280px,1fr))] gap-4">
                  {shown.map((agent) => (
                    <AgentCard
                      key={agent.id}
                      agent={agent}
                      onDuplicate={() => duplicate.mutate(agent)}
                      onExport={() => downloadAgent(agent.graph)}
                      onTemplate={() => setKept(agent)}
                      onLabel={() => setLabelled(agent)}
                      onDelete={() => setDoomed(agent)}
                    />
                  ))}
                </div>
              )}
              {!search && !filtering && (
                <Section
                  className="mt-12"
                  title={t("templatesTitle")}
                  lead={t("templatesLead")}
                  actions={
                    <LinkButton href="/templates" variant="ghost" size="sm">
                      {t("allTemplates")}
                    </LinkButton>
                  }
                >
                  <TemplateGallery limit={4} />
                </Section>
              )}
            </>
          );
        }}
      </Loaded>
      {labelled && <LabelPanel agent={labelled} agents={agents.data ?? []} onClose={() => setLabelled(undefined)} />}
      {kept && <SaveTemplate graph={kept.graph} onClose={() => setKept(undefined)} />}
      <ConfirmDialog
        open={doomed !== undefined}
        onClose={() => setDoomed(undefined)}
        title={t("deleteTitle", { name: doomed?.graph.name })}
        description={[t("deleteLead"), doomed?.live && t("deleteLive", { slug: doomed.slug })]
          .filter(Boolean)
          .join(" ")}
        confirm={t("common:delete")}
        busy={remove.isPending}
        onConfirm={() => doomed && remove.mutate(doomed, { onSettled: () => setDoomed(undefined) })}
      >
        {doomed && <UsedBy kind="agent" name={doomed.id} />}
      </ConfirmDialog>
    </Page>
  );
}

/** Agents whose name, description, folder or tags contain every word of the search. Newest first. */
function matching(agents: Agent[], search: string): Agent[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return agents
    .filter((agent) => {
      const text =
        `${agent.graph.name} ${agent.graph.description} ${agent.folder ?? ""} ${agent.tags?.join(" ") ?? ""}`.toLowerCase();
      return words.every((word) => text.includes(word));
    })
    .sort((a, b) => b.updatedAt - a.updatedAt);
}
