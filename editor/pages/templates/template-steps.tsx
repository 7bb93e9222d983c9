import { ArrowRight, FolderOpen } from "lucide-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Template, TemplateNeed, UsedTemplate } from "../../../server/contract/template.ts";
import { language } from "../../i18n/index.ts";
import { ErrorNotice } from "../../shell/query-state.tsx";
import { Button } from "../../ui/button.tsx";
import { SidePanel } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { Form } from "../../ui/form.tsx";
import { Input } from "../../ui/input.tsx";
import { Notice } from "../../ui/notice.tsx";
import { ApprovalWords, ExactCommand } from "../tools/mcp-approval.tsx";
import { requiredNeeds, useOpenWithChat, useTemplateStep } from "./use-templates.ts";

/**
 * Asks for the requirements of a template, one at a time, then opens the agent. A folder is requested before the agent
 * is created. A program starts only after a person has seen its exact command.
 */
export function TemplateSteps({ template, onClose }: { template: Template; onClose(): void }) {
  const { t } = useTranslation(["templates", "tools"]);
  const step = useTemplateStep(template);
  const open = useOpenWithChat();
  const [used, setUsed] = useState<UsedTemplate>();
  const [folder, setFolder] = useState("");
  const [shown, setShown] = useState(false);

  const wantsFolder = template.needs.mcpServers.some((server) => server.folder);
  const total = (wantsFolder ? 1 : 0) + template.needs.mcpServers.length;
  const need: TemplateNeed | undefined = used
    ? requiredNeeds(used)[0]
    : wantsFolder
      ? { kind: "folder", server: template.needs.mcpServers[0]!.name, optional: false }
      : undefined;
  const current = used ? Math.min(total, total - requiredNeeds(used).length + 1) : 1;
  const badFolder = !/^([/\\]|[A-Za-z]:[/\\])/.test(folder.trim());

  const go = (choices: Parameters<typeof step.mutate>[0]) =>
    step.mutate(
      { ...(used && { agent: used.id }), ...choices },
      {
        onSuccess: (next) => {
          if (requiredNeeds(next).length === 0) open(next);
          else setUsed(next);
        },
      },
    );
  const submit = () => {
    if (need?.kind === "folder") {
      setShown(true);
      if (!badFolder) go({ folder: folder.trim() });
    } else if (need?.kind === "approval") go({ approve: { [need.server]: need.card.seen } });
    else go({});
  };

  return (
    <SidePanel
      onClose={onClose}
      title={template.title[language()]}
      description={total > 1 ? t("steps.of", { step: current, total }) : undefined}
      className="w-[min(540px,100vw)]"
      footer={
        <>
          {used && (
            <Button variant="ghost" className="mr-auto" onClick={() => open(used)}>
              {t("steps.later")}
            </Button>
          )}
          <Button
            variant="solid"
            icon={need?.kind === "approval" ? undefined : ArrowRight}
            busy={step.isPending}
            onClick={submit}
          >
            {need?.kind === "approval"
              ? step.isPending
                ? t("tools:mcp.starting")
                : t("tools:mcp.approveStart")
              : t("steps.next")}
          </Button>
        </>
      }
    >
      <Form onSubmit={submit}>
        {need?.kind === "folder" && (
          <>
            <h3 className="font-semibold text-md">{t("steps.folder")}</h3>
            <p className="-mt-3 text-ink-2">{t("steps.folderLead")}</p>
            <Field
              label={t("steps.folderLabel")}
              help={t("steps.folderHelp")}
              error={shown && badFolder && t("steps.folderError")}
            >
              <Input
                icon={FolderOpen}
                value={folder}
                onChange={(event) => setFolder(event.target.value)}
                autoFocus
                mono
                placeholder="/home/me/documents"
              />
            </Field>
          </>
        )}
        {need?.kind === "approval" && (
          <>
            <h3 className="font-semibold text-md">{t("steps.approve")}</h3>
            <ApprovalWords server={need.card} />
            <ExactCommand server={need.card} />
            {need.card.status === "failed" && <Notice tone="bad">{need.card.message}</Notice>}
          </>
        )}
        {step.isError && <ErrorNotice error={step.error} />}
      </Form>
    </SidePanel>
  );
}
