/** Schemas of an API as schemas of arguments. */
import { describe, expect, it } from "vitest";
import { schemaMismatch } from "../schema-check.ts";
import { document, type Json, load, operation, properties, withBody } from "./testing/load-document.ts";

describe("schemas", () => {
  const fits = (schema: unknown, value: unknown, components: Json = {}) =>
    schemaMismatch(
      load(
        document(
          {
            "/x": {
              post: operation({
                requestBody: {
                  content: { "application/json": { schema: { type: "object", properties: { v: schema } } } },
                },
              }),
            },
          },
          { components: { schemas: components } },
        ),
      ).tool("act").parameters,
      { v: value },
    ) === undefined;
  const components = {
    Pet: { type: "object", required: ["name"], properties: { name: { type: "string" } }, additionalProperties: false },
    Cat: {
      allOf: [{ $ref: "#/components/schemas/Pet" }, { type: "object", properties: { lives: { type: "integer" } } }],
    },
    Size: { type: "string", enum: ["s", "m"] },
  };

  it.each([
    ["allOf with one part", { nullable: true, allOf: [{ $ref: "#/components/schemas/Pet" }] }],
    ["a reference with siblings", { $ref: "#/components/schemas/Pet", nullable: true, description: "x" }],
    [
      "allOf with two parts",
      { nullable: true, allOf: [{ $ref: "#/components/schemas/Cat" }, { type: "object", properties: { a: {} } }] },
    ],
    ["anyOf", { nullable: true, anyOf: [{ $ref: "#/components/schemas/Pet" }, { type: "integer" }] }],
    ["oneOf with a type", { type: "object", nullable: true, oneOf: [{ $ref: "#/components/schemas/Pet" }] }],
    ["x-nullable", { "x-nullable": true, type: "object", properties: { name: { type: "string" } } }],
  ])("nullable with %s takes null and still checks", (_, schema) => {
    expect(fits(schema, null, components)).toBe(true);
    expect(fits(schema, { name: "Tom" }, components)).toBe(true);
    expect(fits(schema, { name: 5 }, components)).toBe(false);
  });

  it("nullable with an enum behind a reference takes null and its values", () => {
    const schema = { nullable: true, allOf: [{ $ref: "#/components/schemas/Size" }] };
    expect([null, "s", "x"].map((value) => fits(schema, value, components))).toEqual([true, true, false]);
  });

  it("allOf with a part that only requires still gives one argument a property", () => {
    const { tool } = load(
      withBody("application/json", {
        schema: {
          allOf: [{ $ref: "#/components/schemas/Pet" }, { required: ["age"] }],
          properties: { age: { type: "integer" } },
        },
      }),
    );
    expect(Object.keys(properties(tool("act")))).toEqual(["body"]); // the reference leads nowhere
    const known = load({
      ...withBody("application/json", {
        schema: {
          allOf: [{ $ref: "#/components/schemas/Pet" }, { required: ["age"] }],
          properties: { age: { type: "integer" } },
        },
      }),
      components: { schemas: components },
    }).tool("act");
    expect([Object.keys(properties(known)), known.parameters.required]).toEqual([
      ["name", "age"],
      ["name", "age"],
    ]);
  });

  it("allOf that doubles at each step is cut, and said", () => {
    const schemas: Json = { S0: { type: "object", properties: { a: {} } } };
    for (let n = 1; n < 60; n++)
      schemas[`S${n}`] = {
        allOf: [`#/components/schemas/S${n - 1}`, `#/components/schemas/S${n - 1}`].map(($ref) => ({ $ref })),
      };
    const { report } = load({
      ...withBody("application/json", { schema: { $ref: "#/components/schemas/S59" } }),
      components: { schemas },
    });
    expect(report).toMatchObject([{ result: "simplified", reason: expect.stringContaining("shortened") }]);
  });

  it("allOf with closed parts takes the properties of all", () => {
    const schema = { $ref: "#/components/schemas/Cat" };
    expect(fits(schema, { name: "Tom", lives: 9 }, components)).toBe(true);
    expect(fits(schema, { lives: 9 }, components)).toBe(false);
    expect(fits(schema, { name: "Tom", wings: 2 }, components)).toBe(false);
  });
});
