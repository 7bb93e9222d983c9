import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Bm25 } from "./bm25.ts";
import { splitNames, ToolIndex, toolText } from "./tool-index.ts";

const tool = (name: string, summary: string, properties: Record<string, unknown> = {}) => ({
  name,
  summary,
  parameters: { type: "object", properties },
});
const library = [
  tool("builtin/calculator", "Evaluates an arithmetic expression", { expression: { type: "string" } }),
  tool("mcp/files/readTextFile", "Reads a file", { path: { type: "string", description: "Where the file is" } }),
  tool("openapi/ecs/RenewInstance", "续费一台包年包月ECS实例", {
    instance_id: { type: "string", description: "ECS实例ID" },
    period: { type: "string", description: "续费时长以月为单位" },
  }),
  tool("http/speech", "文本转语音服务，可配置男声/女声", {
    input: { type: "string" },
    gender: { enum: ["man", "woman"] },
  }),
  tool("http/weather", "Weather forecast for a city", {
    city: { type: "string" },
    unit: { enum: ["celsius", "fahrenheit"] },
  }),
];
const best = (question: string) => new ToolIndex(library).search(question, 3)[0]?.tool.name;

describe("finding tools", () => {
  it.each([
    ["请帮我续费一台ECS实例，实例id是：i-rj90a7e840y5cde，续费时长10个月", "openapi/ecs/RenewInstance"],
    ["用女声把这段话读出来，转成语音", "http/speech"],
    ["What will the weather be in Paris, in fahrenheit?", "http/weather"],
    ["read the text file at ./notes.md", "mcp/files/readTextFile"],
    ["evaluate the expression 3*4", "builtin/calculator"],
  ])("%s", (question, name) => {
    expect(best(question)).toBe(name);
  });

  it("leaves out tools without a common word, and filtered ones", () => {
    const index = new ToolIndex(library);
    expect(index.search("xylophone", 5)).toEqual([]);
    expect(index.search("weather file", 5, (one) => one.name !== "http/weather").map((one) => one.tool.name)).toEqual([
      "mcp/files/readTextFile",
    ]);
    expect(new ToolIndex([]).search("weather", 5)).toEqual([]);
  });

  it("splits identifiers", () => {
    expect(splitNames("getUserHTTPById2")).toBe("get User HTTP By Id 2");
    expect(toolText(library[1]!)).toBe("files/read Text File\nReads a file\npath Where the file is");
  });
});

describe("BM25", () => {
  it("returns the same order as sorting everything (random indexes)", () => {
    const word = fc.constantFrom(..."abcdefgh");
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.array(word, { maxLength: 3 }), fc.array(word, { maxLength: 8 })), { maxLength: 40 }),
        fc.uniqueArray(word),
        fc.nat(12),
        (documents, query, limit) => {
          const index = new Bm25(
            [
              { weight: 2, lengthPenalty: 0.3 },
              { weight: 1, lengthPenalty: 0.75 },
            ],
            documents,
          );
          const all = index.search(query, documents.length);
          expect(all.map((one) => one.document).sort()).toEqual(
            documents.flatMap((fields, id) => (fields.flat().some((one) => query.includes(one)) ? [id] : [])).sort(),
          );
          for (let i = 1; i < all.length; i++) {
            const [before, here] = [all[i - 1]!, all[i]!];
            expect(before.score > here.score || (before.score === here.score && before.document < here.document)).toBe(
              true,
            );
          }
          expect(index.search(query, limit)).toEqual(all.slice(0, limit));
        },
      ),
    );
  });
});
