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
import { LookFields } from "./look-fields.tsx";
import { embedLine } from "./snippets.ts";

/** Who may open the chat page. Changes of a published agent apply immediately; others when it is published. */
export function useAdmission(publication: Publication | undefined) {
  const { id } = useWorkbench();
  const client = useQueryClient();
  const [chosen, setChosen] = useState<Admission>({});
  const save = useMutation({
    mutationFn: (change: Admission) => api.agents.setPublication(id, change),
    // From here on the server's values are shown. Rejected ones stay in the form.
    async onSuccess() {
      await client.invalidateQueries({ queryKey: ["agents"] });
      setChosen({});
    },
  });
  const current: Required<Admission> = {
    access: "private",
    origins: [],
    steps: false,
    look: {},
    ...(publication && {
      access: publication.access,
      origins: publication.origins,
      steps: publication.steps ?? false,
      look: publication.look ?? {},
    }),
    ...chosen,
  };
  return {
    current,
    save,
    change(change: Admission) {
      setChosen({ ...chosen, ...change });
      if (publication) save.mutate(change);
    },
  };
}

export function AdmissionFields({
  admission: { current, save, change },
  slug,
  urls,
}: {
  admission: ReturnType<typeof useAdmission>;
  slug: string;
  /** The addresses of the published agent. */
  urls?: Record<string, string>;
}) {
  const { t } = useTranslation("panels");
  const [typed, setTyped] = useState<string>();
  const applyOrigins = () => {
    if (typed === undefined) return;
    change({ origins: typed.split(/[\s,]+/).filter(Boolean) });
    setTyped(undefined);
  };
  const open = current.access !== "private";
  return (
    <>
      <Field label={t("access")} help={t(`accessHelp.${current.access}`)}>
        <Segmented<Access>
          label={t("access")}
          value={current.access}
          onChange={(access) => change({ access })}
          options={[
            { value: "private", label: t("accesses.private") },
            { value: "link", label: t("accesses.link") },
            { value: "public", label: t("accesses.public") },
          ]}
        />
      </Field>
      <Checkbox checked={current.steps} onChange={(steps) => change({ steps })}>
        {t("stepsShown")}
        <span className="block text-ink-3 text-sm">{t("stepsShownHelp")}</span>
      </Checkbox>
      {open && <LookFields look={current.look} onChange={(look) => change({ look })} />}
      <h2 className="font-medium">{t("embedTitle")}</h2>
      {!open && <p className="text-ink-3 text-sm">{t("embedPrivate")}</p>}
      {open && (
        <Field label={t("origins")} help={t("originsHelp")} optional={t("optional", { ns: "common" })}>
          <Input
            mono
            placeholder="https://example.com"
            value={typed ?? current.origins.join(" ")}
            onChange={(event) => setTyped(event.target.value)}
            onBlur={applyOrigins}
            onKeyDown={(event) => event.key === "Enter" && applyOrigins()}
          />
        </Field>
      )}
      {open && current.origins.length === 0 && <p className="text-ink-3 text-sm">{t("embedFirst")}</p>}
      {save.error && <Notice tone="bad" title={save.error.message} />}
      <p role="status" className="sr-only">
        {save.isSuccess ? t("save.saved") : ""}
      </p>
      {open && current.origins.length > 0 && urls?.embed && urls.chat && (
        <div>
          <CodeBlock label={t("embed")} code={embedLine(urls.embed, slug, urls.chat)} wrap />
          <p className="mt-1.5 text-ink-3 text-sm">{t("embedHelp", { origin: new URL(urls.embed).origin })}</p>
        </div>
      )}
    </>
  );
}
