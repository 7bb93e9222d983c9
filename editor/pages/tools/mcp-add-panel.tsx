import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { McpServerCard } from "../../../server/contract/mcp-server.ts";
import { api } from "../../api/api.ts";
import { FormDialog } from "../../shell/form-dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { Input, Textarea } from "../../ui/input.tsx";
import { Segmented } from "../../ui/segmented.tsx";
import { emptyMcpDraft, type McpDraft, type McpFaults, mcpBody, mcpFaults, parsePasted } from "./mcp-draft.ts";
import { MCP_KEY } from "./use-tools.ts";

const EXAMPLE = `{
  "mcpServers": {
    "files": {
      "command": "npx",
      "args": ["-y", "@modelcontextprotocol/server-filesystem", "/path/to/folder"]
    }
  }
}`;

/** Adds servers from pasted JSON or a form. Nothing starts: `onAdded` receives the cards for approval. */
export function McpAddPanel({ onClose, onAdded }: { onClose(): void; onAdded(servers: McpServerCard[]): void }) {
  const { t } = useTranslation(["tools", "common"]);
  const client = useQueryClient();
  const [way, setWay] = useState<"paste" | "form">("paste");
  const [text, setText] = useState("");
  const [badJson, setBadJson] = useState<string>();
  const [draft, setDraft] = useState<McpDraft>(emptyMcpDraft);
  const [shown, setShown] = useState(false);
  const add = useMutation({
    mutationFn: (body: object) => api.mcp.add(body),
    onSuccess: (servers) => {
      void client.invalidateQueries({ queryKey: MCP_KEY });
      onAdded(servers);
    },
  });

  const submit = () => {
    if (way === "form") {
      setShown(true);
      if (Object.keys(mcpFaults(draft)).length === 0) add.mutate(mcpBody(draft));
      return;
    }
    try {
      add.mutate(parsePasted(text));
    } catch (error) {
      setBadJson((error as Error).message);
    }
  };

  return (
    <FormDialog
      side
      onClose={onClose}
      title={t("mcp.add")}
      className="w-[min(540px,100vw)]"
      submit={t("common:add")}
      mutation={add}
      disabled={way === "paste" && text.trim() === ""}
      onSubmit={submit}
    >
      <Segmented
        label={t("mcp.how")}
        value={way}
        onChange={setWay}
        className="flex w-full"
        options={[
          { value: "paste", label: t("mcp.paste") },
          { value: "form", label: t("mcp.form") },
        ]}
      />
      {way === "paste" ? (
        <Field
          label={t("mcp.pasteLabel")}
          help={t("mcp.pasteHelp")}
          error={badJson && t("mcp.jsonError", { reason: badJson })}
        >
          <Textarea
            value={text}
            onChange={(event) => {
              setText(event.target.value);
              setBadJson(undefined);
            }}
            rows={14}
            mono
            placeholder={EXAMPLE}
          />
        </Field>
      ) : (
        <McpForm
          draft={draft}
          faults={shown ? mcpFaults(draft) : {}}
          onChange={(change) => setDraft({ ...draft, ...change })}
        />
      )}
    </FormDialog>
  );
}

function McpForm({
  draft,
  faults,
  onChange,
}: {
  draft: McpDraft;
  faults: McpFaults;
  onChange(change: Partial<McpDraft>): void;
}) {
  const { t } = useTranslation(["tools", "common"]);
  const set = (key: keyof McpDraft) => (event: { target: { value: string } }) =>
    onChange({ [key]: event.target.value });
  const optional = t("common:optional");
  return (
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
            help={t("mcp.envValuesHelp")}
            error={faults.env && t("mcp.lineError", { line: faults.env.line })}
          >
            <Textarea value={draft.env} onChange={set("env")} rows={2} mono />
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
            help={t("mcp.headerValuesHelp")}
            error={faults.headers && t("mcp.lineError", { line: faults.headers.line })}
          >
            <Textarea value={draft.headers} onChange={set("headers")} rows={2} mono />
          </Field>
        </>
      )}
    </>
  );
}
