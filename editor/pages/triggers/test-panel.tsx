import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "wouter";
import type { Field as Declared } from "../../../runtime/field.ts";
import type { Webhook } from "../../../server/contract/trigger.ts";
import { api } from "../../api/api.ts";
import { ErrorNotice } from "../../shell/query-state.tsx";
import { Button, buttonClass } from "../../ui/button.tsx";
import { SidePanel } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { Textarea } from "../../ui/input.tsx";
import { Notice } from "../../ui/notice.tsx";
import { exampleBody } from "./trigger-panel.tsx";
import { triggersKey } from "./use-triggers.ts";

/** Starts a run from a body, as a correctly signed request would. */
export function TestPanel({
  agent,
  webhook,
  fields,
  onClose,
}: {
  agent: string;
  webhook: Webhook;
  fields: readonly Declared[];
  onClose(): void;
}) {
  const { t } = useTranslation("triggers");
  const client = useQueryClient();
  const [text, setText] = useState(() => JSON.stringify(exampleBody(fields, webhook.take), null, 2));
  const body = parsed(text);
  const test = useMutation({
    mutationFn: () => api.triggers.test(agent, webhook.id, body?.value),
    onSettled: () => client.invalidateQueries({ queryKey: triggersKey(agent) }),
  });
  return (
    <SidePanel
      onClose={onClose}
      title={t("testTitle")}
      footer={
        <Button variant="solid" busy={test.isPending} disabled={!body} onClick={() => test.mutate()}>
          {t("test")}
        </Button>
      }
    >
      <div className="flex flex-col gap-4">
        <Field label={t("testBody")} error={!body && t("testBodyError")}>
          <Textarea mono rows={10} value={text} onChange={(event) => setText(event.target.value)} />
        </Field>
        {test.isError && <ErrorNotice error={test.error} />}
        {test.data?.run && (
          <Notice
            tone="ok"
            title={t("tested")}
            actions={
              <Link href={`/runs/${test.data.run}`} className={buttonClass("outline", "sm")}>
                {t("testedRun")}
              </Link>
            }
          />
        )}
      </div>
    </SidePanel>
  );
}

function parsed(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}
