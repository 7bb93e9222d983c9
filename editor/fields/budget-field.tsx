import { useTranslation } from "react-i18next";
import type { Budget } from "../../runtime/graph.ts";
import { Field } from "../ui/field.tsx";
import { type FieldProps, recordOf } from "./field-props.ts";
import { NumberField } from "./number-field.tsx";

const LIMITS: Record<keyof Budget, { min: number; max?: number }> = {
  steps: { min: 1, max: 1000 },
  toolCalls: { min: 0, max: 1000 },
  tokens: { min: 1 },
  costUsd: { min: 0 },
  seconds: { min: 1, max: 86_400 },
};

/** Limits on cost and tokens; an empty limit uses the server's. */
export function BudgetField(props: FieldProps) {
  const { t } = useTranslation("fields");
  const budget = recordOf(props.value) as Budget;
  const change = (key: keyof Budget, value: unknown) => {
    const { [key]: _old, ...rest } = budget;
    props.set(value === null || value === undefined ? rest : { ...rest, [key]: value });
  };
  return (
    <div className="grid grid-cols-2 gap-2">
      {(Object.keys(LIMITS) as (keyof Budget)[]).map((key) => (
        <Field key={key} label={t(`budget.${key}`)}>
          <NumberField
            {...props}
            label={t(`budget.${key}`)}
            value={budget[key] ?? null}
            hint={{ widget: "number", ...LIMITS[key] }}
            schema={{ type: ["number", "null"], anyOf: [{ type: "null" }] }}
            set={(value) => change(key, value)}
          />
        </Field>
      ))}
    </div>
  );
}
