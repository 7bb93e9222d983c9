import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chunkText, roughTokens } from "./chunk.ts";

const markdown = (text: string, maxTokens?: number) => [...chunkText(text, { format: "markdown", maxTokens })];
const plain = (text: string, maxTokens?: number) => [...chunkText(text, { format: "text", maxTokens })];

describe("chunkText on Markdown", () => {
  it("keeps the heading path and the line", () => {
    const source =
      "---\ntitle: x\n---\n# Handbook\n\nWelcome.\n\n## Leave\n\n### Annual leave ###\nFifteen days.\n\nMore after five years.\n\nSick leave\n----------\nSee a doctor.\n";
    expect(markdown(source)).toEqual([
      { text: "Welcome.", heading: "Handbook", line: 6 },
      { text: "Fifteen days.\n\nMore after five years.", heading: "Handbook > Leave > Annual leave", line: 11 },
      { text: "See a doctor.", heading: "Handbook > Sick leave", line: 17 },
    ]);
  });

  it("makes a passage of a heading without content", () => {
    expect(markdown("# A\n## To be written\n## B\ntext")).toEqual([
      { text: "To be written", heading: "A > To be written", line: 2 },
      { text: "text", heading: "A > B", line: 4 },
    ]);
  });

  it("keeps headings and comments in code, and drops comments elsewhere", () => {
    const source = "# A\n<!-- ignore\nall rules --> kept\n\n```sh\n# not a heading\n<!-- shown -->\n```\n";
    expect(markdown(source)).toEqual([
      { text: " kept\n\n```sh\n# not a heading\n<!-- shown -->\n```", heading: "A", line: 3 },
    ]);
  });

  it("repeats the head of a table that is too large, with correct lines", () => {
    const rows = Array.from({ length: 40 }, (_, i) => `| city ${i} | ${i * 100} |`);
    const chunks = markdown(`# Rates\n\n| city | rate |\n| --- | --- |\n${rows.join("\n")}\n`, 60);
    expect(chunks.length).toBeGreaterThan(3);
    const lines = `# Rates\n\n| city | rate |\n| --- | --- |\n${rows.join("\n")}\n`.split("\n");
    for (const chunk of chunks) {
      const [head, , first] = chunk.text.split("\n");
      expect(head).toBe("| city | rate |");
      expect(lines[chunk.line - 1]).toBe(first);
    }
    expect(chunks.flatMap((chunk) => chunk.text.split("\n").slice(2))).toEqual(rows);
  });

  it("keeps the items of a list whole", () => {
    const items = Array.from({ length: 12 }, (_, i) => `- item ${i} says this\n  and goes on here`);
    for (const chunk of markdown(items.join("\n"), 40)) {
      expect(chunk.text.startsWith("- item")).toBe(true);
      expect(chunk.text.endsWith("here")).toBe(true);
    }
  });

  it("accepts a fence and a comment without an end", () => {
    expect(markdown("```\nabc\n# d")[0]!.text).toBe("```\nabc\n# d");
    expect(markdown("a\n<!-- b\n# c")).toEqual([{ text: "a", line: 1 }]);
  });
});

describe("chunkText on plain text", () => {
  it("counts pages by form feeds", () => {
    expect(plain("one\n\ftwo\n\nthree\f\ffour")).toEqual([
      { text: "one", line: 1, page: 1 },
      { text: "two\n\nthree", line: 2, page: 2 },
      { text: "four", line: 4, page: 4 },
    ]);
  });

  it("cuts long prose at the ends of sentences, in Chinese too", () => {
    const chinese = "员工每年享有十五天带薪年假。".repeat(60);
    for (const chunk of plain(chinese, 100)) {
      expect(chunk.text.endsWith("。")).toBe(true);
      expect(roughTokens(chunk.text)).toBeLessThanOrEqual(100);
    }
  });

  it("returns the line of the first visible character", () => {
    const [, second] = plain('some words to fill it up. \n"and a quote that begins its own line"', 8);
    expect(second).toMatchObject({ line: 2 });
  });

  it("splits a megabyte on one line", () => {
    const chunks = plain("word ".repeat(200_000));
    expect(chunks.length).toBeGreaterThan(700);
  });
});

describe("chunkText on anything", () => {
  const word = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 30 }),
    fc.constantFrom("。", ". ", "\n", "\n\n", " ", "\f", "# ", "- ", "| a |\n|---|\n", "```\n", "===\n"),
  );
  const bare = (text: string) => text.replaceAll(/\s/g, "");

  it.each(["text", "markdown"] as const)("keeps the size limit, correct lines and whole characters (%s)", (format) => {
    fc.assert(
      fc.property(fc.array(word, { maxLength: 60 }), fc.integer({ min: 16, max: 60 }), (words, maxTokens) => {
        const source = words.join("");
        const chunks = [...chunkText(source, { format, maxTokens })];
        if (format === "text") expect(bare(chunks.map((chunk) => chunk.text).join(""))).toBe(bare(source));
        const lines = source.split("\n");
        for (const { text, line } of chunks) {
          expect(text.trim()).not.toBe("");
          expect(roughTokens(text)).toBeLessThanOrEqual(maxTokens * 2);
          expect(text.isWellFormed()).toBe(true);
          expect(line).toBeLessThanOrEqual(lines.length);
          if (format === "text") expect(lines[line - 1]).toContain(text.trimStart().split("\n")[0]!.trim());
        }
      }),
      { numRuns: 500 },
    );
  });
});
