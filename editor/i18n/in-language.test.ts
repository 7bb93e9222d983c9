import { describe, expect, it } from "vitest";
import { inLanguage } from "./in-language.ts";

const both = "Calculates v1.2 exactly. 计算算术表达式。 Operators + - * / and round(x, digits).";

describe("a text in two languages", () => {
  it("is read in one of them", () => {
    expect(inLanguage(both, "en")).toBe("Calculates v1.2 exactly. Operators + - * / and round(x, digits).");
    expect(inLanguage(both, "zh")).toBe("计算算术表达式。");
  });

  it("stays whole where it has one language only", () => {
    expect(inLanguage("查询天气，返回JSON。", "en")).toBe("查询天气，返回JSON。");
    expect(inLanguage("Reads a file. Twice?", "zh")).toBe("Reads a file. Twice?");
    expect(inLanguage("", "en")).toBe("");
  });
});
