import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api.ts";
import { ErrorNotice } from "../../shell/query-state.tsx";
import { Button } from "../../ui/button.tsx";
import { CodeBlock } from "../../ui/code-block.tsx";
import { SidePanel } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { Input } from "../../ui/input.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Segmented } from "../../ui/segmented.tsx";
import { Select } from "../../ui/select.tsx";
import { Checkbox } from "../../ui/switch.tsx";
import { useAgents } from "../home/use-agents.ts";

export const KEYS_KEY = ["keys"];

const DAYS = { never: 0, d30: 30, d90: 90, d365: 365 } as const;
type Expiry = keyof typeof DAYS;

/** Makes an agent key and shows it, once. */
export function KeyPanel({ onClose }: { onClose(): void }) {
  const { t } = useTranslation("settings");
  const client = useQueryClient();
  const agents = useAgents();
  const slugs = (agents.data ?? []).flatMap((agent) => agent.slug ?? []);
  const [name, setName] = useState("");
  const [which, setWhich] = useState<"all" | "some">("all");
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [answer, setAnswer] = useState(false);
  const [expiry, setExpiry] = useState<Expiry>("never");
  const [shown, setShown] = useState(false);
  const create = useMutation({
    mutationFn: () =>
      api.keys.create({
        name: name.trim(),
        agents: which === "all" ? "*" : [...chosen],
        rights: answer ? ["run", "answer"] : ["run"],
        ...(DAYS[expiry] > 0 && { expiresAt: Date.now() + DAYS[expiry] * 86_400_000 }),
      }),
    onSuccess: () => client.invalidateQueries({ queryKey: KEYS_KEY }),
  });
  const noName = name.trim() === "";
  const noAgent = which === "some" && chosen.size === 0;
  const submit = () => {
    setShown(true);
    if (!noName && !noAgent) create.mutate();
  };
  return (
    <SidePanel
      open
      onOpenChange={(open) => !open && onClose()}
      title={t("keys.createTitle")}
      footer={
        create.data ? (
          <Button variant="solid" onClick={onClose}>
            {t("keys.done")}
          </Button>
        ) : (
          <Button variant="solid" busy={create.isPending} onClick={submit}>
            {t("keys.create")}
          </Button>
        )
      }
    >
      {create.data ? (
        <div className="flex flex-col gap-4">
          <Notice tone="warn" title={t("keys.onceTitle")}>
            {t("keys.onceLead")}
          </Notice>
          <CodeBlock code={create.data.key} wrap />
        </div>
      ) : (
        <form
          className="flex flex-col gap-5"
          onSubmit={(event) => {
            event.preventDefault();
            submit();
          }}
        >
          <Field label={t("keys.name")} help={t("keys.nameHelp")} error={shown && noName && t("keys.nameMissing")}>
            <Input value={name} onChange={(event) => setName(event.target.value)} />
          </Field>
          <Field label={t("keys.which")} error={shown && noAgent && t("keys.noneChosen")}>
            <Segmented
              label={t("keys.which")}
              value={which}
              onChange={setWhich}
              options={[
                { value: "all", label: t("keys.all") },
                { value: "some", label: t("keys.some") },
              ]}
            />
          </Field>
          {slugs.length === 0 ? (
            <p className="text-ink-3">{t("keys.noPublished")}</p>
          ) : (
            which === "some" && (
              <div className="flex flex-col gap-2">
                {slugs.map((slug) => (
                  <Checkbox
                    key={slug}
                    checked={chosen.has(slug)}
                    onChange={(on) =>
                      setChosen(on ? new Set([...chosen, slug]) : new Set([...chosen].filter((one) => one !== slug)))
                    }
                  >
                    <span className="font-mono">{slug}</span>
                  </Checkbox>
                ))}
              </div>
            )
          )}
          <Checkbox checked={answer} onChange={setAnswer}>
            {t("keys.answer")}
            <span className="block text-ink-3 text-sm">{t("keys.answerHelp")}</span>
          </Checkbox>
          <Field label={t("keys.expires")}>
            <Select
              value={expiry}
              onChange={setExpiry}
              options={(Object.keys(DAYS) as Expiry[]).map((one) => ({ value: one, label: t(`keys.expiry.${one}`) }))}
            />
          </Field>
          {create.isError && <ErrorNotice error={create.error} />}
        </form>
      )}
    </SidePanel>
  );
}
