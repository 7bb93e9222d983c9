import { describe, expect, it } from "vitest";
import { matchesRule, type PartialRule, Rule, ruleIssues } from "./rule.ts";

const order = { total: 120, country: "DE", tags: ["new", "vip"], note: "", text: "Order-12 is late" };

describe("a rule", () => {
  it.each<[PartialRule, boolean]>([
    [{ path: "text", value: "LATE, never" }, true],
    [{ path: "text", op: "not-contains", value: "late" }, false],
    [{ path: "text", op: "not-contains", value: "early,never" }, true],
    [{ path: "country", op: "equals", value: "de" }, true],
    [{ path: "country", op: "not-equals", value: "de" }, false],
    [{ path: "missing", op: "not-equals", value: "de" }, true],
    [{ path: "text", op: "starts", value: "order" }, true],
    [{ path: "text", op: "ends", value: "late" }, true],
    [{ path: "text", op: "matches", value: "^order-\\d+" }, true],
    [{ path: "text", op: "matches", value: "^late" }, false],
    [{ path: "text", op: "matches", value: "(unclosed" }, false],
    [{ path: "country", op: "in", value: "at, de,ch" }, true],
    [{ path: "country", op: "in", value: "at\nd" }, false],
    [{ path: "country", op: "not-in", value: "at,d" }, true],
    [{ path: "total", op: "above", value: "120" }, false],
    [{ path: "total", op: "at-least", value: "120" }, true],
    [{ path: "total", op: "below", value: "120" }, false],
    [{ path: "total", op: "at-most", value: "120" }, true],
    [{ path: "total", op: "between", value: "100", to: "120" }, true],
    [{ path: "total", op: "between", value: "100", to: "119.5" }, false],
    [{ path: "total", op: "between", value: "100" }, false],
    [{ path: "country", op: "at-least", value: "1" }, false],
    [{ path: "note", op: "empty" }, true],
    [{ path: "tags", op: "present" }, true],
    [{ path: "constructor", op: "present" }, false],
  ])("%j is %j", (rule, met) => {
    expect(matchesRule(order, rule)).toBe(met);
    expect(matchesRule(JSON.stringify(order), Rule.parse(rule))).toBe(met);
  });

  const yes: PartialRule = { path: "country", op: "equals", value: "DE" };
  const no: PartialRule = { path: "country", op: "equals", value: "FR" };
  it.each<[PartialRule, boolean]>([
    [{ op: "all", rules: [yes, yes] }, true],
    [{ op: "all", rules: [yes, no] }, false],
    [{ op: "any", rules: [no, yes] }, true],
    [{ op: "any", rules: [no, no] }, false],
    [{ op: "all", rules: [yes, { op: "any", rules: [no, yes] }] }, true],
    [{ op: "any", rules: [no, { op: "all", rules: [yes, no] }] }, false],
    [{ op: "all", rules: [] }, false],
    [{ op: "any" }, false],
  ])("combines %j to %j", (rule, met) => {
    expect(matchesRule(order, rule)).toBe(met);
    expect(matchesRule(order, Rule.parse(rule))).toBe(met);
  });

  it("has groups of two levels and no more", () => {
    const nested = (depth: number): PartialRule => (depth === 0 ? yes : { op: "all", rules: [nested(depth - 1)] });
    expect(Rule.safeParse(nested(2)).success).toBe(true);
    expect(Rule.safeParse(nested(3)).success).toBe(false);
  });

  it("is done with a pattern that would take others for ever", () => {
    expect(matchesRule(`${"a".repeat(50_000)}!`, { op: "matches", value: "^(a+)+$" })).toBe(false);
  });

  it("reads the rules of older files as they are", () => {
    for (const op of ["contains", "equals", "starts", "ends", "above", "below", "empty", "present"] as const)
      expect(Rule.parse({ path: "a.b", op, value: "x, y" })).toMatchObject({ path: "a.b", op, value: "x, y" });
    expect(Rule.parse({})).toMatchObject({ path: "", op: "contains", value: "" });
  });

  it("refuses a pattern that is large when its repetitions are written out", () => {
    const large: PartialRule = { op: "matches", value: "(ab{400}){400}" };
    expect(ruleIssues(large, "")).toMatchObject([{ severity: "error", path: "/value" }]);
    expect(matchesRule("ab", large)).toBe(false);
  });

  it("says what cannot work, and where", () => {
    const group: PartialRule = { op: "all", rules: [yes, { op: "any", rules: [{ op: "matches", value: "(?=x)" }] }] };
    expect(ruleIssues(group, "/cases/0/rule")).toMatchObject([
      { severity: "error", path: "/cases/0/rule/rules/1/rules/0/value", fix: expect.stringContaining("RE2") },
    ]);
    for (const [rule, key] of [
      [{ op: "at-least", value: "many" }, "value"],
      [{ op: "between", value: "1", to: "" }, "to"],
      [{ op: "not-contains", value: " " }, "value"],
      [{ op: "any", rules: [] }, "rules"],
    ] as [PartialRule, string][])
      expect(ruleIssues(rule, "/while")).toMatchObject([{ severity: "warning", path: `/while/${key}` }]);
    for (const rule of [yes, { op: "equals" }, { op: "empty" }] as PartialRule[])
      expect(ruleIssues(rule, "")).toEqual([]);
  });
});
