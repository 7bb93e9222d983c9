import {
  BookmarkPlus,
  Clock3,
  Copy,
  Download,
  Ellipsis,
  Folder,
  FolderPen,
  GitBranch,
  Tag,
  Trash2,
  Zap,
} from "lucide-react";
import { useTranslation } from "react-i18next";
import { Link, useLocation } from "wouter";
import type { Agent } from "../../../server/contract/agent.ts";
import { roleOf } from "../../graph/node-types.ts";
import { ago } from "../../i18n/format.ts";
import { Badge } from "../../ui/badge.tsx";
import { GraphPicture } from "../../ui/graph-picture.tsx";
import { IconButton } from "../../ui/icon-button.tsx";
import { Menu } from "../../ui/menu.tsx";
import { Time } from "../../ui/time.tsx";

/** An agent as a card: picture, name, description, status and actions. */
export function AgentCard({
  agent,
  onDuplicate,
  onExport,
  onTemplate,
  onLabel,
  onDelete,
}: {
  agent: Agent;
  onDuplicate(): void;
  onExport(): void;
  onTemplate(): void;
  onLabel(): void;
  onDelete(): void;
}) {
  const { t } = useTranslation("home");
  const [, go] = useLocation();
  const { graph } = agent;
  const errors = agent.issues.filter((issue) => issue.severity === "error").length;
  const nodes = graph.nodes.filter((node) => roleOf(node) !== "annotation").length;
  return (
    <article className="group relative flex flex-col overflow-hidden rounded-xl border border-line bg-surface transition-shadow focus-within:shadow-card hover:border-line-strong hover:shadow-card">
      <GraphPicture graph={graph} className="h-36 border-line border-b" />
      <div className="flex flex-1 flex-col gap-1 p-3.5">
        <div className="flex items-start justify-between gap-2">
          <h2 className="min-w-0 font-semibold text-md">
            {/* The link covers the whole card. */}
            <Link
              href={`/agents/${agent.id}`}
              className="block truncate outline-none after:absolute after:inset-0 after:rounded-xl focus-visible:after:outline-2 focus-visible:after:outline-accent"
            >
              {graph.name}
            </Link>
          </h2>
          <div className="relative z-10 -mt-1 -mr-1.5">
            <Menu
              trigger={<IconButton icon={Ellipsis} label={t("actions", { name: graph.name })} size="sm" />}
              items={[
                { label: t("duplicate"), icon: Copy, onSelect: onDuplicate },
                { label: t("export"), icon: Download, onSelect: onExport },
                { label: t("asTemplate"), icon: BookmarkPlus, onSelect: onTemplate },
                { label: t("labels.edit"), icon: FolderPen, onSelect: onLabel },
                { label: t("runs"), icon: Clock3, onSelect: () => go(`/runs?agent=${agent.id}`) },
                { label: t("versions"), icon: GitBranch, onSelect: () => go(`/agents/${agent.id}/versions`) },
                { label: t("triggers"), icon: Zap, onSelect: () => go(`/agents/${agent.id}/triggers`) },
                "separator",
                { label: t("delete", { ns: "common" }), icon: Trash2, danger: true, onSelect: onDelete },
              ]}
            />
          </div>
        </div>
        <p className="line-clamp-2 min-h-[2.9em] text-ink-2">{graph.description || t("noDescription")}</p>
        <div className="mt-2 flex flex-wrap items-center gap-x-2.5 gap-y-1 text-ink-3 text-sm">
          {agent.live ? (
            <Badge tone="ok" dot>
              {t("live", { version: agent.live })}
            </Badge>
          ) : (
            <Badge>{t("draft")}</Badge>
          )}
          {errors > 0 && <Badge tone="warn">{t("issues", { count: errors })}</Badge>}
          {agent.folder && (
            <Badge icon={Folder} title={t("labels.folder")}>
              {agent.folder}
            </Badge>
          )}
          {agent.tags?.map((tag) => (
            <Badge key={tag} icon={Tag} title={t("labels.tag")}>
              {tag}
            </Badge>
          ))}
          <span className="tnum">{t("nodes", { count: nodes })}</span>
          <Time at={agent.updatedAt} className="ml-auto">
            {t("edited", { when: ago(agent.updatedAt) })}
          </Time>
        </div>
      </div>
    </article>
  );
}
