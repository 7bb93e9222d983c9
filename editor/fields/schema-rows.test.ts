import { describe, expect, test } from "vitest";
import { freshRow, readRows, writeRows } from "./schema-rows.ts";

const full = {
  type: "object",
  title: "Order",
  properties: {
    name: { type: "string", description: "Of the customer", minLength: 1 },
    count: { type: "integer", minimum: 1, maximum: 9 },
    paid: { type: "boolean", default: false },
    size: { type: "string", enum: ["S", "M"], description: "Of the shirt" },
    tags: { type: "array", items: { type: "string", maxLength: 9 }, minItems: 1, description: "Free words" },
    colors: { type: "array", items: { type: "string", enum: ["red", "blue"] } },
    address: {
      type: "object",
      description: "Where to",
      properties: { street: { type: "string" }, zip: { type: "number" } },
      required: ["zip"],
      additionalProperties: false,
    },
    lines: {
      type: "array",
      items: {
        type: "object",
        description: "One line",
        properties: { sku: { type: "string" } },
        required: ["sku"],
        additionalProperties: false,
      },
    },
    note: { type: "object", properties: {} },
  },
  required: ["size", "name"],
  additionalProperties: false,
};

describe("a schema as fields", () => {
  test("comes back whole, with the keywords that have no field", () => {
    const read = readRows(full)!;
    expect(read.rows.map(({ name, type, list, required }) => [name, type, list, required])).toEqual([
      ["name", "string", false, true],
      ["count", "integer", false, false],
      ["paid", "boolean", false, false],
      ["size", "choice", false, true],
      ["tags", "string", true, false],
      ["colors", "choice", true, false],
      ["address", "object", false, false],
      ["lines", "object", true, false],
      ["note", "object", false, false],
    ]);
    const written = writeRows(read);
    expect({ ...written, required: [...(written.required as string[])].sort() }).toEqual({
      ...full,
      required: ["name", "size"],
    });
    expect(readRows(written)).toEqual(read);
  });

  test("changes one field and leaves the others as they are", () => {
    const { rows, rest } = readRows(full)!;
    const changed = writeRows({ rows: [...rows.map((row) => ({ ...row, required: true })), freshRow("more")], rest });
    expect(changed.properties).toEqual({ ...full.properties, more: { type: "string" } });
    expect(changed.required).toEqual([...Object.keys(full.properties), "more"]);
  });

  test.each([
    ["a union", { type: "object", properties: { a: { anyOf: [{ type: "string" }, { type: "null" }] } } }],
    ["a list of types", { type: "object", properties: { a: { type: ["string", "null"] } } }],
    ["a reference", { type: "object", properties: { a: { $ref: "#/$defs/a" } }, $defs: { a: {} } }],
    ["numbers to choose from", { type: "object", properties: { a: { type: "string", enum: ["1", 2] } } }],
    ["a list of lists", { type: "object", properties: { a: { type: "array", items: { type: "array", items: {} } } } }],
    ["a list without items", { type: "object", properties: { a: { type: "array" } } }],
    ["a required name without a field", { type: "object", properties: {}, required: ["ghost"] }],
    ["no object", { type: "string" }],
    ["no properties of an object", { type: "object", properties: [] }],
    ["nothing", null],
  ])("%s stays text", (_, schema) => {
    expect(readRows(schema)).toBeUndefined();
  });
});
