import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../api/api.ts";
import { useErrorWords } from "../shell/query-state.tsx";
import { Input } from "../ui/input.tsx";
import { toast } from "../ui/toast.tsx";

/** The name of a save. It is stored on Enter and on blur; an empty text removes it. */
export function RevisionName({ agent, revision, label = "" }: { agent: string; revision: number; label?: string }) {
  const { t } = useTranslation("editing");
  const client = useQueryClient();
  const words = useErrorWords();
  const [text, setText] = useState(label);
  const save = useMutation({
    mutationFn: (next: string) => api.agents.nameRevision(agent, revision, next),
    onSuccess: () => client.invalidateQueries({ queryKey: ["revisions", agent] }),
    onError: (error) => toast({ tone: "bad", title: t("revision.failed"), detail: words(error).title }),
  });
  const commit = () => {
    if (text.trim() !== label && !save.isPending) save.mutate(text.trim());
  };
  return (
    <Input
      aria-label={t("revision.name")}
      placeholder={t("revision.help")}
      className="mt-2"
      maxLength={200}
      value={text}
      onChange={(event) => setText(event.target.value)}
      onBlur={commit}
      onKeyDown={(event) => event.key === "Enter" && commit()}
    />
  );
}
