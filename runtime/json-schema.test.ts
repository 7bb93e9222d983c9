import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { argumentsProblem, SchemaError, schemaFault, schemaProblem } from "./json-schema.ts";

const deep = (levels: number) => Array.from({ length: levels }).reduce<object>((inner) => ({ items: inner }), {});

describe("foreign schemas", () => {
  it.each<[string, object, RegExp]>([
    ["a remote reference", { $ref: "https://evil.test/schema.json" }, /outside of it/],
    ["a file reference", { properties: { a: { $ref: "file:///etc/passwd" } } }, /outside of it/],
    ["a reference to nothing", { $ref: "#/$defs/none" }, /not there/],
    ["a dynamic reference", { $dynamicRef: "#x" }, /\$dynamicRef/],
    ["depth", deep(5000), /nested/],
    ["size", { description: "x".repeat(300_000) }, /longer/],
    [
      "references that multiply",
      {
        $ref: "#/$defs/a0",
        $defs: Object.fromEntries(
          Array.from({ length: 40 }, (_, i) => [
            `a${i}`,
            i < 39 ? { allOf: [{ $ref: `#/$defs/a${i + 1}` }, { $ref: `#/$defs/a${i + 1}` }] } : {},
          ]),
        ),
      },
      /work|nested/,
    ],
    ["a property called like a keyword", { properties: { default: { $ref: "https://evil.test/x" } } }, /outside of it/],
  ])("%s is refused", (_what, schema, message) => {
    expect(schemaProblem(schema as never)).toMatch(message);
    expect(() => schemaFault(schema as never, {})).toThrow(SchemaError);
  });

  it("each property has its own pattern", () => {
    const schema = { properties: { a: { type: "string", pattern: "^a$" }, b: { type: "string", pattern: "^b$" } } };
    expect(schemaFault(schema, { a: "a", b: "b" })).toBeUndefined();
    expect(schemaFault(schema, { a: "a", b: "a" })).toMatch(/"b" must match pattern/);
  });

  it("a hostile pattern is matched without backtracking", () => {
    const schema = {
      type: "object",
      properties: { a: { type: "string", pattern: "^(a+)+$" }, b: { type: "string", pattern: "(x*)*y" } },
    };
    // An engine that backtracks would not come to an end.
    expect(schemaFault(schema, { a: `${"a".repeat(50_000)}!` })).toMatch(/"a" must match pattern/);
    expect(schemaFault(schema, { b: "x".repeat(50_000) })).toMatch(/"b" must match/);
  });

  it("many large patterns and many texts share one budget; what is over it is not checked", () => {
    // Compiled without a bound, 40 of these are 160,000 instructions for each character.
    const large = "(a?){1000}".repeat(40);
    expect(schemaFault({ properties: { a: { pattern: large } } }, { a: "b".repeat(300) })).toBeUndefined();
    const properties = Object.fromEntries(
      Array.from({ length: 200 }, (_, i) => [`p${i}`, { pattern: `^(a?){900}(b|c){${i}}$` }]),
    );
    const value = Object.fromEntries(Object.keys(properties).map((name) => [name, "x".repeat(100)]));
    expect(schemaFault({ properties }, value)).toMatch(/"p0" must match pattern/);
    const texts = { items: { pattern: "^(?:(?:a|aa)+b?)*$" } };
    expect(
      schemaFault(
        texts,
        Array.from({ length: 200 }, () => "a".repeat(1000)),
      ),
    ).toBeUndefined();
    expect(schemaFault(texts, ["ac"])).toMatch(/must match pattern/);
    // The next check has a budget of its own.
    expect(schemaFault({ properties: { a: { pattern: "^b$" } } }, { a: "a" })).toMatch(/must match pattern/);
  });

  it("items are compared for being unique in time that grows with their number alone", () => {
    const schema = { type: "object", properties: { list: { type: "array", uniqueItems: true } } };
    const list = Array.from({ length: 10_000 }, (_, i) => ({ id: i, name: "x" }));
    expect(schemaFault(schema, { list })).toBeUndefined();
    expect(schemaFault(schema, { list: [...list, { name: "x", id: 7 }] })).toContain("must NOT have duplicate items");
    expect(schemaFault(schema, { list: [1, "1", [1], { a: 1 }] })).toBeUndefined();
  });

  it("a large schema and a large value together are refused, not worked through", () => {
    const choices = Array.from({ length: 5_000 }, (_, i) => ({ const: i }));
    const schema = { type: "object", properties: { list: { type: "array", items: { anyOf: choices } } } };
    const list = Array.from({ length: 5_000 }, () => "none");
    expect(schemaFault(schema, { list })).toMatch(/hold more than \d+ values/);
    expect(schemaFault(schema, { list: list.slice(0, 5) })).toContain('"list/0"');
  });

  it.each<[string, unknown, RegExp | undefined]>([
    ["an object", { type: "object", properties: { a: { type: "string" } } }, undefined],
    ["no type", { properties: {} }, undefined],
    ["a schema that refers to itself", { type: "object", properties: { child: { $ref: "#" } } }, undefined],
    ["a slow pattern", { type: "object", properties: { a: { pattern: "^(a+)+$" } } }, undefined],
    ["a list", [], /not an object/],
    ["another type", { type: "array" }, /type "array"/],
    ["a remote reference", { properties: { a: { $ref: "https://evil.test/x" } } }, /outside of it/],
    ["a key that reaches for prototypes", JSON.parse('{"$defs":{"a":{"__proto__":{}}}}'), /"__proto__"/],
    ["a property of such a name", { properties: { constructor: { type: "string" } } }, /"constructor"/],
    ["depth in a definition that nothing uses", { $defs: deep(200) }, /nested more than/],
    ["depth", { properties: { a: deep(49) } }, /nested more than/],
  ])("as a tool's arguments: %s", (_what, schema, problem) => {
    const found = argumentsProblem(schema);
    if (problem) expect(found).toMatch(problem);
    else expect(found).toBeUndefined();
  });

  it("a pattern with lookaround is not checked", () => {
    expect(schemaFault({ properties: { a: { pattern: "(?<=b)c" } } }, { a: "anything" })).toBeUndefined();
  });

  it("a schema that refers to itself checks shallow values", () => {
    const tree = { type: "object", properties: { name: { type: "string" }, child: { $ref: "#" } }, required: ["name"] };
    expect(schemaFault(tree, { name: "a", child: { name: "b", child: { name: "c" } } })).toBeUndefined();
    expect(schemaFault(tree, { name: "a", child: {} })).toBe('"child" lacks "name"');
    const hostile = {
      anyOf: [
        { type: "object", properties: { a: { $ref: "#" } }, required: ["never"] },
        { type: "object", properties: { a: { $ref: "#" } }, required: ["nor this"] },
        { type: "object", properties: { a: { $ref: "#" } }, required: ["nor that"] },
      ],
    };
    let value: object = {};
    for (let i = 0; i < 40; i++) value = { a: value };
    expect(schemaFault(hostile, value)).toMatch(/nested more than/);
  });

  it("ids and dialects of schemas do not affect each other", () => {
    const schema = {
      $schema: "http://json-schema.org/draft-07/schema#",
      $id: "https://x.test/one",
      type: "object",
      required: ["a"],
    };
    expect(schemaFault(schema, {})).toBe('"a" is missing');
    expect(schemaFault({ ...schema, required: ["b"] }, {})).toBe('"b" is missing');
  });

  it("a schema with unknown types checks the required names only", () => {
    const schema = { type: "dict", properties: { a: { type: "float" } }, required: ["a"] };
    expect(schemaFault(schema, {})).toBe('"a" is missing');
    expect(schemaFault(schema, { a: 1.5 })).toBeUndefined();
  });

  it("describes the fault of a value", () => {
    const schema = {
      type: "object",
      properties: {
        unit: { enum: ["c", "f"] },
        at: { type: "object", properties: { x: { type: "integer" } }, additionalProperties: false },
      },
      additionalProperties: false,
    };
    expect(schemaFault(schema, { unit: "k" })).toBe('"unit" must be one of ["c","f"]');
    expect(schemaFault(schema, { at: { y: 1 } })).toBe('"y" is not an argument of "at"');
    expect(schemaFault(schema, { at: { x: 1.5 } })).toBe('"at/x" must be integer');
  });

  it("never throws anything but its own error, and never hangs (random JSON)", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), fc.jsonValue({ maxDepth: 5 }), (schema, value) => {
        const given =
          typeof schema === "object" && schema !== null && !Array.isArray(schema) ? schema : { enum: [schema] };
        try {
          schemaFault(given as never, value);
        } catch (error) {
          expect(error).toBeInstanceOf(SchemaError);
        }
      }),
      { numRuns: 60 },
    );
  });
});
