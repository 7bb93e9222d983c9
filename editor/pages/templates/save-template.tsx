import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useLocation } from "wouter";
import type { Graph } from "../../../runtime/graph.ts";
import { api } from "../../api/api.ts";
import { language } from "../../i18n/index.ts";
import { FormDialog } from "../../shell/form-dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { GraphPicture } from "../../ui/graph-picture.tsx";
import { Input, Textarea } from "../../ui/input.tsx";
import { toast } from "../../ui/toast.tsx";

/** Asks for a name and description, and saves a graph as a template. */
export function SaveTemplate({ graph, onClose }: { graph: Graph; onClose(): void }) {
  const { t } = useTranslation(["templates", "common"]);
  const client = useQueryClient();
  const [, go] = useLocation();
  const [name, setName] = useState(graph.name);
  const [summary, setSummary] = useState(graph.description.slice(0, 2000));
  const [tried, setTried] = useState(false);
  const isEmpty = name.trim() === "";
  const save = useMutation({
    mutationFn: () => api.templates.save({ graph, name: name.trim(), summary: summary.trim(), language: language() }),
    onSuccess() {
      void client.invalidateQueries({ queryKey: ["templates"] });
      onClose();
      toast({
        title: t("saved", { title: name.trim() }),
        action: { label: t("view"), onSelect: () => go("/templates") },
      });
    },
  });
  const submit = () => {
    setTried(true);
    if (!isEmpty) save.mutate();
  };
  return (
    <FormDialog
      onClose={onClose}
      title={t("save")}
      description={t("saveLead")}
      submit={t("saveButton")}
      mutation={save}
      onSubmit={submit}
    >
      <GraphPicture graph={graph} className="h-32 rounded-lg border border-line" />
      <Field label={t("common:name")} error={tried && isEmpty && t("nameMissing")}>
        <Input
          value={name}
          maxLength={200}
          autoFocus
          onFocus={(event) => event.target.select()}
          onChange={(event) => setName(event.target.value)}
        />
      </Field>
      <Field label={t("summary")} optional={t("common:optional")}>
        <Textarea value={summary} maxLength={2000} rows={3} onChange={(event) => setSummary(event.target.value)} />
      </Field>
    </FormDialog>
  );
}
