import { useMutation, useQueryClient } from "@tanstack/react-query";
import { FileJson } from "lucide-react";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { api } from "../../api/api.ts";
import { ErrorNotice } from "../../shell/query-state.tsx";
import { Button } from "../../ui/button.tsx";
import { SidePanel } from "../../ui/dialog.tsx";
import { DropZone } from "../../ui/drop-zone.tsx";
import { Field } from "../../ui/field.tsx";
import { Form } from "../../ui/form.tsx";
import { Input, Textarea } from "../../ui/input.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Segmented } from "../../ui/segmented.tsx";
import { ImportReportView } from "./import-report.tsx";
import { ReadyTools } from "./ready-tools.tsx";
import { emptyDraft, importOf } from "./tool-draft.ts";
import { ToolForm } from "./tool-form.tsx";
import { MCP_KEY, TOOLS_KEY } from "./use-tools.ts";

/** Four ways to add a tool: a shipped template, a pasted document, an HTTP request, or code. */
export function ToolAddPanel({
  api,
  onClose,
}: {
  /** The imported API whose document is pasted again. */
  api?: string;
  onClose(): void;
}) {
  const { t } = useTranslation("tools");
  const [way, setWay] = useState<"ready" | "paste" | "http" | "code">("ready");
  if (api !== undefined)
    return (
      <SidePanel
        onClose={onClose}
        title={t("import.againTitle", { api })}
        description={t("import.againLead")}
        className="w-[min(600px,100vw)]"
      >
        <PasteImport api={api} onClose={onClose} />
      </SidePanel>
    );
  return (
    <SidePanel onClose={onClose} title={t("import.title")} className="w-[min(600px,100vw)]">
      <Segmented
        label={t("mcp.how")}
        value={way}
        onChange={setWay}
        className="mb-5 flex w-full"
        options={[
          { value: "ready", label: t("import.ready") },
          { value: "paste", label: t("import.paste") },
          { value: "http", label: t("import.request") },
          { value: "code", label: t("import.code") },
        ]}
      />
      {way === "ready" && <ReadyTools />}
      {way === "paste" && <PasteImport onClose={onClose} />}
      {(way === "http" || way === "code") && <ToolForm key={way} draft={emptyDraft(way)} onSaved={onClose} />}
    </SidePanel>
  );
}

function PasteImport({ api: known, onClose }: { api?: string; onClose(): void }) {
  const { t } = useTranslation(["tools", "common"]);
  const client = useQueryClient();
  const [text, setText] = useState("");
  const [name, setName] = useState(known ?? "");
  const [server, setServer] = useState("");
  const source = useMemo(() => (text === "" ? undefined : importOf(text)), [text]);
  const isOpenApi = source !== undefined && "openapi" in source;
  const servers = source !== undefined && "mcp" in source ? source.mcp : undefined;
  const [, go] = useLocation();
  const addServers = useMutation({
    mutationFn: (servers: object) => api.mcp.add(servers),
    onSuccess: (servers) => {
      void client.invalidateQueries({ queryKey: MCP_KEY });
      onClose();
      // Nothing starts before it is approved there.
      go(`/tools/servers?approve=${servers[0]!.name}`);
    },
  });
  const run = useMutation({
    mutationFn: () => {
      const source = importOf(text);
      if (!("openapi" in source)) return api.tools.import("mcp" in source ? { template: source.mcp } : source);
      return api.tools.import({
        ...source,
        ...(name.trim() && { name: name.trim() }),
        ...(server.trim() && { server: server.trim() }),
      });
    },
    onSuccess: () => client.invalidateQueries({ queryKey: TOOLS_KEY }),
  });
  if (run.data)
    return (
      <div className="flex flex-col gap-4">
        <ImportReportView result={run.data} />
        <div className="flex gap-2">
          <Button
            onClick={() => {
              setText("");
              run.reset();
            }}
          >
            {t("import.another")}
          </Button>
          <Button variant="solid" onClick={onClose}>
            {t("common:close")}
          </Button>
        </div>
      </div>
    );
  return (
    <Form onSubmit={() => (servers ? addServers.mutate(servers) : run.mutate())}>
      {known === undefined && <p className="text-ink-2">{t("import.pasteLead")}</p>}
      <DropZone
        compact
        icon={FileJson}
        title={t("import.drop")}
        hint={t("import.dropHint")}
        accept=".json,.yaml,.yml"
        onFiles={(files) => void files[0]?.file.text().then(setText)}
      />
      <Field label={t("import.pasteLabel")}>
        <Textarea
          value={text}
          onChange={(event) => setText(event.target.value)}
          rows={12}
          mono
          placeholder={t("import.pastePlaceholder")}
        />
      </Field>
      {isOpenApi && (
        <div className="grid grid-cols-2 gap-3 max-sm:grid-cols-1">
          <Field label={t("import.apiName")} optional={t("common:optional")} help={t("import.apiNameHelp")}>
            <Input value={name} onChange={(event) => setName(event.target.value)} disabled={known !== undefined} mono />
          </Field>
          <Field label={t("import.server")} optional={t("common:optional")} help={t("import.serverHelp")}>
            <Input value={server} onChange={(event) => setServer(event.target.value)} placeholder="https://" mono />
          </Field>
        </div>
      )}
      {servers && <Notice title={t("import.mcpTitle")}>{t("import.mcpLead")}</Notice>}
      {run.isError && <ErrorNotice error={run.error} />}
      {addServers.isError && <ErrorNotice error={addServers.error} />}
      <div>
        <Button
          type="submit"
          variant="solid"
          disabled={text.trim() === "" || (known !== undefined && !isOpenApi)}
          busy={run.isPending || addServers.isPending}
        >
          {servers ? t("import.mcpAdd") : t("import.run")}
        </Button>
      </div>
    </Form>
  );
}
