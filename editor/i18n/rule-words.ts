/** A condition in words: `total is at least 100 and country is one of DE, FR`. */
import { useTranslation } from "react-i18next";
import { isGroup, needsValue, type Operator, type PartialRule } from "../../runtime/rule.ts";

export function useRuleWords(): (rule: PartialRule) => string {
  const { t } = useTranslation("fields");
  const words = (rule: PartialRule, nested = false): string => {
    if (isGroup(rule)) {
      const text = (rule.rules ?? []).map((one) => words(one, true)).join(t(`rule.joined.${rule.op}`));
      return nested ? `(${text})` : text;
    }
    const { path = "", value = "", to = "" } = rule;
    const op = (rule.op ?? "contains") as Operator;
    const wanted = op === "between" ? `${value}–${to}` : value;
    return [path, t(`rule.ops.${op}`), needsValue(op) ? wanted : ""].filter((part) => part !== "").join(" ");
  };
  return (rule) => words(rule);
}
