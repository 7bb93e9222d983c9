import { Ellipsis, FileText, FolderOpen, ShieldCheck, Zap } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Template } from "../../../server/contract/template.ts";
import { language } from "../../i18n/index.ts";
import { Badge } from "../../ui/badge.tsx";
import { cx } from "../../ui/cx.ts";
import { GraphPicture } from "../../ui/graph-picture.tsx";
import { IconButton } from "../../ui/icon-button.tsx";
import { Menu, type MenuItem } from "../../ui/menu.tsx";
import { Spinner } from "../../ui/spinner.tsx";

/** A template as a card: picture, description and requirements. The whole card is a button. */
export function TemplateCard({
  template,
  large,
  busy,
  inSection,
  disabled,
  onUse,
  actions,
}: {
  template: Template;
  large?: boolean;
  /** The card is below a section heading, not directly below the page heading. */
  inSection: boolean;
  busy: boolean;
  disabled: boolean;
  onUse(): void;
  /** Further actions, in a menu. */
  actions?: MenuItem[];
}) {
  const { t } = useTranslation("templates");
  const title = template.title[language()];
  const Heading = inSection ? "h3" : "h2";
  return (
    <article className="group relative flex h-full flex-col overflow-hidden rounded-xl border border-line bg-surface transition-shadow focus-within:shadow-card hover:border-line-strong hover:shadow-card">
      <GraphPicture graph={template.graph} className={cx("border-line border-b", large ? "h-44" : "h-32")} />
      <div className="flex flex-1 flex-col p-3.5">
        <div className="flex items-start justify-between gap-2">
          <Heading className={cx("min-w-0 font-semibold", large ? "text-lg" : "text-md")}>
            <button
              type="button"
              disabled={disabled}
              aria-label={t("use", { title })}
              aria-busy={busy || undefined}
              onClick={onUse}
              className="text-left outline-none after:absolute after:inset-0 after:rounded-xl focus-visible:after:outline-2 focus-visible:after:outline-accent"
            >
              {title}
            </button>
          </Heading>
          {actions && (
            <div className="relative z-10 -mt-1 -mr-1.5">
              <Menu
                trigger={<IconButton icon={Ellipsis} label={t("actions", { title })} size="sm" />}
                items={actions}
              />
            </div>
          )}
        </div>
        <p className={cx("mt-1 text-ink-2", !large && "line-clamp-4")}>{template.summary[language()]}</p>
        <div className="mt-auto flex flex-wrap gap-1.5 pt-3">
          {busy ? (
            <span className="inline-flex items-center gap-2 text-ink-2 text-sm">
              <Spinner /> {t("opening")}
            </span>
          ) : (
            <Needs template={template} />
          )}
        </div>
      </div>
    </article>
  );
}

function Needs({ template }: { template: Template }) {
  const { t } = useTranslation("templates");
  const { mcpServers } = template.needs;
  return (
    <>
      {template.ready && (
        <Badge tone="ok" icon={Zap}>
          {t("ready")}
        </Badge>
      )}
      {mcpServers.some((server) => server.folder) && <Badge icon={FolderOpen}>{t("needsFolder")}</Badge>}
      {mcpServers.length > 0 && <Badge icon={ShieldCheck}>{t("needsServer")}</Badge>}
      {template.samples.length > 0 && (
        <Badge tone="documents" icon={FileText}>
          {t("brings", { count: template.samples.length })}
        </Badge>
      )}
    </>
  );
}
