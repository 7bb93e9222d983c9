import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Agent } from "../../../server/contract/agent.ts";
import { api } from "../../api/api.ts";
import { FormDialog } from "../../shell/form-dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { Input } from "../../ui/input.tsx";
import { foldersOf, readTags, tagsOf } from "./agent-labels.ts";

/** Puts an agent into a folder and gives it tags. */
export function LabelPanel({ agent, agents, onClose }: { agent: Agent; agents: Agent[]; onClose(): void }) {
  const { t } = useTranslation(["home", "common"]);
  const client = useQueryClient();
  const listId = useId();
  const [folder, setFolder] = useState(agent.folder ?? "");
  const [tags, setTags] = useState(agent.tags?.join(", ") ?? "");
  const save = useMutation({
    mutationFn: () => api.agents.label(agent.id, { folder: folder.trim(), tags: readTags(tags) }),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ["agents"] });
      onClose();
    },
  });
  return (
    <FormDialog
      side
      onClose={onClose}
      title={t("labels.title", { name: agent.graph.name })}
      submit={t("common:save")}
      mutation={save}
      onSubmit={() => save.mutate()}
    >
      <Field label={t("labels.folder")} help={t("labels.folderHelp")}>
        <Input value={folder} onChange={(event) => setFolder(event.target.value)} list={listId} maxLength={200} />
      </Field>
      <datalist id={listId}>
        {foldersOf(agents).map((one) => (
          <option key={one} value={one} />
        ))}
      </datalist>
      <Field label={t("labels.tags")} help={t("labels.tagsHelp", { tags: tagsOf(agents).join(", ") || "–" })}>
        <Input value={tags} onChange={(event) => setTags(event.target.value)} />
      </Field>
    </FormDialog>
  );
}
