import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Access, Admission, Publication } from "../../server/contract/agent.ts";
import { api } from "../api/api.ts";
import { useWorkbench } from "../hooks/use-workbench.ts";
import { CodeBlock } from "../ui/code-block.tsx";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";
import { Notice } from "../ui/notice.tsx";
import { Segmented } from "../ui/segmented.tsx";
import { Checkbox } from "../ui/switch.tsx";
import { embedLine } from "./snippets.ts";

/** Who may come to the chat page, as it is chosen here. What is published already changes at once. */
export function useAdmission(publication: Publication | undefined) {
  const { id } = useWorkbench();
  const client = useQueryClient();
  const [chosen, setChosen] = useState<Admission>({});
  const save = useMutation({
    mutationFn: (change: Admission) => api.agents.setPublication(id, change),
    // The server's word counts from here on; what it refused stays to be fixed.
    async onSuccess() {
      await client.invalidateQueries({ queryKey: ["versions", id] });
      setChosen({});
    },
  });
  const stands: Required<Admission> = {
    access: "private",
    origins: [],
    steps: false,
    ...picked(publication),
    ...chosen,
  };
  return {
    stands,
    save,
    change(change: Admission) {
      setChosen({ ...chosen, ...change });
      if (publication) save.mutate(change);
    },
  };
}

function picked(publication: Publication | undefined): Admission {
  return publication
    ? { access: publication.access, origins: publication.origins, steps: publication.steps ?? false }
    : {};
}

export function AdmissionFields({
  admission: { stands, save, change },
  slug,
  urls,
}: {
  admission: ReturnType<typeof useAdmission>;
  slug: string;
  /** Of what is published. */
  urls?: Record<string, string>;
}) {
  const { t } = useTranslation("panels");
  const [typed, setTyped] = useState<string>();
  const takeOrigins = () => {
    if (typed === undefined) return;
    change({ origins: typed.split(/[\s,]+/).filter(Boolean) });
    setTyped(undefined);
  };
  const open = stands.access !== "private";
  return (
    <>
      <Field label={t("access")} help={t(`accessHelp.${stands.access}`)}>
        <Segmented<Access>
          label={t("access")}
          value={stands.access}
          onChange={(access) => change({ access })}
          options={[
            { value: "private", label: t("accesses.private") },
            { value: "link", label: t("accesses.link") },
            { value: "public", label: t("accesses.public") },
          ]}
        />
      </Field>
      <Checkbox checked={stands.steps} onChange={(steps) => change({ steps })}>
        {t("stepsShown")}
        <span className="block text-ink-3 text-sm">{t("stepsShownHelp")}</span>
      </Checkbox>
      {open && (
        <Field label={t("origins")} help={t("originsHelp")} optional={t("optional", { ns: "common" })}>
          <Input
            mono
            placeholder="https://example.com"
            value={typed ?? stands.origins.join(" ")}
            onChange={(event) => setTyped(event.target.value)}
            onBlur={takeOrigins}
            onKeyDown={(event) => event.key === "Enter" && takeOrigins()}
          />
        </Field>
      )}
      {save.error && <Notice tone="bad" title={save.error.message} />}
      <p role="status" className="sr-only">
        {save.isSuccess ? t("admissionSaved") : ""}
      </p>
      {open && stands.origins.length > 0 && urls?.embed && urls.chat && (
        <div>
          <CodeBlock label={t("embed")} code={embedLine(urls.embed, slug, urls.chat)} wrap />
          <p className="mt-1.5 text-ink-3 text-sm">{t("embedHelp", { origin: new URL(urls.embed).origin })}</p>
        </div>
      )}
    </>
  );
}
