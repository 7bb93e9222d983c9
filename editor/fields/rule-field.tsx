import { Plus, X } from "lucide-react";
import { useTranslation } from "react-i18next";
import { GROUPS, isGroup, needsValue, OPERATORS, type PartialRule } from "../../runtime/rule.ts";
import { Button } from "../ui/button.tsx";
import { IconButton } from "../ui/icon-button.tsx";
import { Input } from "../ui/input.tsx";
import { Segmented } from "../ui/segmented.tsx";
import { Select } from "../ui/select.tsx";
import { type FieldProps, recordOf } from "./field-props.ts";

/** Levels of groups, as in the schema. */
const MAX_DEPTH = 2;
const MAX_RULES = 20;

/** A condition: one comparison as a sentence with blanks, or a group of them. */
export function RuleBox({
  rule,
  onChange,
  disabled,
  depth = 0,
}: {
  rule: PartialRule;
  onChange(rule: PartialRule): void;
  disabled: boolean;
  /** Groups around it. */
  depth?: number;
}) {
  const { t } = useTranslation("fields");
  if (isGroup(rule)) return <GroupBox rule={rule} onChange={onChange} disabled={disabled} depth={depth} />;
  return (
    <div className="flex flex-col gap-1.5">
      <Comparison rule={rule} onChange={onChange} disabled={disabled} />
      {depth === 0 && !disabled && (
        <Button
          size="sm"
          icon={Plus}
          className="self-start"
          onClick={() => onChange({ op: "all", rules: [rule, { op: "contains", value: "" }] })}
        >
          {t("rule.add")}
        </Button>
      )}
    </div>
  );
}

function GroupBox({
  rule,
  onChange,
  disabled,
  depth,
}: {
  rule: PartialRule & { op: "all" | "any" };
  onChange(rule: PartialRule): void;
  disabled: boolean;
  depth: number;
}) {
  const { t } = useTranslation("fields");
  const rules = rule.rules ?? [];
  const change = (next: PartialRule[]) => {
    // One remaining comparison needs no group around it.
    const [only] = next;
    onChange(next.length === 1 && only && depth === 0 ? only : { op: rule.op, rules: next });
  };
  return (
    <div className="flex flex-col gap-2 border-line border-l-2 pl-2">
      <Segmented
        label={t("rule.group")}
        value={rule.op}
        onChange={(op) => !disabled && onChange({ ...rule, op })}
        options={GROUPS.map((one) => ({ value: one, label: t(`rule.groups.${one}`) }))}
      />
      {rules.map((one, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rules are values without an identity
        <div key={at} className="flex items-start gap-1">
          <div className="min-w-0 flex-1">
            <RuleBox
              rule={one}
              disabled={disabled}
              depth={depth + 1}
              onChange={(next) => change(rules.map((old, index) => (index === at ? next : old)))}
            />
          </div>
          {!disabled && (
            <IconButton
              size="sm"
              side="left"
              icon={X}
              danger
              label={t("rule.remove", { number: at + 1 })}
              onClick={() => change(rules.filter((_one, index) => index !== at))}
            />
          )}
        </div>
      ))}
      {!disabled && rules.length < MAX_RULES && (
        <div className="flex flex-wrap gap-1.5">
          <Button size="sm" icon={Plus} onClick={() => change([...rules, { op: "contains", value: "" }])}>
            {t("rule.add")}
          </Button>
          {depth + 1 < MAX_DEPTH && (
            <Button
              size="sm"
              icon={Plus}
              onClick={() =>
                change([...rules, { op: rule.op === "all" ? "any" : "all", rules: [{ op: "contains", value: "" }] }])
              }
            >
              {t("rule.addGroup")}
            </Button>
          )}
        </div>
      )}
    </div>
  );
}

const PLACEHOLDERS: Record<string, "words" | "pattern" | "number"> = {
  contains: "words",
  "not-contains": "words",
  in: "words",
  "not-in": "words",
  matches: "pattern",
  above: "number",
  "at-least": "number",
  below: "number",
  "at-most": "number",
  between: "number",
};

function Comparison({
  rule,
  onChange,
  disabled,
}: {
  rule: PartialRule;
  onChange(rule: PartialRule): void;
  disabled: boolean;
}) {
  const { t } = useTranslation("fields");
  const op = rule.op ?? "contains";
  const hint = PLACEHOLDERS[op];
  return (
    <div className="flex flex-col gap-1.5">
      <div className="flex gap-1.5">
        <Input
          className="min-w-0 flex-1"
          mono
          aria-label={t("rule.path")}
          placeholder={t("rule.whole")}
          value={rule.path ?? ""}
          disabled={disabled}
          onChange={(event) => onChange({ ...rule, path: event.target.value })}
        />
        <Select
          className="!w-36"
          label={t("rule.op")}
          value={op}
          disabled={disabled}
          onChange={(next) => {
            const { to: _to, ...others } = rule;
            onChange(next === "between" ? { ...rule, op: next } : { ...others, op: next });
          }}
          options={OPERATORS.map((one) => ({ value: one, label: t(`rule.ops.${one}`) }))}
        />
      </div>
      {needsValue(op) && (
        <div className="flex items-center gap-1.5">
          <Input
            className="min-w-0 flex-1"
            mono={op === "matches"}
            aria-label={t(op === "between" ? "rule.from" : "rule.value")}
            placeholder={hint === undefined ? t("rule.value") : t(`rule.${hint}`)}
            value={rule.value ?? ""}
            disabled={disabled}
            onChange={(event) => onChange({ ...rule, value: event.target.value })}
          />
          {op === "between" && (
            <>
              <span className="text-ink-3 text-sm">{t("rule.and")}</span>
              <Input
                className="min-w-0 flex-1"
                aria-label={t("rule.to")}
                placeholder={t("rule.number")}
                value={rule.to ?? ""}
                disabled={disabled}
                onChange={(event) => onChange({ ...rule, to: event.target.value })}
              />
            </>
          )}
        </div>
      )}
    </div>
  );
}

export function RuleField({ value, set, disabled }: FieldProps) {
  return <RuleBox rule={recordOf(value) as PartialRule} onChange={set} disabled={disabled} />;
}
