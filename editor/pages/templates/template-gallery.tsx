import { Download, Trash2 } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Template } from "../../../server/contract/template.ts";
import { language } from "../../i18n/index.ts";
import { Section } from "../../shell/page.tsx";
import { Loaded, useErrorToast } from "../../shell/query-state.tsx";
import { ConfirmDialog } from "../../ui/dialog.tsx";
import type { MenuItem } from "../../ui/menu.tsx";
import { NoMatch } from "../../ui/no-match.tsx";
import { Skeleton } from "../../ui/progress.tsx";
import { ShowMore } from "../../ui/show-more.tsx";
import { TemplateCard } from "./template-card.tsx";
import { TemplateSteps } from "./template-steps.tsx";
import { requiredNeeds, useOpenWithChat, useTemplateActions, useTemplateStep, useTemplates } from "./use-templates.ts";

/** The maximum number of cards shown; a search finds the others. */
const SHOWN = 60;

const gridOf = (large?: boolean) =>
  large
    ? "grid grid-cols-[repeat(auto-fill,minmax(320px,1fr))] gap-5"
    : "grid grid-cols-[repeat(auto-fill,minmax(240px,1fr))] gap-4";

/**
 * Templates as cards. A template without requirements opens directly; the others open a form. `managed`: the user's own
 * templates are in their own section and can be exported or deleted.
 */
export function TemplateGallery({
  limit,
  search = "",
  large,
  managed,
  onClear,
}: {
  limit?: number;
  search?: string;
  large?: boolean;
  managed?: boolean;
  onClear?(): void;
}) {
  const { t } = useTranslation(["templates", "common"]);
  const templates = useTemplates();
  const { download, remove } = useTemplateActions();
  const [used, setUsed] = useState<Template>();
  const [doomed, setDoomed] = useState<Template>();
  const actions = (template: Template): MenuItem[] => [
    { label: t("export"), icon: Download, onSelect: () => download.mutate(template) },
    ...(template.own
      ? ([
          "separator",
          { label: t("common:delete"), icon: Trash2, danger: true, onSelect: () => setDoomed(template) },
        ] satisfies MenuItem[])
      : []),
  ];
  const cards = (some: Template[], inSection = false) => (
    <Cards templates={some} large={large} inSection={inSection} onSteps={setUsed} {...(managed && { actions })} />
  );
  return (
    <Loaded
      query={templates}
      skeleton={
        <div className={gridOf(large)}>
          {[0, 1, 2, 3].map((shape) => (
            <Skeleton key={shape} className="h-60 rounded-xl" />
          ))}
        </div>
      }
    >
      {(all) => {
        const shown = all.filter((template) => matches(template, search)).slice(0, limit);
        const own = managed ? shown.filter((template) => template.own) : [];
        const ours = managed ? shown.filter((template) => !template.own) : shown;
        return (
          <>
            {shown.length === 0 && <NoMatch query={search} onClear={onClear} />}
            {own.length > 0 && <Section title={t("yours")}>{cards(own, true)}</Section>}
            {own.length > 0 && ours.length > 0 && <Section title={t("builtIn")}>{cards(ours, true)}</Section>}
            {own.length === 0 && ours.length > 0 && cards(ours, !large)}
            {used && <TemplateSteps template={used} onClose={() => setUsed(undefined)} />}
            <ConfirmDialog
              open={doomed !== undefined}
              onClose={() => setDoomed(undefined)}
              title={t("deleteTitle", { title: doomed?.title[language()] })}
              description={t("deleteLead")}
              confirm={t("common:delete")}
              busy={remove.isPending}
              onConfirm={() => doomed && remove.mutate(doomed, { onSettled: () => setDoomed(undefined) })}
            />
          </>
        );
      }}
    </Loaded>
  );
}

function Cards({
  templates,
  large,
  inSection,
  actions,
  onSteps,
}: {
  templates: Template[];
  large?: boolean;
  inSection: boolean;
  actions?(template: Template): MenuItem[];
  onSteps(template: Template): void;
}) {
  const [shown, setShown] = useState(SHOWN);
  return (
    <>
      <ul className={gridOf(large)}>
        {templates.slice(0, shown).map((template) => (
          <li key={template.id}>
            <Usable
              template={template}
              large={large}
              inSection={inSection}
              onSteps={() => onSteps(template)}
              {...(actions && { actions: actions(template) })}
            />
          </li>
        ))}
      </ul>
      {templates.length > shown && <ShowMore onMore={() => setShown(shown + SHOWN)} />}
    </>
  );
}

function Usable({
  template,
  onSteps,
  ...card
}: {
  template: Template;
  large?: boolean;
  inSection: boolean;
  actions?: MenuItem[];
  onSteps(): void;
}) {
  const step = useTemplateStep(template);
  const open = useOpenWithChat();
  const toastError = useErrorToast();
  const use = () => {
    if (!template.ready) return onSteps();
    step.mutate(
      {},
      {
        onSuccess: (used) => (requiredNeeds(used).length === 0 ? open(used) : onSteps()),
        onError: toastError,
      },
    );
  };
  return <TemplateCard {...card} template={template} busy={step.isPending} disabled={step.isPending} onUse={use} />;
}

function matches(template: Template, search: string): boolean {
  const text = [
    template.title[language()],
    template.summary[language()],
    template.title.en,
    template.title.zh,
    ...template.tags,
  ]
    .join(" ")
    .toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
