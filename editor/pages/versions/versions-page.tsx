import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Download, GitBranch, RotateCcw, Split } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Agent, AgentVersion, Publication } from "../../../server/contract/agent.ts";
import { api } from "../../api/api.ts";
import { useMakeLive, useVersions } from "../../hooks/use-versions.ts";
import { ago, percent } from "../../i18n/format.ts";
import { Page, Section } from "../../shell/page.tsx";
import { Loaded, useErrorToast } from "../../shell/query-state.tsx";
import { UsedBy } from "../../shell/used-by.tsx";
import { Badge } from "../../ui/badge.tsx";
import { Button, LinkButton } from "../../ui/button.tsx";
import { cx } from "../../ui/cx.ts";
import { EmptyState } from "../../ui/empty-state.tsx";
import { GraphPicture } from "../../ui/graph-picture.tsx";
import { IconButton } from "../../ui/icon-button.tsx";
import { Menu } from "../../ui/menu.tsx";
import { Time } from "../../ui/time.tsx";
import { toast } from "../../ui/toast.tsx";
import { downloadAgent } from "../home/agent-files.ts";
import { Canary, SHARES } from "./canary.tsx";

/** The published versions of an agent, which of them is live, and earlier saves of its draft. */
export function VersionsPage({ id }: { id: string }) {
  const { t } = useTranslation(["versions", "home"]);
  const agent = useQuery({ queryKey: ["agents", id], queryFn: ({ signal }) => api.agents.get(id, signal) });
  const versions = useVersions(id);
  const name = agent.data?.graph.name ?? "…";
  return (
    <Page
      crumbs={[{ label: t("home:title"), href: "/" }, { label: name, href: `/agents/${id}` }, { label: t("title") }]}
      title={t("title")}
      lead={t("lead")}
      actions={<LinkButton href={`/agents/${id}`}>{t("openAgent")}</LinkButton>}
    >
      <Loaded query={versions}>
        {({ publication, versions: list }) =>
          list.length === 0 ? (
            <EmptyState
              icon={GitBranch}
              title={t("empty")}
              actions={
                <LinkButton href={`/agents/${id}`} variant="solid">
                  {t("openAgent")}
                </LinkButton>
              }
            >
              {t("emptyLead")}
            </EmptyState>
          ) : (
            <>
              {publication && (
                <p className="mb-4 flex flex-wrap items-center gap-x-3 gap-y-1 text-ink-2">
                  {t("address")} <code>{publication.slug}</code>
                  <Badge>{t(`access.${publication.access}`)}</Badge>
                </p>
              )}
              {publication?.share && <Canary agent={id} publication={publication} share={publication.share} />}
              <UsedBy kind="agent" name={id} className="mb-6" />
              <ol className="flex flex-col gap-3">
                {list.map((version) => (
                  <li key={version.version}>
                    <VersionCard id={id} version={version} publication={publication} />
                  </li>
                ))}
              </ol>
            </>
          )
        }
      </Loaded>
      {agent.data && <Revisions agent={agent.data} />}
    </Page>
  );
}

function VersionCard({ id, version, publication }: { id: string; version: AgentVersion; publication?: Publication }) {
  const { t } = useTranslation("versions");
  const live = publication?.live === version.version;
  const share = publication?.share?.version === version.version ? publication.share.share : undefined;
  const change = useMakeLive(id);
  return (
    <article className="flex items-center gap-4 overflow-hidden rounded-xl border border-line bg-surface pr-4">
      <GraphPicture graph={version.graph} className="h-24 w-40 shrink-0 border-line border-r max-sm:hidden" />
      <div className="min-w-0 flex-1 py-3 max-sm:pl-4">
        <h2 className="flex flex-wrap items-center gap-2 font-semibold text-md">
          {t("version", { version: version.version })}
          {live && (
            <Badge tone="ok" dot>
              {t("live")}
            </Badge>
          )}
          {share !== undefined && <Badge tone="accent">{t("share", { share: percent(share) })}</Badge>}
        </h2>
        <p className={cx("mt-0.5 whitespace-pre-line break-words", version.note ? "text-ink-2" : "text-ink-3")}>
          {version.note || t("noNote")}
        </p>
        <p className="mt-1 flex flex-wrap gap-x-3 text-ink-3 text-sm">
          <Time at={version.publishedAt}>{t("published", { when: ago(version.publishedAt) })}</Time>
          <span>{t("fromRevision", { revision: version.revision })}</span>
          <code title={t("pinned")}>
            {version.slug}@{version.version}
          </code>
          <code title={t("hash")}>{version.hash.slice(0, 10)}</code>
        </p>
      </div>
      <IconButton icon={Download} label={t("export")} onClick={() => downloadAgent(version.graph)} />
      {!live && share === undefined && (
        <ShareMenu
          version={version.version}
          onShare={(part) => change.mutate({ version: version.version, share: part })}
        />
      )}
      {!live && (
        <Button busy={change.isPending} onClick={() => change.mutate({ version: version.version })}>
          {publication && version.version < publication.live ? t("rollback") : t("promote")}
        </Button>
      )}
    </article>
  );
}

/** Gives a version a share of the calls, to compare it with the live one. */
function ShareMenu({ version, onShare }: { version: number; onShare(share: number): void }) {
  const { t } = useTranslation("versions");
  return (
    <Menu
      align="end"
      trigger={
        <Button variant="ghost" icon={Split} aria-label={t("rollOutVersion", { version })}>
          {t("rollOut")}
        </Button>
      }
      items={SHARES.map((share) => ({
        label: t("shareOfCalls", { share: percent(share) }),
        onSelect: () => onShare(share),
      }))}
    />
  );
}

function Revisions({ agent }: { agent: Agent }) {
  const { t } = useTranslation("versions");
  const client = useQueryClient();
  const toastError = useErrorToast();
  const revisions = useQuery({
    queryKey: ["agents", agent.id, "revisions", agent.revision],
    queryFn: ({ signal }) => api.agents.revisions(agent.id, signal),
  });
  const restore = useMutation({
    mutationFn: async (revision: number) => {
      const old = await api.agents.revision(agent.id, revision);
      return api.agents.save(agent.id, old.graph, agent.revision);
    },
    onSuccess: (_, revision) => {
      void client.invalidateQueries({ queryKey: ["agents"] });
      toast({ title: t("restored", { revision }) });
    },
    onError: toastError,
  });
  return (
    <Section className="mt-10" title={t("revisions")} lead={t("revisionsLead")}>
      <Loaded query={revisions}>
        {(list) => (
          <ol className="max-h-96 overflow-y-auto rounded-xl border border-line bg-surface">
            {list.map((one) => (
              <li key={one.revision} className="flex items-center gap-3 border-line border-b px-4 py-2 last:border-b-0">
                <span className="font-medium tnum">{t("revision", { revision: one.revision })}</span>
                {one.label && <span className="min-w-0 truncate font-medium">{one.label}</span>}
                {one.name !== agent.graph.name && <span className="min-w-0 truncate text-ink-2">{one.name}</span>}
                <Time at={one.updatedAt} className="ml-auto shrink-0 text-ink-3 text-sm" />
                {one.revision === agent.revision ? (
                  <Badge>{t("current")}</Badge>
                ) : (
                  <Button
                    size="sm"
                    variant="ghost"
                    icon={RotateCcw}
                    busy={restore.isPending && restore.variables === one.revision}
                    onClick={() => restore.mutate(one.revision)}
                  >
                    {t("restore")}
                  </Button>
                )}
              </li>
            ))}
          </ol>
        )}
      </Loaded>
    </Section>
  );
}
