import { useTranslation } from "react-i18next";
import type { GraphNode } from "../../runtime/graph.ts";
import { NumberField } from "../fields/number-field.tsx";
import { setNode } from "../graph/commands.ts";
import { useWorkbench } from "../hooks/use-workbench.ts";
import { Field } from "../ui/field.tsx";
import { Segmented } from "../ui/segmented.tsx";
import { More } from "./parts.tsx";

/** What happens when the node fails: the number of retries, and whether the run continues at its error port. */
export function FailureForm({ node, disabled }: { node: GraphNode; disabled: boolean }) {
  const { t } = useTranslation("panels");
  const { apply } = useWorkbench();
  const set = (retry: GraphNode["retry"]) =>
    apply(setNode(node.id, { retry: retry && retry.times > 0 ? retry : undefined }));
  const number = { node: node.id, type: node.type, config: {}, schema: {}, disabled, setKey: () => undefined };
  return (
    <div className="border-line border-t px-4 py-3.5">
      <More label={t("onFailure")} note={node.onError === "branch" || node.retry ? t("set") : undefined}>
        <div className="grid grid-cols-2 gap-2">
          <Field label={t("retryTimes")}>
            <NumberField
              {...number}
              name="times"
              label={t("retryTimes")}
              hint={{ widget: "number", min: 0, max: 10, step: 1 }}
              value={node.retry?.times ?? 0}
              set={(value) => set({ times: Math.round(Number(value ?? 0)), waitMs: node.retry?.waitMs ?? 1000 })}
            />
          </Field>
          <Field label={t("retryWait")}>
            <NumberField
              {...number}
              name="waitMs"
              label={t("retryWait")}
              hint={{ widget: "number", min: 0, max: 600_000, step: 100 }}
              disabled={disabled || !node.retry}
              value={node.retry?.waitMs ?? 1000}
              set={(value) => set({ times: node.retry?.times ?? 1, waitMs: Math.round(Number(value ?? 1000)) })}
            />
          </Field>
        </div>
        <Field label={t("ifItStillFails")} help={node.onError === "branch" ? t("branchHelp") : t("failHelp")}>
          <Segmented
            label={t("ifItStillFails")}
            value={node.onError ?? "fail"}
            onChange={(next) =>
              !disabled && apply(setNode(node.id, { onError: next === "branch" ? "branch" : undefined }))
            }
            options={[
              { value: "fail", label: t("thenFail") },
              { value: "branch", label: t("thenBranch") },
            ]}
          />
        </Field>
      </More>
    </div>
  );
}
