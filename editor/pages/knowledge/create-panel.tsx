import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { KnowledgeCard } from "../../../server/contract/knowledge.ts";
import { api } from "../../api/api.ts";
import { FormDialog } from "../../shell/form-dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { Input } from "../../ui/input.tsx";
import { useModels } from "../models/use-models.ts";
import { EmbedderField, NO_EMBEDDER } from "./embedder-field.tsx";
import { KNOWLEDGE_KEY, KNOWLEDGE_NAME } from "./use-knowledge.ts";

export function CreateKnowledgePanel({
  onClose,
  onCreated,
}: {
  onClose(): void;
  onCreated(card: KnowledgeCard): void;
}) {
  const { t } = useTranslation(["knowledge", "common"]);
  const client = useQueryClient();
  const models = useModels();
  const [name, setName] = useState("");
  const [chosen, setChosen] = useState<string>();
  const [shown, setShown] = useState(false);
  const embedder = chosen ?? models.data?.embedder ?? NO_EMBEDDER;
  const create = useMutation({
    mutationFn: () => api.knowledge.create({ name: name.trim(), ...(embedder !== NO_EMBEDDER && { embedder }) }),
    onSuccess: (card) => {
      void client.invalidateQueries({ queryKey: KNOWLEDGE_KEY });
      onCreated(card);
    },
  });
  const invalid = !KNOWLEDGE_NAME.test(name.trim());
  const submit = () => {
    setShown(true);
    if (!invalid) create.mutate();
  };
  return (
    <FormDialog side onClose={onClose} title={t("new")} submit={t("common:create")} mutation={create} onSubmit={submit}>
      <Field label={t("common:name")} help={t("nameHelp")} error={shown && invalid && t("nameError")}>
        <Input value={name} onChange={(event) => setName(event.target.value)} placeholder="handbook" />
      </Field>
      <EmbedderField value={embedder} onChange={setChosen} />
    </FormDialog>
  );
}
