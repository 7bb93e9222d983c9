/** Tool schemas as MCP servers and people write them, made fit for servers that refuse them. */
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { fitArguments } from "../../runtime/agent/fit-arguments.ts";
import type { JsonSchema } from "../../runtime/tool.ts";
import { SentTools } from "./sent-tools.ts";
import { askRig, type Body } from "./testing/ask-rig.ts";
import { chunk, completion, DONE, refuse, stream } from "./testing/fault-server.ts";
import { sentSchema } from "./tool-schema.ts";

const plain = (schema: JsonSchema) => sentSchema(schema, "plain").schema;
const strict = (schema: JsonSchema) => sentSchema(schema, "strict").schema;
const object = (properties: Record<string, unknown>, more: object = {}): JsonSchema => ({
  type: "object",
  properties,
  ...more,
});

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

describe("by plain rules", () => {
  test("a schema that is well stays as it is", () => {
    const schema = object(
      {
        city: { type: "string", description: "A city", minLength: 1, pattern: "^[A-Z]", default: "Paris" },
        when: { anyOf: [{ type: "string", format: "date" }, { type: "null" }] },
        tags: { type: "array", items: { $ref: "#/$defs/tag" }, uniqueItems: true },
        map: { type: "object", properties: {}, additionalProperties: { type: "number" } },
      },
      {
        required: ["city"],
        additionalProperties: false,
        $defs: { tag: { enum: ["a", 1, null] } },
        "x-own": { any: true },
      },
    );
    expect(JSON.stringify(plain(schema))).toBe(JSON.stringify(schema));
  });

  test.each<[string, unknown, unknown]>([
    ["an object without properties", { type: "object" }, { type: "object", properties: {} }],
    ["an array without items", { type: "array" }, { type: "array", items: {} }],
    ["an array among several types", { type: ["array", "null"] }, { type: ["array", "null"], items: {} }],
    [
      "a tuple of an older draft",
      { type: "array", items: [{ type: "string" }, { type: "number" }] },
      { type: "array", items: { anyOf: [{ type: "string" }, { type: "number" }] } },
    ],
    ["a type of another language", { type: "dict" }, { type: "object", properties: {} }],
    ["a type that there is not", { type: "any", description: "x" }, { description: "x" }],
    ["properties as PHP writes none", { type: "object", properties: [] }, { type: "object", properties: {} }],
    [
      "a pattern that looks around",
      { type: "string", pattern: "^(?!a)" },
      { type: "string", description: "Pattern: ^(?!a)" },
    ],
    [
      "a pattern with named groups",
      { type: "string", description: "D", pattern: "(?<y>a)" },
      { type: "string", description: "D (Pattern: (?<y>a))" },
    ],
    [
      "letters by property",
      { type: "string", pattern: "^\\p{L}+$" },
      { type: "string", description: "Pattern: ^\\p{L}+$" },
    ],
    [
      "bounds of draft 4",
      { type: "number", minimum: 1, exclusiveMinimum: true },
      { type: "number", exclusiveMinimum: 1 },
    ],
    ["an empty enum", { type: "string", enum: [] }, { type: "string" }],
    ["values twice", { enum: ["a", "a"] }, { enum: ["a"] }],
    ["a reference out of it", { $ref: "https://example.org/x" }, {}],
    ["a reference to nothing", { $ref: "#/$defs/gone", description: "x" }, { description: "x" }],
    ["true as a schema", true, {}],
    ["null in keywords", { type: "string", description: null, enum: null, minLength: null }, { type: "string" }],
  ])("%s", (_name, given, meant) => {
    expect(plain(object({ a: given })).properties).toEqual({ a: meant });
  });

  test("required as draft 3 has it, and what is in it twice or not a name", () => {
    expect(plain(object({ a: { type: "string", required: true }, b: { type: "string" } }))).toEqual(
      object({ a: { type: "string" }, b: { type: "string" } }, { required: ["a"] }),
    );
    expect(plain(object({ a: {} }, { required: ["a", "a", 1] })).required).toEqual(["a"]);
  });

  test("the root is an object with properties, whatever it was", () => {
    expect(plain({})).toEqual(object({}));
    expect(plain({ type: ["object", "null"] })).toEqual(object({}));
    expect(
      plain({ $ref: "#/definitions/Args", definitions: { Args: object({ a: { type: "string" } }) } }),
    ).toMatchObject(object({ a: { type: "string" } }));
  });

  test("alternatives at the root become properties; those that all need are needed", () => {
    const schema = {
      type: "object",
      properties: { c: { type: "string" } },
      oneOf: [object({ a: { type: "string" }, b: {} }, { required: ["a", "b"] }), { $ref: "#/$defs/two" }],
      allOf: [object({ d: {} }, { required: ["d"] })],
      $defs: { two: object({ a: { type: "string" } }, { required: ["a"] }) },
    };
    expect(plain(schema)).toMatchObject({ required: ["d", "a"] });
    expect(Object.keys(plain(schema).properties as object).sort()).toEqual(["a", "b", "c", "d"]);
    expect(plain(schema)).not.toHaveProperty("oneOf");
  });

  test("nothing throws, and each array has items and each object properties (random JSON)", () => {
    const some = fc.letrec((tie) => ({
      node: fc.oneof(
        { depthSize: "small" },
        fc.jsonValue(),
        fc.record(
          {
            type: fc.constantFrom("object", "array", "string", "str", 5, ["array", "null"]),
            properties: fc.dictionary(fc.string({ maxLength: 8 }), tie("node"), { maxKeys: 3 }),
            items: tie("node"),
            anyOf: fc.array(tie("node"), { maxLength: 2 }),
            $ref: fc.constantFrom("#", "#/properties/a", "#/$defs/x", "y"),
            required: fc.jsonValue(),
          },
          { requiredKeys: [] },
        ),
      ),
    })).node;
    const check = (part: unknown): void => {
      if (typeof part !== "object" || part === null) return;
      const { type, items, properties } = part as JsonSchema;
      if (type === "array") expect(items).toBeDefined();
      if (type === "object") expect(properties ?? {}).toBeTypeOf("object");
    };
    fc.assert(
      fc.property(fc.dictionary(fc.string({ maxLength: 8 }), some), (properties) => {
        for (const rules of ["plain", "named", "strict"] as const) {
          const { schema } = sentSchema(object(properties), rules);
          expect(schema.type).toBe("object");
          for (const part of Object.values(schema.properties as object)) check(part);
          JSON.stringify(schema);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe("by strict rules", () => {
  const ALLOWED = new Set([
    "type",
    "properties",
    "required",
    "items",
    "anyOf",
    "enum",
    "nullable",
    "description",
    "format",
    "title",
    "minItems",
    "maxItems",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
  ]);
  function foreign(part: unknown): string[] {
    if (typeof part !== "object" || part === null || Array.isArray(part)) return [];
    const { properties, items, anyOf } = part as { properties?: object; items?: unknown; anyOf?: unknown[] };
    const own = Object.keys(part).filter(
      (key) => !ALLOWED.has(key) || (key === "type" && typeof (part as JsonSchema).type !== "string"),
    );
    return [
      ...own,
      ...Object.values(properties ?? {}).flatMap(foreign),
      ...foreign(items),
      ...(anyOf ?? []).flatMap(foreign),
    ];
  }

  test("one type each, no references, and no keyword that Google does not know", () => {
    const schema = object(
      {
        name: { type: ["string", "null"], pattern: "^a", format: "uuid" },
        either: { oneOf: [{ type: "string" }, { type: "number" }] },
        maybe: { anyOf: [{ $ref: "#/$defs/point" }, { type: "null" }] },
        level: { enum: [1, 2] },
        kind: { const: "x" },
        open: { type: "object", additionalProperties: true },
        any: {},
        list: { type: "array" },
        both: { allOf: [{ $ref: "#/$defs/point" }, object({ z: { type: "number" } }, { required: ["z"] })] },
      },
      {
        required: ["name", "gone"],
        additionalProperties: false,
        $schema: "x",
        $defs: { point: object({ x: { type: "number", exclusiveMinimum: 0 } }, { required: ["x"] }) },
      },
    );
    const sent = strict(schema);
    expect(foreign(sent)).toEqual([]);
    expect(sent).toMatchObject({
      required: ["name"],
      properties: {
        name: { type: "string", nullable: true, description: "Pattern: ^a" },
        either: { anyOf: [{ type: "string" }, { type: "number" }] },
        maybe: { type: "object", nullable: true, properties: { x: { type: "number" } } },
        level: { type: "number", description: "One of: 1, 2." },
        kind: { type: "string", enum: ["x"] },
        open: { type: "string", description: "A JSON object, written as text." },
        any: { type: "string" },
        list: { type: "array", items: { type: "string" } },
        both: { type: "object", required: ["x", "z"] },
      },
    });
    expect(fitArguments(schema, { open: '{"k": 1}' }), "the text of an open object is read").toEqual({
      open: { k: 1 },
    });
  });

  test("a schema that refers to itself, and one that grows by its references, are bounded", () => {
    const tree = object(
      { root: { $ref: "#/$defs/node" } },
      {
        $defs: {
          node: object({ name: { type: "string" }, children: { type: "array", items: { $ref: "#/$defs/node" } } }),
        },
      },
    );
    expect(foreign(strict(tree))).toEqual([]);
    expect(strict(tree)).toMatchObject({
      properties: { root: { properties: { children: { items: { type: "string" } } } } },
    });
    const many = (size: number) => {
      const $defs: Record<string, unknown> = { d0: { type: "string" } };
      for (let n = 1; n <= size; n++)
        $defs[`d${n}`] = object({ a: { $ref: `#/$defs/d${n - 1}` }, b: { $ref: `#/$defs/d${n - 1}` } });
      return object({ a: { $ref: `#/$defs/d${size}` } }, { $defs });
    };
    expect(JSON.stringify(strict(many(40))).length).toBeLessThan(2_000_000);
  });
});

describe("names that a server does not take", () => {
  const schema = object(
    {
      $filter: { type: "string" },
      "user name": { type: "string" },
      user_name: { type: "string" },
      城市: object({ "a/b": { type: "number" } }),
      list: { type: "array", items: object({ "x y": {} }) },
      tree: { $ref: "#/$defs/node" },
    },
    { required: ["$filter"], $defs: { node: object({ "my name": {}, next: { $ref: "#/$defs/node" } }) } },
  );
  const own = {
    $filter: "a",
    "user name": "b",
    user_name: "c",
    城市: { "a/b": 1 },
    list: [{ "x y": 1 }],
    tree: { "my name": 1, next: { "my name": 2 } },
  };

  test.each(["named", "strict"] as const)(
    "are changed by %s rules, each to its own, and arguments change back",
    (rules) => {
      const tools = new SentTools([{ name: "3d_print", description: "", parameters: schema }], rules);
      const { inputSchema, name } = tools.tools[0]!;
      const names = Object.keys((inputSchema as JsonSchema).properties as object);
      for (const one of names) expect(one).toMatch(/^[A-Za-z_][\w.-]{0,63}$/);
      expect(new Set(names).size).toBe(6);
      expect((inputSchema as JsonSchema).required).toEqual([names[0]]);
      expect(name).toBe(rules === "strict" ? "_3d_print" : "3d_print");
      const sent = tools.sentCall({ id: "1", name: "3d_print", arguments: own });
      expect(Object.keys(sent.arguments as object)).toEqual(names);
      expect(tools.ownCall(sent)).toEqual({ id: "1", name: "3d_print", arguments: own });
    },
  );

  test("names that are well stay, and so does a plain server's schema", () => {
    expect(new SentTools([{ name: "f", description: "", parameters: schema }], "plain").tools[0]!.inputSchema).toEqual(
      schema,
    );
    const fine = object({ a: {}, "b.c-d": {} });
    expect(sentSchema(fine, "named")).toEqual({ schema: fine });
  });

  test("a server that refuses a schema is sent a strict one from then on; its call has the tool's own names", async () => {
    const rig = await askRig([
      refuse(
        (body) => JSON.stringify((body as unknown as Body).tools).includes("$filter"),
        "Invalid tool schema: property keys should match pattern '^[a-zA-Z0-9_.-]{1,64}$'",
        stream([
          chunk({ tool_calls: [{ index: 0, id: "a", function: { name: "f", arguments: '{"_filter":"x"}' } }] }),
          chunk({}, "tool_calls"),
          DONE,
        ]),
      ),
    ]);
    closers.push(rig.close);
    const tools = [{ name: "f", description: "", parameters: object({ $filter: { type: "string" } }) }];
    for (let round = 0; round < 2; round++) {
      const { events } = await rig.ask({ tools });
      expect(events.find((event) => event.type === "tool-call")!.call).toEqual({
        id: "a",
        name: "f",
        arguments: { $filter: "x" },
      });
    }
    expect(rig.bodies()).toHaveLength(3);
  });

  test("the schema that strict providers refuse is never sent", async () => {
    const rig = await askRig([completion("ok")]);
    closers.push(rig.close);
    await rig.ask({
      tools: [
        { name: "networks", description: "", parameters: { type: "object" } },
        {
          name: "fetch_many",
          description: "",
          parameters: object({ urls: { type: "array" } }, { required: ["urls"] }),
        },
      ],
    });
    const sent = rig.bodies()[0]!.tools as { function: { parameters: unknown } }[];
    expect(sent.map((tool) => tool.function.parameters)).toEqual([
      object({}),
      object({ urls: { type: "array", items: {} } }, { required: ["urls"] }),
    ]);
  });
});
