import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { argumentsOf, fieldsOf } from "./schema-values.ts";

const schema = {
  type: "object",
  properties: {
    note: { type: "string" },
    city: { type: "string", description: "Where", examples: ["Hangzhou"] },
    days: { type: "integer", default: 3 },
    unit: { enum: ["c", "f"] },
    tags: { type: "array", items: { type: "string" } },
    deep: { type: "object", properties: {} },
    loud: { type: ["boolean", "null"] },
    content: { type: "string" },
  },
  required: ["city", "unit"],
};

describe("fieldsOf", () => {
  it("puts what is required first and gives each its widget", () => {
    expect(fieldsOf(schema).map((field) => [field.name, field.kind])).toEqual([
      ["city", "text"],
      ["unit", "choice"],
      ["note", "text"],
      ["days", "integer"],
      ["tags", "list"],
      ["deep", "json"],
      ["loud", "boolean"],
      ["content", "longtext"],
    ]);
  });

  it("takes defaults as what is typed at first, and examples as placeholders", () => {
    const fields = fieldsOf(schema);
    expect(fields.find((field) => field.name === "days")?.initial).toBe("3");
    expect(fields.find((field) => field.name === "city")?.placeholder).toBe("Hangzhou");
  });

  it("makes a form of any object at all", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.object()), (properties) => {
        const fields = fieldsOf({ type: "object", properties });
        expect(fields).toHaveLength(Object.keys(properties).length);
        argumentsOf(fields, {});
      }),
    );
  });
});

describe("argumentsOf", () => {
  const fields = fieldsOf(schema);

  it("parses by kind and leaves out what is empty", () => {
    const { args, faults } = argumentsOf(fields, {
      city: "Rome",
      unit: "c",
      tags: "a\n\n b ",
      deep: '{"x":1}',
      loud: "true",
      days: "",
    });
    expect(args).toEqual({ city: "Rome", unit: "c", tags: ["a", "b"], deep: { x: 1 }, loud: true });
    expect(faults).toEqual({});
  });

  it("names what does not fit, by field", () => {
    const { args, faults } = argumentsOf(fields, { days: "3.5", deep: "{", unit: "c" });
    expect(faults).toEqual({ city: "missing", days: "number", deep: "json" });
    expect(args).toEqual({ unit: "c" });
  });
});
