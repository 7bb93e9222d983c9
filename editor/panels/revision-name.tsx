import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../api/api.ts";
import { useErrorWords } from "../shell/query-state.tsx";
import { Input } from "../ui/input.tsx";
import { toast } from "../ui/toast.tsx";

/** The name of a saved state: kept on Enter and when the field is left; an empty one takes the name away. */
export function RevisionName({ agent, revision, label = "" }: { agent: string; revision: number; label?: string }) {
  const { t } = useTranslation("editing");
  const client = useQueryClient();
  const words = useErrorWords();
  const [text, setText] = useState(label);
  const keep = useMutation({
    mutationFn: (next: string) => api.agents.nameRevision(agent, revision, next),
    onSuccess: () => client.invalidateQueries({ queryKey: ["revisions", agent] }),
    onError: (error) => toast({ tone: "bad", title: t("revision.failed"), detail: words(error).title }),
  });
  const done = () => {
    if (text.trim() !== label && !keep.isPending) keep.mutate(text.trim());
  };
  return (
    <Input
      aria-label={t("revision.name")}
      placeholder={t("revision.help")}
      className="mt-2"
      maxLength={200}
      value={text}
      onChange={(event) => setText(event.target.value)}
      onBlur={done}
      onKeyDown={(event) => event.key === "Enter" && done()}
    />
  );
}
