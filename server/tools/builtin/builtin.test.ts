import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { BuiltinContext } from "./builtin.ts";
import { calculate, formatNumber } from "./expression.ts";
import { builtinTools } from "./index.ts";

const context: BuiltinContext = {
  now: () => Date.UTC(2026, 10, 24, 18, 30),
  fetch: async ({ url }) =>
    url.endsWith("/page")
      ? {
          status: 200,
          headers: { "content-type": "text/html" },
          body: "<h1>Hi</h1><script>bad()</script><p>a &amp; b</p>",
        }
      : { status: 500, headers: { "content-type": "text/plain" }, body: "broken" },
  searchTools: async () => [],
  searchKnowledge: async () => [{ id: "1", title: "a.md", text: "t", score: 1, source: { heading: "H" } }],
  signal: new AbortController().signal,
};
const call = (name: string, args: unknown) => {
  const tool = builtinTools.find((each) => each.spec.name === `builtin/${name}`);
  if (!tool) throw new Error(name);
  return tool.call(args, context);
};
const value = async (name: string, args: unknown) => (await call(name, args)).value;

describe("calculator", () => {
  it.each([
    ["1 + 2 * 3", "7"],
    ["(1 + 2) * 3", "9"],
    ["-2 ^ 2", "-4"],
    ["2 ^ -1", "0.5"],
    ["2 ^ 3 ^ 2", "512"],
    ["2 ** 10", "1024"],
    ["0.1 + 0.2", "0.3"],
    ["19.99 * 3", "59.97"],
    ["10 / 4", "2.5"],
    ["7 % 3", "1"],
    ["2 ^ 100", "1267650600228229401496703205376"],
    ["20!", "2432902008176640000"],
    ["99999999999999999999 + 1", "100000000000000000000"],
    ["round(1.005, 2)", "1.01"],
    ["round(-2.5)", "-3"],
    ["round(12345, -2)", "12300"],
    ["sqrt(16) + max(1, 2, 3)", "7"],
    ["log(8, 2)", "3"],
    ["log(1000)", "3"],
    ["2 pi", "6.28318530717959"],
    ["2(3 + 4)", "14"],
    ["（3 + 4）× 2 ÷ 7", "2"],
    ["median(5, 1, 3, 2)", "2.5"],
    ["1e3 + 1", "1001"],
    ["1_000 * 2", "2000"],
    ["gcd(12, 18) + lcm(4, 6)", "18"],
    ["round(1000 * 1.05 ^ 10, 2)", "1628.89"],
  ])("%s = %s", (expression, expected) => {
    expect(formatNumber(calculate(expression))).toBe(expected);
  });

  it.each([
    "",
    "1 +",
    "1 / 0",
    "(1",
    "foo(1)",
    "1 2",
    "constructor",
    "__proto__(1)",
    "1; 2",
    "9^9^9^9",
    "500!",
    "sqrt(-1)",
    "(".repeat(500),
    "log()",
  ])("refuses %j", (expression) => {
    expect(() => calculate(expression)).toThrow(expect.objectContaining({ code: "bad_arguments" }));
  });

  it("agrees with integer arithmetic, whatever the spacing", () => {
    const leaf = fc.integer({ min: 0, max: 999 }).map((n) => ({ text: String(n), value: BigInt(n) }));
    const { tree } = fc.letrec<{ tree: { text: string; value: bigint } }>((tie) => ({
      tree: fc.oneof(
        { depthSize: "small" },
        leaf,
        fc.tuple(tie("tree"), fc.constantFrom("+", "-", "*"), tie("tree")).map(([a, sign, b]) => ({
          text: `(${a.text}${sign} ${b.text})`,
          value: sign === "+" ? a.value + b.value : sign === "-" ? a.value - b.value : a.value * b.value,
        })),
      ),
    }));
    fc.assert(fc.property(tree, ({ text, value }) => calculate(text) === value));
  });

  it("never throws anything but a clear refusal", () => {
    const piece = fc.constantFrom(
      "1",
      "2.5",
      "e",
      "pi",
      "sin",
      "(",
      ")",
      "+",
      "-",
      "*",
      "/",
      "^",
      "!",
      ",",
      " ",
      "round",
      "9e99",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        try {
          calculate(pieces.join(""));
        } catch (thrown) {
          expect(thrown).toMatchObject({ code: "bad_arguments" });
        }
      }),
    );
  });

  it("gives huge integers as text so that no digit is lost", async () => {
    expect(await call("calculator", { expression: "2^64" })).toEqual({
      content: "18446744073709551616",
      value: "18446744073709551616",
    });
    expect(await call("calculator", { expression: "1/4" })).toEqual({ content: "0.25", value: 0.25 });
  });
});

describe("the others", () => {
  it("clock", async () => {
    expect(await value("clock", { timezone: "Asia/Shanghai" })).toMatchObject({
      iso: "2026-11-25T02:30:00+08:00",
      weekday: "Wednesday",
    });
    expect(await value("clock", { addDays: -24 })).toMatchObject({
      date: "2026-10-31",
      iso: "2026-10-31T18:30:00+00:00",
    });
    await expect(call("clock", { timezone: "Mars" })).rejects.toThrow('"Mars" is not a time zone');
  });

  it("json", async () => {
    const data = {
      items: [
        { n: "b", p: 3 },
        { n: "a", p: 10 },
        { n: "c", p: 5 },
      ],
    };
    const on = (args: object) => value("json", { json: data, path: "items", ...args });
    expect(await value("json", { json: JSON.stringify(data), operation: "get", path: "/items/1/n" })).toBe("a");
    expect(await value("json", { json: data, operation: "get", path: "$.items[0].p" })).toBe(3);
    expect(await on({ operation: "filter", where: { field: "p", is: ">", value: 4 } })).toHaveLength(2);
    expect(await on({ operation: "sort", field: "p", descending: true, limit: 1 })).toEqual([{ n: "a", p: 10 }]);
    expect(await on({ operation: "pick", fields: ["n"] })).toEqual([{ n: "b" }, { n: "a" }, { n: "c" }]);
    expect(await on({ operation: "sum", field: "p" })).toBe(18);
    expect(await on({ operation: "count" })).toBe(3);
    await expect(on({ operation: "get", path: "constructor.name" })).rejects.toThrow("There is no value at");
    await expect(call("json", { json: "{", operation: "keys" })).rejects.toMatchObject({ code: "bad_arguments" });
  });

  it("text", async () => {
    expect(await value("text", { operation: "count", text: "strawberry", find: "r" })).toBe(3);
    expect(await value("text", { operation: "count", text: "你好 world 👨‍👩‍👧" })).toMatchObject({
      characters: 10,
      words: 2,
      lines: 1,
    });
    expect(await value("text", { operation: "replace", text: "a.b.c", find: ".", with: "$&" })).toBe("a$&b$&c");
    expect(await value("text", { operation: "extract", text: "见 https://a.cn/x，和 b@c.org", kind: "links" })).toEqual(
      ["https://a.cn/x"],
    );
    await expect(
      call("text", { operation: "replace", text: "a".repeat(1e6), find: "a", with: "b".repeat(9) }),
    ).rejects.toThrow("would grow");
  });

  it("http_get", async () => {
    expect(await call("http_get", { url: "http://x/page" })).toEqual({ content: "# Hi\n\na & b" });
    expect(await call("http_get", { url: "http://x/other" })).toMatchObject({ error: true });
  });

  it("knowledge_search names sources", async () => {
    expect((await call("knowledge_search", { knowledge: "k", query: "q" })).content).toBe("1. a.md, H\nt");
  });

  it("each refuses arguments beyond its schema and says which", async () => {
    for (const tool of builtinTools) {
      expect(tool.spec.parameters).toMatchObject({ type: "object", additionalProperties: false });
      await expect(tool.call({ nonsense: 1 }, context)).rejects.toMatchObject({ code: "bad_arguments" });
    }
  });
});
