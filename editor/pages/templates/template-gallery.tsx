import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Template } from "../../api-types.ts";
import { language } from "../../i18n/index.ts";
import { Loaded, useErrorWords } from "../../shell/query-state.tsx";
import { Button } from "../../ui/button.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Skeleton } from "../../ui/progress.tsx";
import { toast } from "../../ui/toast.tsx";
import { TemplateCard } from "./template-card.tsx";
import { TemplateSteps } from "./template-steps.tsx";
import { required, useOpenTried, useTemplateStep, useTemplates } from "./use-templates.ts";

/** Templates as cards. One that needs nothing opens at a click; the others ask step by step. */
export function TemplateGallery({
  limit,
  search = "",
  large,
  onClear,
}: {
  limit?: number;
  search?: string;
  large?: boolean;
  onClear?(): void;
}) {
  const { t } = useTranslation("common");
  const templates = useTemplates();
  const [used, setUsed] = useState<Template>();
  const grid = large
    ? "grid grid-cols-[repeat(auto-fill,minmax(320px,1fr))] gap-5"
    : "grid grid-cols-[repeat(auto-fill,minmax(240px,1fr))] gap-4";
  return (
    <Loaded
      query={templates}
      skeleton={
        <div className={grid}>
          {[0, 1, 2, 3].map((shape) => (
            <Skeleton key={shape} className="h-60 rounded-xl" />
          ))}
        </div>
      }
    >
      {(all) => {
        const shown = all.filter((template) => matches(template, search)).slice(0, limit);
        if (shown.length === 0)
          return (
            <Notice
              title={t("noMatch", { query: search })}
              actions={
                onClear && (
                  <Button size="sm" onClick={onClear}>
                    {t("clearSearch")}
                  </Button>
                )
              }
            />
          );
        return (
          <>
            <ul className={grid}>
              {shown.map((template) => (
                <li key={template.id}>
                  <Usable template={template} large={large} onSteps={() => setUsed(template)} />
                </li>
              ))}
            </ul>
            {used && <TemplateSteps template={used} onClose={() => setUsed(undefined)} />}
          </>
        );
      }}
    </Loaded>
  );
}

function Usable({ template, large, onSteps }: { template: Template; large?: boolean; onSteps(): void }) {
  const step = useTemplateStep(template);
  const open = useOpenTried();
  const words = useErrorWords();
  const use = () => {
    if (!template.ready) return onSteps();
    step.mutate(
      {},
      {
        onSuccess: (used) => (required(used).length === 0 ? open(used) : onSteps()),
        onError: (error) => {
          const { title, detail } = words(error);
          toast({ tone: "bad", title, detail });
        },
      },
    );
  };
  return <TemplateCard template={template} large={large} busy={step.isPending} disabled={step.isPending} onUse={use} />;
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
