import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Pencil, Play, Trash2 } from "lucide-react";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { modelName } from "../../../runtime/model-name.ts";
import { Effect, missingSecrets } from "../../../runtime/tool.ts";
import type { ToolCard } from "../../../server/contract/tool.ts";
import { api } from "../../api/api.ts";
import { span } from "../../i18n/format.ts";
import { inLanguage } from "../../i18n/in-language.ts";
import { ErrorNotice } from "../../shell/query-state.tsx";
import { UsedBy } from "../../shell/used-by.tsx";
import { Badge } from "../../ui/badge.tsx";
import { Button } from "../../ui/button.tsx";
import { CodeBlock } from "../../ui/code-block.tsx";
import { ConfirmDialog, SidePanel } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { Form } from "../../ui/form.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Segmented } from "../../ui/segmented.tsx";
import { Switch } from "../../ui/switch.tsx";
import { toast } from "../../ui/toast.tsx";
import { EffectBadge } from "./effect-badge.tsx";
import { HintBadges } from "./mcp-hints.tsx";
import { MissingSecrets } from "./missing-secrets.tsx";
import { SchemaForm } from "./schema-form.tsx";
import { argumentsOf, type Fault, fieldsOf } from "./schema-values.ts";
import { draftOf } from "./tool-draft.ts";
import { ToolForm } from "./tool-form.tsx";
import { TOOLS_KEY } from "./use-tools.ts";

/** One tool: its description, a form that calls it, and settings that override what was imported. */
export function ToolPanel({ tool, onClose }: { tool: ToolCard; onClose(): void }) {
  const { t, i18n } = useTranslation(["tools", "common"]);
  return (
    <SidePanel
      onClose={onClose}
      title={<span className="font-mono">{modelName(tool.name)}</span>}
      description={inLanguage(tool.summary, i18n.language)}
      className="w-[min(560px,100vw)]"
    >
      <div className="flex flex-col gap-7">
        <div className="flex flex-wrap items-center gap-2">
          <EffectBadge effect={tool.effect} />
          <HintBadges hints={tool.hints} />
          <Badge>{t(`binding.${tool.binding}`)}</Badge>
          <span className="font-mono text-ink-3 text-sm">{tool.name}</span>
        </div>
        <Needs needs={tool.needs} />
        {(tool.binding === "http" || tool.binding === "code") && <EditTool tool={tool} />}
        <TryIt key={tool.name} tool={tool} />
        <UsedBy kind="tool" name={tool.name} />
        <ToolSettings tool={tool} onDeleted={onClose} />
        <details>
          <summary className="font-medium text-ink-2">{t("schema")}</summary>
          <CodeBlock className="mt-2" code={JSON.stringify(tool.parameters, null, 2)} />
        </details>
      </div>
    </SidePanel>
  );
}

/** Changes an HTTP request or code. */
function EditTool({ tool }: { tool: ToolCard }) {
  const { t } = useTranslation(["tools", "common"]);
  const client = useQueryClient();
  const [open, setOpen] = useState(false);
  const custom = useQuery({
    queryKey: [...TOOLS_KEY, tool.name],
    queryFn: ({ signal }) => api.tools.custom(tool.name, signal),
    enabled: open,
    gcTime: 0,
  });
  const draft = custom.data && draftOf(custom.data);
  if (!open)
    return (
      <div>
        <Button size="sm" icon={Pencil} onClick={() => setOpen(true)}>
          {t("editTool")}
        </Button>
      </div>
    );
  return (
    <section aria-label={t("editTool")} className="rounded-lg border border-line p-4">
      {custom.isError && <ErrorNotice error={custom.error} onRetry={() => void custom.refetch()} />}
      {draft && (
        <ToolForm
          draft={draft}
          onSaved={() => {
            setOpen(false);
            void client.removeQueries({ queryKey: [...TOOLS_KEY, tool.name] });
          }}
        />
      )}
    </section>
  );
}

/** What the tool lacks. A missing secret is set in place. */
function Needs({ needs = [] }: { needs?: string[] }) {
  const { t } = useTranslation("tools");
  const secrets = missingSecrets(needs);
  const others = needs.filter((need) => !secrets.some((name) => need === `secret ${name}`));
  return (
    <>
      {others.length > 0 && <Notice tone="warn">{t("needs", { what: others.join(", ") })}</Notice>}
      <MissingSecrets names={secrets} />
    </>
  );
}

function TryIt({ tool }: { tool: ToolCard }) {
  const { t } = useTranslation("tools");
  const fields = useMemo(() => fieldsOf(tool.parameters), [tool.parameters]);
  const [typed, setTyped] = useState<Record<string, string>>({});
  const [faults, setFaults] = useState<Record<string, Fault>>({});
  const call = useMutation({
    mutationFn: async (args: Record<string, unknown>) => {
      const begun = performance.now();
      const result = await api.tools.call(tool.name, args);
      return { result, ms: performance.now() - begun };
    },
  });

  return (
    <section>
      <h3 className="font-semibold text-md">{t("test")}</h3>
      <p className="mt-0.5 mb-3 text-ink-2">{t("testLead")}</p>
      <Form
        onSubmit={() => {
          const { args, faults: found } = argumentsOf(fields, typed);
          setFaults(found);
          if (Object.keys(found).length === 0) call.mutate(args);
        }}
      >
        <SchemaForm
          fields={fields}
          typed={typed}
          faults={faults}
          onChange={(name, text) => {
            setTyped((before) => ({ ...before, [name]: text }));
            setFaults(({ [name]: _gone, ...rest }) => rest);
          }}
        />
        {tool.effect !== "read" && <Notice tone="warn">{t(`testReal.${tool.effect}`)}</Notice>}
        <div>
          <Button type="submit" variant="solid" icon={Play} busy={call.isPending}>
            {call.isPending ? t("calling") : t("call")}
          </Button>
        </div>
      </Form>
      <div aria-live="polite" className="mt-4 empty:hidden">
        {call.isError && <ErrorNotice error={call.error} />}
        {call.data && (
          <div className="flex flex-col gap-2">
            {call.data.result.error && <Notice tone="bad" title={t("failed")} />}
            <CodeBlock
              label={`${t("result")} · ${t("duration", { time: span(call.data.ms) })}`}
              code={pretty(call.data.result)}
              wrap
            />
          </div>
        )}
      </div>
    </section>
  );
}

/** The structured value, or the text for the model if there is none. */
function pretty(result: { content: string; value?: unknown }): string {
  if (result.value !== undefined && typeof result.value === "object") return JSON.stringify(result.value, null, 2);
  return result.content;
}

function ToolSettings({ tool, onDeleted }: { tool: ToolCard; onDeleted(): void }) {
  const { t } = useTranslation(["tools", "common"]);
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const refresh = () => client.invalidateQueries({ queryKey: TOOLS_KEY });
  const configure = useMutation({
    mutationFn: (change: { effect?: Effect; repeatable?: boolean }) => api.tools.configure(tool.name, change),
    onSuccess: refresh,
  });
  const remove = useMutation({
    mutationFn: () => api.tools.delete(tool.name),
    onSuccess: () => {
      void refresh();
      toast({ title: t("deleted", { name: tool.name }) });
      onDeleted();
    },
    onSettled: () => setAsking(false),
  });
  if (tool.binding === "builtin" || tool.binding === "agent") return null;
  const own = tool.binding !== "mcp";
  return (
    <section className="flex flex-col gap-4 border-line border-t pt-6">
      <h3 className="font-semibold text-md">{t("settings")}</h3>
      <Field label={t("effectLabel")} help={t("effectChange")}>
        <Segmented
          label={t("effectLabel")}
          value={configure.variables?.effect ?? tool.effect}
          onChange={(effect) => configure.mutate({ effect })}
          options={Effect.options.map((effect) => ({
            value: effect,
            label: t(`effect.${effect}`),
            title: t(`effectHelp.${effect}`),
          }))}
        />
      </Field>
      {tool.effect !== "read" && (
        <div className="flex items-start justify-between gap-4">
          <div>
            <p className="font-medium text-ink-2 text-sm">{t("repeatable")}</p>
            <p className="text-ink-3 text-sm">{t("repeatableHelp")}</p>
          </div>
          <Switch
            label={t("repeatable")}
            checked={tool.repeatable ?? false}
            onChange={(repeatable) => configure.mutate({ repeatable })}
          />
        </div>
      )}
      {configure.isError && <ErrorNotice error={configure.error} />}
      {remove.isError && <ErrorNotice error={remove.error} />}
      {own && (
        <div>
          <Button variant="danger" size="sm" icon={Trash2} onClick={() => setAsking(true)}>
            {t("delete")}
          </Button>
        </div>
      )}
      <ConfirmDialog
        open={asking}
        onClose={() => setAsking(false)}
        title={t("deleteTitle", { name: modelName(tool.name) })}
        description={t("deleteLead")}
        confirm={t("common:delete")}
        busy={remove.isPending}
        onConfirm={() => remove.mutate()}
      >
        <UsedBy kind="tool" name={tool.name} />
      </ConfirmDialog>
    </section>
  );
}
