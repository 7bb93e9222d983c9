import { useTranslation } from "react-i18next";
import { Field } from "../../ui/field.tsx";
import { Input, Textarea } from "../../ui/input.tsx";
import { Segmented } from "../../ui/segmented.tsx";
import type { McpDraft, McpFaults } from "./mcp-draft.ts";

/** The settings of a server. `existing`: its name and its kind are fixed. */
export function McpForm({
  draft,
  faults,
  existing = false,
  onChange,
}: {
  draft: McpDraft;
  faults: McpFaults;
  existing?: boolean;
  onChange(change: Partial<McpDraft>): void;
}) {
  const { t } = useTranslation(["tools", "common"]);
  const set = (key: keyof McpDraft) => (event: { target: { value: string } }) =>
    onChange({ [key]: event.target.value });
  const optional = t("common:optional");
  return (
    <>
      {!existing && (
        <>
          <Field label={t("mcp.kind")}>
            <Segmented
              label={t("mcp.kind")}
              value={draft.kind}
              onChange={(kind) => onChange({ kind })}
              options={[
                { value: "command", label: t("mcp.kindCommand") },
                { value: "url", label: t("mcp.kindUrl") },
              ]}
            />
          </Field>
          <Field
            label={t("mcp.name")}
            help={t("mcp.nameHelp", { name: draft.name || "name" })}
            error={faults.name && t("mcp.nameError")}
          >
            <Input value={draft.name} onChange={set("name")} mono placeholder="files" />
          </Field>
        </>
      )}
      {draft.kind === "command" ? (
        <>
          <Field label={t("mcp.program")} error={faults.program && t("error.missing")}>
            <Input value={draft.program} onChange={set("program")} mono placeholder={t("mcp.programPlaceholder")} />
          </Field>
          <Field label={t("import.parameters")} optional={optional} help={t("mcp.argsHelp")}>
            <Textarea
              value={draft.args}
              onChange={set("args")}
              rows={4}
              mono
              placeholder={"-y\n@modelcontextprotocol/server-filesystem\n/path/to/folder"}
            />
          </Field>
          <Field
            label={t("mcp.env")}
            optional={optional}
            help={t("mcp.envValuesHelp", { example: "{{secret:NAME}}" })}
            error={faults.env && t("mcp.lineError", { line: faults.env.line })}
          >
            <Textarea value={draft.env} onChange={set("env")} rows={3} mono />
          </Field>
          <Field label={t("mcp.folder")} optional={optional}>
            <Input value={draft.cwd} onChange={set("cwd")} mono />
          </Field>
        </>
      ) : (
        <>
          <Field label={t("mcp.url")} error={faults.url && t("import.urlError")}>
            <Input value={draft.url} onChange={set("url")} mono inputMode="url" />
          </Field>
          <Field
            label={t("mcp.headers")}
            optional={optional}
            help={t("mcp.headerValuesHelp", { example: "{{secret:NAME}}" })}
            error={faults.headers && t("mcp.lineError", { line: faults.headers.line })}
          >
            <Textarea value={draft.headers} onChange={set("headers")} rows={2} mono />
          </Field>
        </>
      )}
      <fieldset>
        <legend className="font-medium text-ink-2 text-sm">{t("mcp.limits")}</legend>
        <p className="mb-2 text-ink-3 text-sm">{t("mcp.limitsHelp")}</p>
        <div className="grid grid-cols-3 gap-3 max-sm:grid-cols-1">
          {(["start", "call", "callTotal"] as const).map((limit) => (
            <Field key={limit} label={t(`mcp.limit.${limit}`)} error={faults[limit] && t(`mcp.limitError.${limit}`)}>
              <Input
                value={draft[limit]}
                onChange={set(limit)}
                inputMode="decimal"
                placeholder={{ start: "30", call: "60", callTotal: "600" }[limit]}
              />
            </Field>
          ))}
        </div>
      </fieldset>
    </>
  );
}
