import { useTranslation } from "react-i18next";
import { FIELD_NAME } from "../../runtime/field.ts";
import type { PartialRule } from "../../runtime/rule.ts";
import { Input, Textarea } from "../ui/input.tsx";
import { type FieldProps, listOf, textOf } from "./field-props.ts";
import { freeName, ListField } from "./list-field.tsx";
import { RuleBox } from "./rule-field.tsx";

interface Case {
  name: string;
  rule?: PartialRule;
  when?: string;
}

/** The branches of a router. Each is an output, chosen by a rule or described to the model in words. */
export function CasesField({ value, set, config, disabled }: FieldProps) {
  const { t } = useTranslation("fields");
  const items = listOf<Case>(value);
  const byModel = config.by === "model";
  return (
    <ListField<Case>
      items={items}
      set={set}
      fresh={() => ({
        name: freeName(
          "case",
          items.map((one) => one.name),
        ),
      })}
      add={t("addCase")}
      itemLabel={(item) => item.name}
      disabled={disabled}
    >
      {(item, change) => (
        <div className="flex flex-col gap-1.5">
          <Input
            mono
            aria-label={t("caseName")}
            aria-invalid={!FIELD_NAME.test(item.name) || undefined}
            value={item.name}
            disabled={disabled}
            onChange={(event) => change({ ...item, name: event.target.value })}
          />
          {!FIELD_NAME.test(item.name) && <p className="text-bad text-sm">{t("nameError")}</p>}
          {byModel ? (
            <Textarea
              rows={2}
              aria-label={t("caseWhen")}
              placeholder={t("caseWhen")}
              value={item.when ?? ""}
              disabled={disabled}
              onChange={(event) => change({ ...item, when: event.target.value })}
            />
          ) : (
            <RuleBox rule={item.rule ?? {}} disabled={disabled} onChange={(rule) => change({ ...item, rule })} />
          )}
        </div>
      )}
    </ListField>
  );
}

interface Example {
  message?: string;
  answer?: string;
}

/** Example pairs of an input and its output. */
export function ExamplesField({ value, set, schema, disabled }: FieldProps) {
  const { t } = useTranslation("fields");
  const [ask, answer] = exampleKeys(schema);
  const items = listOf<Record<string, unknown>>(value);
  return (
    <ListField<Record<string, unknown>>
      items={items}
      set={set}
      fresh={() => ({ [ask]: "", [answer]: "" })}
      add={t("addExample")}
      itemLabel={(item, index) => textOf(item[ask]) || String(index + 1)}
      disabled={disabled}
    >
      {(item, change) => (
        <div className="flex flex-col gap-1.5">
          <Textarea
            rows={2}
            className="!min-h-0"
            aria-label={t("exampleQuestion")}
            placeholder={t("exampleQuestion")}
            value={textOf(item[ask])}
            disabled={disabled}
            onChange={(event) => change({ ...item, [ask]: event.target.value })}
          />
          <Textarea
            rows={2}
            className="!min-h-0"
            aria-label={t("exampleReply")}
            placeholder={t("exampleReply")}
            value={textOf(item[answer])}
            disabled={disabled}
            onChange={(event) => change({ ...item, [answer]: event.target.value })}
          />
        </div>
      )}
    </ListField>
  );
}

/** The two keys of an example, as the config names them. */
function exampleKeys(schema: Record<string, unknown>): [keyof Example & string, string] | [string, string] {
  const items = (schema.items ?? {}) as { properties?: Record<string, unknown> };
  const [ask = "message", answer = "answer"] = Object.keys(items.properties ?? {});
  return [ask, answer];
}
