import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Check, Plus } from "lucide-react";
import { useTranslation } from "react-i18next";
import { modelName } from "../../../runtime/model-name.ts";
import type { ToolTemplate } from "../../../server/contract/template.ts";
import { api } from "../../api/api.ts";
import { language } from "../../i18n/index.ts";
import { ErrorNotice, Loaded } from "../../shell/query-state.tsx";
import { Button } from "../../ui/button.tsx";
import { Skeleton } from "../../ui/progress.tsx";
import { SecretForm } from "./missing-secrets.tsx";
import { TOOLS_KEY } from "./use-tools.ts";

const GROUPS = ["language", "world", "work", "media", "examples"] as const;

/** The shipped tool templates. Adding one asks for the keys it needs. */
export function ReadyTools() {
  const { t } = useTranslation("tools");
  const templates = useQuery({
    queryKey: [...TOOLS_KEY, "templates"],
    queryFn: ({ signal }) => api.tools.templates(signal),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <>
      <p className="mb-4 text-ink-2">{t("import.readyLead")}</p>
      <Loaded query={templates} skeleton={<Skeleton className="h-64" />}>
        {(all) =>
          GROUPS.map((group) => {
            const members = all.filter((template) => template.group === group);
            if (members.length === 0) return null;
            return (
              <section key={group} className="mb-5">
                <h3 className="mb-1.5 font-semibold text-ink-2 text-sm">{t(`import.groups.${group}`)}</h3>
                <ul className="rounded-lg border border-line bg-surface">
                  {members.map((template) => (
                    <li key={template.id} className="border-line border-b last:border-b-0">
                      <ReadyTool template={template} />
                    </li>
                  ))}
                </ul>
              </section>
            );
          })
        }
      </Loaded>
    </>
  );
}

function ReadyTool({ template }: { template: ToolTemplate }) {
  const { t } = useTranslation(["tools", "common"]);
  const client = useQueryClient();
  const add = useMutation({
    mutationFn: () => api.tools.import({ template: template.id }),
    onSuccess: () => client.invalidateQueries({ queryKey: TOOLS_KEY }),
  });
  const title = template.title[language()];
  return (
    <div className="px-3.5 py-2.5">
      <div className="flex items-center gap-3">
        <div className="min-w-0 flex-1">
          <h4 className="font-medium">{title}</h4>
          {template.about && <p className="text-ink-2 text-sm">{template.about[language()]}</p>}
        </div>
        <Button
          size="sm"
          icon={add.data ? Check : Plus}
          busy={add.isPending}
          aria-label={t("import.addReadyNamed", { title })}
          onClick={() => add.mutate()}
        >
          {add.data ? t("import.addAgain") : t("common:add")}
        </Button>
      </div>
      <div aria-live="polite" className="empty:hidden">
        {add.isError && <ErrorNotice error={add.error} className="mt-2" />}
        {add.data && (
          <>
            <p className="mt-1.5 text-ok text-sm">
              {t("import.addedTools", { tools: add.data.tools.map((tool) => modelName(tool.name)).join(", ") })}
            </p>
            {template.needs?.secrets.map((secret) => (
              <SecretPrompt key={secret.name} name={secret.name} about={secret.about[language()]} />
            ))}
          </>
        )}
      </div>
    </div>
  );
}

/** Asks for a key that is not stored yet. */
function SecretPrompt({ name, about }: { name: string; about: string }) {
  const secrets = useQuery({ queryKey: ["secrets"], queryFn: ({ signal }) => api.secrets.list(signal) });
  if (!secrets.data || secrets.data.some((secret) => secret.name === name)) return null;
  return <SecretForm name={name} about={about} />;
}
