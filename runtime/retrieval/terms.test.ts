import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { queryTerms, stem, terms } from "./terms.ts";

describe("terms", () => {
  it("folds case, diacritics and English endings", () => {
    expect(terms("Employees’ Expenses were approved; the company's policies")).toEqual(
      terms("employee expense were approve the company policy"),
    );
    expect(terms("Café NAÏVE Straße")).toEqual(["caf", "naiv", "straße"]);
  });

  it("returns characters and pairs for scripts without spaces", () => {
    expect(terms("年假")).toEqual(["年", "年假", "假"]);
    expect(terms("续费ECS实例")).toEqual(["续", "续费", "费", "ecs", "实", "实例", "例"]);
    expect(terms("한국어")).toContain("한국");
  });

  it("folds full-width forms", () => {
    expect(terms("ＥＣＳ　１２３")).toEqual(terms("ecs 123"));
  });

  it("leaves function words out of a question, unless nothing else remains", () => {
    expect(queryTerms("What is the notice period?")).toEqual(["notic", "period"]);
    expect(queryTerms("请问年假有多少天？")).toEqual(["年", "年假", "假", "假有", "天"]);
    expect(queryTerms("who is it?")).toEqual(["who", "is", "it"]);
    expect(queryTerms("IT support")).toEqual(["it", "support"]);
    expect(queryTerms("  ?! ")).toEqual([]);
  });

  it.each([
    ["running", "run"],
    ["hired", "hir"],
    ["hiring", "hir"],
    ["hire", "hir"],
    ["boxes", "box"],
    ["string", "string"],
    ["status", "status"],
    ["agreed", "agreed"],
    ["calling", "call"],
  ])("stems %s to %s", (word, stemmed) => expect(stem(word)).toBe(stemmed));

  it("finds a text by any of its own words (random texts)", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 80 }), (text) => {
        const index = new Set(terms(text));
        for (const term of queryTerms(text)) {
          expect(index.has(term)).toBe(true);
          expect(term).not.toMatch(/\s/);
        }
      }),
    );
  });
});
