import { useMutation, useQueryClient } from "@tanstack/react-query";
import { FileJson } from "lucide-react";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import { Effect } from "../../../runtime/tool.ts";
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
import { Select } from "../../ui/select.tsx";
import { toast } from "../../ui/toast.tsx";
import { ImportReportView } from "./import-report.tsx";
import { ReadyTools } from "./ready-tools.tsx";
import { type DraftFaults, emptyDraft, faultsOf, importOf, type ToolDraft, toolOf } from "./tool-draft.ts";
import { MCP_KEY, TOOLS_KEY } from "./use-tools.ts";

/** Four ways to add a tool: a shipped template, a pasted document, an HTTP request, or code. */
export function ToolAddPanel({ onClose }: { onClose(): void }) {
  const { t } = useTranslation("tools");
  const [way, setWay] = useState<"ready" | "paste" | "http" | "code">("ready");
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
      {(way === "http" || way === "code") && <HandMade key={way} kind={way} onClose={onClose} />}
    </SidePanel>
  );
}

function PasteImport({ onClose }: { onClose(): void }) {
  const { t } = useTranslation(["tools", "common"]);
  const client = useQueryClient();
  const [text, setText] = useState("");
  const [name, setName] = useState("");
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
      <p className="text-ink-2">{t("import.pasteLead")}</p>
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
            <Input value={name} onChange={(event) => setName(event.target.value)} mono />
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
          disabled={text.trim() === ""}
          busy={run.isPending || addServers.isPending}
        >
          {servers ? t("import.mcpAdd") : t("import.run")}
        </Button>
      </div>
    </Form>
  );
}

const METHODS = (["GET", "POST", "PUT", "PATCH", "DELETE"] as const).map((method) => ({
  value: method,
  label: method,
}));

function HandMade({ kind, onClose }: { kind: "http" | "code"; onClose(): void }) {
  const { t } = useTranslation(["tools", "common"]);
  const client = useQueryClient();
  const [draft, setDraft] = useState(() => emptyDraft(kind));
  const [shown, setShown] = useState(false);
  const save = useMutation({
    mutationFn: () => api.tools.save(toolOf(draft)),
    onSuccess: (tool) => {
      void client.invalidateQueries({ queryKey: TOOLS_KEY });
      toast({ title: t("import.saved", { name: tool.name }) });
      onClose();
    },
  });
  const faults: DraftFaults = shown ? faultsOf(draft) : {};
  const set = (key: keyof ToolDraft) => (event: { target: { value: string } }) =>
    setDraft({ ...draft, [key]: event.target.value });
  return (
    <Form
      onSubmit={() => {
        setShown(true);
        if (Object.keys(faultsOf(draft)).length === 0) save.mutate();
      }}
    >
      <Field label={t("import.name")} help={t("import.nameHelp")} error={faults.name && t("import.nameError")}>
        <Input
          value={draft.name}
          onChange={set("name")}
          mono
          placeholder={kind === "http" ? "weather" : "word_count"}
        />
      </Field>
      <Field
        label={t("import.summary")}
        help={t("import.summaryHelp")}
        error={faults.summary && t("import.summaryError")}
      >
        <Input
          value={draft.summary}
          onChange={set("summary")}
          placeholder={t("import.summaryPlaceholder")}
          spellCheck
        />
      </Field>
      <Field label={t("import.parameters")} help={t("import.parametersHelp")}>
        <Textarea
          value={draft.parameters}
          onChange={set("parameters")}
          rows={3}
          mono
          placeholder={t("import.parametersPlaceholder")}
        />
      </Field>
      {kind === "http" ? (
        <>
          <div className="grid grid-cols-[110px_1fr] gap-3">
            <Field label={t("import.method")}>
              <Select value={draft.method} onChange={(method) => setDraft({ ...draft, method })} options={METHODS} />
            </Field>
            <Field label={t("import.url")} error={faults.url && t("import.urlError")}>
              <Input value={draft.url} onChange={set("url")} mono inputMode="url" />
            </Field>
          </div>
          <p className="-mt-2 text-ink-3 text-sm">
            {t("import.urlHelp", { example: "https://api.example.com/weather/{{city}}" })}
          </p>
          <Field
            label={t("import.headers")}
            optional={t("common:optional")}
            help={t("import.headersHelp", { example: "Authorization: Bearer {{secret:WEATHER_KEY}}" })}
            error={faults.headers && t("import.headerError", { line: faults.headers.line })}
          >
            <Textarea value={draft.headers} onChange={set("headers")} rows={2} mono />
          </Field>
          {draft.method !== "GET" && (
            <Field label={t("import.body")} optional={t("common:optional")} help={t("import.bodyHelp")}>
              <Textarea value={draft.body} onChange={set("body")} rows={4} mono placeholder={'{ "city": {{city}} }'} />
            </Field>
          )}
        </>
      ) : (
        <>
          <Field label={t("import.source")} help={t("import.sourceHelp")}>
            <Textarea value={draft.source} onChange={set("source")} rows={8} mono />
          </Field>
          <Field label={t("import.timeout")}>
            <Input value={draft.timeoutMs} onChange={set("timeoutMs")} inputMode="numeric" className="w-32" />
          </Field>
        </>
      )}
      <Field label={t("effectLabel")} help={t(`effectHelp.${draft.effect}`)}>
        <Segmented
          label={t("effectLabel")}
          value={draft.effect}
          onChange={(effect) => setDraft({ ...draft, effect })}
          options={Effect.options.map((effect) => ({ value: effect, label: t(`effect.${effect}`) }))}
        />
      </Field>
      {save.isError && <ErrorNotice error={save.error} />}
      <div>
        <Button type="submit" variant="solid" busy={save.isPending}>
          {t("import.save")}
        </Button>
      </div>
    </Form>
  );
}
