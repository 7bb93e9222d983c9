import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { McpServerCard } from "../../../server/contract/mcp-server.ts";
import { api } from "../../api/api.ts";
import { FormDialog } from "../../shell/form-dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { Textarea } from "../../ui/input.tsx";
import { Segmented } from "../../ui/segmented.tsx";
import { draftOf, emptyMcpDraft, type McpDraft, mcpBody, mcpChange, mcpFaults, parsePasted } from "./mcp-draft.ts";
import { McpForm } from "./mcp-form.tsx";
import { MCP_KEY, TOOLS_KEY } from "./use-tools.ts";

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

/** Changes the settings of a server. A change to what runs needs a new approval: `onSaved` receives the card. */
export function McpEditPanel({
  server,
  onClose,
  onSaved,
}: {
  server: McpServerCard;
  onClose(): void;
  onSaved(server: McpServerCard): void;
}) {
  const { t } = useTranslation(["tools", "common"]);
  const client = useQueryClient();
  const [draft, setDraft] = useState<McpDraft>(() => draftOf(server));
  const [shown, setShown] = useState(false);
  const save = useMutation({
    mutationFn: () => api.mcp.change(server.name, mcpChange(draft)),
    onSuccess: (changed) => {
      // At once: the approval that may follow must show the new settings.
      client.setQueryData<McpServerCard[]>(MCP_KEY, (list) =>
        list?.map((card) => (card.name === changed.name ? changed : card)),
      );
      void client.invalidateQueries({ queryKey: MCP_KEY });
      void client.invalidateQueries({ queryKey: TOOLS_KEY });
      onSaved(changed);
    },
  });
  return (
    <FormDialog
      side
      onClose={onClose}
      title={t("mcp.editTitle", { name: server.name })}
      className="w-[min(540px,100vw)]"
      submit={t("common:save")}
      mutation={save}
      onSubmit={() => {
        setShown(true);
        if (Object.keys(mcpFaults(draft)).length === 0) save.mutate();
      }}
    >
      <p className="text-ink-2">{t("mcp.editLead")}</p>
      <McpForm
        existing
        draft={draft}
        faults={shown ? mcpFaults(draft) : {}}
        onChange={(change) => setDraft({ ...draft, ...change })}
      />
    </FormDialog>
  );
}
